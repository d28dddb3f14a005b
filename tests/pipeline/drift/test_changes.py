"""Changes are found where they are, as large as they are, and nowhere else."""

import numpy as np
import pytest
from drifting import ramp, session, steady

from pipeline.drift.changes import LEAST_STRETCHES, course_of
from pipeline.drift.stretches import STRETCH_S


def test_two_muscles_that_lose_are_found_and_no_other():
    truth = [steady, ramp(120, 300, -0.25), steady, ramp(60, 90, -0.2), steady]
    course = course_of(session(truth), 5)
    assert [one.unit for one in course.changes] == [3, 1]
    for one, (start, end, change) in zip(
        course.changes, ((60, 90, -0.2), (120, 300, -0.25)), strict=True
    ):
        assert one.share.value == pytest.approx(change, abs=0.02)
        assert one.share.low <= change <= one.share.high
        assert one.onset[0] == pytest.approx(start, abs=12)
        assert one.onset[1] <= one.onset[0] <= one.onset[2]
        assert one.end == pytest.approx(end, abs=20)
    assert course.factor[-1] == pytest.approx([1, 0.75, 1, 0.8, 1], abs=0.03)
    assert course.deviation.max() < 0.05


def test_what_comes_back_is_a_change_of_its_own():
    def course(t):
        return ramp(60, 120, -0.25)(t) - 1 + ramp(120, 240, 0.125)(t)

    changes = course_of(session([course, steady, steady]), 3).changes
    assert [one.unit for one in changes] == [0, 0]
    assert [one.share.value for one in changes] == pytest.approx([-0.25, 0.125], abs=0.03)


def test_a_step_is_complete_at_once():
    (one,) = course_of(session([steady, ramp(180, 180, -0.3)]), 2).changes
    assert one.share.value == pytest.approx(-0.3, abs=0.02)
    assert one.onset[0] == pytest.approx(180, abs=6)
    assert one.end - one.onset[0] < 15


@pytest.mark.parametrize("seed", range(5))
def test_rested_muscles_have_no_change(seed):
    course = course_of(session([steady] * 8, seconds=240, seed=seed), 8)
    assert course.changes == ()
    np.testing.assert_allclose(course.free.change, 0.0, atol=0.06)


def test_too_little_tells_nothing():
    assert course_of([], 2) is None
    short = session([steady] * 2, seconds=round(STRETCH_S * LEAST_STRETCHES) - 10)
    assert course_of(short, 2) is None
    enough = session([steady] * 2, seconds=round(STRETCH_S * LEAST_STRETCHES))
    assert course_of(enough, 2) is not None


def test_a_muscle_that_never_works_does_no_harm():
    found = []
    for one in session([ramp(60, 120, -0.3), steady, steady], seconds=200):
        information, vector = one.information.copy(), one.vector.copy()
        information[2], information[:, 2], vector[2] = 0.0, 0.0, 0.0
        found.append(one._replace(information=information, vector=vector))
    course = course_of(found, 3)
    assert [one.unit for one in course.changes] == [0]
    assert course.free.covariance[2, 2] > 0.1
