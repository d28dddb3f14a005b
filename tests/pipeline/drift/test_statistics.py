"""What is kept of a stretch comes back as it was, and odd bytes are refused."""

import numpy as np
import pytest
from drifting import session, steady
from hypothesis import given
from hypothesis import strategies as st

from pipeline.drift.statistics import DriftStatistics, gathered


def test_they_come_back_as_they_were():
    (one,) = session([steady] * 3, seconds=1)
    back = DriftStatistics.unpacked(one.t, one.baseline, one.packed())
    for column, again in zip(one, back, strict=True):
        np.testing.assert_allclose(again, column, rtol=1e-6)


@given(packed=st.binary(max_size=200))
def test_other_bytes_are_refused(packed):
    try:
        found = DriftStatistics.unpacked(1.0, 0.0, packed)
    except ValueError:
        return
    np.testing.assert_array_equal(found.information, found.information.T)
    assert np.isfinite(found.vector).all()


def test_not_finite_is_refused():
    (one,) = session([steady], seconds=1)
    with pytest.raises(ValueError, match="not finite"):
        DriftStatistics.unpacked(0.0, 0.0, one._replace(squares=np.inf).packed())


def test_stretches_add_up():
    seconds = session([steady] * 2, seconds=20)
    parts = gathered(seconds, 5.0)
    assert [one.t for one in parts] == pytest.approx([2.5, 7.5, 12.5, 17.5])
    assert [one.seconds for one in parts] == [5.0] * 4
    total = sum(one.information for one in parts)
    np.testing.assert_allclose(total, sum(one.information for one in seconds))
