"""A loss is told once while it happens, and taken back once."""

import numpy as np
from drifting import ramp, session, steady

from pipeline.drift.following import EVERY_S, DriftFollower, Followed
from pipeline.drift.judged import Standing
from pipeline.drift.statistics import Drift

UNITS = ("flexor", "extensor")


def all_followed(courses, seconds=330, seed=0):
    """Return what there was to say of every second."""
    follower = DriftFollower()
    return [
        follower.add(Drift(UNITS, np.ones(2), np.ones(2), np.ones(2), told))
        for told in session(courses, seconds, seed=seed)
    ]


def followed(courses, seconds=330, seed=0):
    """Return the alarms of every second."""
    return [one.losses for one in all_followed(courses, seconds, seed)]


def test_a_loss_is_told_while_it_goes_on_and_taken_back_when_it_is_regained():
    found = followed([lambda t: ramp(90, 130, -0.3)(t) - 1 + ramp(170, 210, 0.3)(t), steady])
    alarmed = np.array([bool(losses) for losses in found])
    assert np.flatnonzero(np.diff(alarmed.astype(int))).size == 2
    assert 95 < alarmed.argmax() < 140
    assert not alarmed[-1]
    (loss,) = found[165]
    assert loss.unit == "flexor"
    assert loss.low < -0.3 < loss.high
    assert abs(loss.since - 90) < 12


def test_every_muscle_is_judged_whenever_it_is_looked_for_changes():
    found = all_followed([ramp(60, 120, -0.3), steady], 181)
    times = [second for second, one in enumerate(found) if one.judged]
    assert set(np.diff(times)) == {EVERY_S}
    tired, rested = found[times[-1]].judged
    assert (tired.unit, tired.standing, rested.standing) == ("flexor", Standing.LESS, "stable")
    assert abs(tired.change + 0.3) < 3 * tired.deviation
    assert abs(tired.since - 60) < 12
    assert rested.since is None
    assert abs(rested.change) < 0.02


def test_a_stride_without_drift_leaves_what_was_said():
    follower = DriftFollower()
    for told in session([ramp(60, 100, -0.4), steady], 120):
        last = follower.add(Drift(UNITS, np.ones(2), np.ones(2), np.ones(2), told))
    assert last.losses
    assert follower.add(None) == Followed(last.losses)


def test_steady_muscles_raise_none():
    assert not any(followed([steady, steady], 200))
