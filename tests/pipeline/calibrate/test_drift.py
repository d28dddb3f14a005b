"""The watch on drift, on the person whose muscles' strength is known."""

from dataclasses import replace

import numpy as np
import pytest
from person import RATE_HZ, person, prior, recorded, space

from daemon.assembly.calibrator import calibrator_settings
from daemon.config.learning import CalibratorConfig
from pipeline.calibrate.calibrator import Calibrator
from pipeline.drift.statistics import BASELINE_AFTER_S

SETTINGS = calibrator_settings(CalibratorConfig())


def watched(groups=(), seconds=70, weaker=1.0):
    """Return what is told while the first muscle's part of the moments is `weaker` from 55 s on."""
    learner = Calibrator(space(groups), RATE_HZ, SETTINGS, start=person(), version=1)
    found = []
    for second in range(seconds):
        rows = recorded(1.0, float(second))
        if second >= 55:
            rows = rows._replace(moment=rows.moment + (weaker - 1.0) * first_alone(second))
        learner.add(rows)
        found.append(learner.skip().drift)  # it is watched while calibration is paused, too
    return found


def first_alone(second):
    """Moments of the first muscle: what is missing where its excitation is all but none."""
    alone = recorded(1.0, float(second), drive=(1.0, 0.0, 0.0)).moment
    return alone - recorded(1.0, float(second), drive=(0.0, 0.0, 0.0)).moment


def test_nothing_is_told_before_there_is_a_baseline():
    found = watched(seconds=round(BASELINE_AFTER_S) + 2)
    assert found[round(BASELINE_AFTER_S) - 2] is None
    assert found[-1] is not None
    assert found[-1].units == ("flexor", "extensor", "helper")
    np.testing.assert_allclose(found[-1].factor, 1.0, atol=0.03)
    assert found[-1].statistics.seconds == pytest.approx(1.0)
    assert (found[-1].fibre_length > 0.5).all()


def test_a_muscle_that_gives_less_shows():
    last = watched(weaker=0.6)[-1]
    assert last.factor[0] < 0.85
    np.testing.assert_allclose(last.factor[1:], 1.0, atol=0.15)


def test_muscles_of_one_strength_have_one_factor():
    last = watched(groups=[("flexor", "helper")], seconds=47)[-1]
    assert last.units == ("flexor+helper", "extensor")
    assert last.factor.shape == (2,)


def test_a_new_mvc_needs_a_new_baseline():
    learner = Calibrator(space(), RATE_HZ, SETTINGS, start=person(), version=1)
    for second in range(47):
        learner.add(recorded(1.0, float(second)))
        told = learner.skip().drift
    assert told is not None
    learner.forget()
    learner.add(recorded(1.0, 47.0))
    assert learner.skip().drift is None


def test_what_the_calibrator_does_meanwhile_makes_no_difference():
    resting, learning = (
        Calibrator(space(), RATE_HZ, replace(SETTINGS, steps=2), start=prior(), version=1)
        for _ in range(2)
    )
    for second in range(48):
        for learner in (resting, learning):
            learner.add(recorded(1.0, float(second), drive=(1.0, 1.0, 0.9)))
        settled = second > BASELINE_AFTER_S
        told = resting.skip().drift, (learning.update() if settled else learning.skip()).drift
    assert told[0] is not None
    assert told[1] is not None
    assert learning.version > resting.version
    np.testing.assert_array_equal(told[0].statistics.vector, told[1].statistics.vector)
    np.testing.assert_array_equal(told[0].factor, told[1].factor)
