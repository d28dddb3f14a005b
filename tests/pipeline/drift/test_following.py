"""A loss is told once while it happens, and taken back once."""

import numpy as np
from drifting import ramp, session, steady

from pipeline.drift.following import DriftFollower
from pipeline.drift.statistics import Drift

UNITS = ("flexor", "extensor")


def followed(courses, seconds=330, seed=0):
    """Return the alarms of every second."""
    follower, found = DriftFollower(), []
    for told in session(courses, seconds, seed=seed):
        follower.add(Drift(UNITS, np.ones(2), np.ones(2), np.ones(2), told))
        found.append(follower.losses)
    return found


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


def test_steady_muscles_raise_none():
    assert not any(followed([steady, steady], 200))
