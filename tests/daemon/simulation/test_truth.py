"""Predictions against what the lab hid, and motion on its way between the processes."""

import numpy as np
import pytest

from daemon.ipc.messages import RowsMessage
from daemon.session.log import SessionLog
from daemon.simulation.truth import TrueMoments
from pipeline.timebase.rows import PairedRows


def test_predictions_are_compared_at_their_own_times(tmp_path):
    t = np.arange(0.0, 30.0, 0.01)
    true = TrueMoments(("a", "b"), t, np.stack([np.sin(t), 2.0 + 0.0 * t], 1))
    true.save(tmp_path / "true.npz")
    with SessionLog(tmp_path / "session.db", {}) as log:
        for now in np.arange(0.033, 29.0, 0.05):
            error = 2.0 if now < 10.0 else 0.5
            log.add("moment", now, "a", np.sin(now) + error, None, None)
            log.add("moment", now, "b", None, None, None)
    found = TrueMoments.load(tmp_path / "true.npz").against(tmp_path / "session.db")
    assert found["rmse_first"]["a"] == pytest.approx(2.0, abs=1e-3)
    assert found["rmse_last"]["a"] == pytest.approx(0.5, abs=1e-3)
    assert found["rms_last"]["b"] == pytest.approx(2.0)
    assert found["rmse_last"]["b"] is None


def rows(motion):
    one = np.ones((2, 1))
    return PairedRows(
        np.arange(2.0), one, one, one[..., None], one + np.nan, one[:, 0] > 0, one > 0, motion
    )


def test_motion_survives_the_way_to_the_calibrator():
    motion = np.arange(16.0).reshape(2, 4, 2)
    motion[1] = np.nan
    again = RowsMessage.of(rows(motion)).rows()
    np.testing.assert_array_equal(again.motion, motion)
    assert np.isfinite(again.reference()[0]).all()
    assert np.isnan(again.reference()[1]).all()


@pytest.mark.parametrize("shape", [(2, 3, 2), (1, 4, 2)])
def test_motion_that_does_not_fit_is_refused(shape):
    with pytest.raises(ValueError, match="do not fit"):
        RowsMessage.of(rows(np.zeros(shape))).rows()
