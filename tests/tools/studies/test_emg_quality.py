"""The study behind the limits of EMG quality, on two seconds of one person."""

import numpy as np

from tools.studies.emg_quality import (
    OTHER,
    TROUBLED,
    conditions,
    qualities,
    recorded,
    row,
    simulated,
)


def test_what_is_done_to_an_electrode_shows_in_its_own_number():
    changes, meant = conditions()["crosstalk 1"]
    (clean,), (spoilt,) = simulated({}, [100], 2), simulated(changes, [100], 2)
    assert clean[TROUBLED].common_share < 0.1 < spoilt[TROUBLED].common_share
    assert spoilt[TROUBLED].common_with == OTHER
    assert meant == (TROUBLED,)
    assert row("x", [spoilt], meant)[4] == " to ".join(
        2 * [f"{100 * spoilt[TROUBLED].common_share:.1f}"]
    )


def test_a_recording_is_judged_whatever_its_unit(tmp_path):
    x = np.random.default_rng(0).standard_normal((2000, 2))
    for name, factor in (("a", 1.0), ("b", 1e3)):
        path = tmp_path / f"{name}.npz"
        np.savez(path, emg=factor * x, fs=1000.0, names=np.array(["SOL", "TA"]))
    (one,), (other,) = recorded(tmp_path / "a.npz"), recorded(tmp_path / "b.npz")
    np.testing.assert_allclose(one["SOL"][:4], other["SOL"][:4])
    assert one == qualities(x, 1000.0, ["SOL", "TA"])
