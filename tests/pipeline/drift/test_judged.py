"""What is said of a muscle while it goes on, alone and with others."""

import pytest
from drifting import ramp, session, steady

from pipeline.drift.changes import course_of
from pipeline.drift.judged import Standing, judgements

CONFIDENCE = 0.98


def judged(courses, alike=(), seconds=200):
    told = session(courses, seconds=seconds, alike=alike)
    units = tuple("abcd"[: len(courses)])
    return judgements(course_of(told, len(units), CONFIDENCE), units, CONFIDENCE)


def test_each_is_judged_by_its_own_change():
    less, more, rest = judged([ramp(60, 120, -0.3), ramp(60, 120, 0.2), steady])
    assert [one.standing for one in (less, more, rest)] == ["gives less", "gives more", "stable"]
    assert less.change == pytest.approx(-0.3, abs=0.03)
    assert more.change == pytest.approx(0.2, abs=0.03)
    assert less.together == ()


def test_those_that_always_do_the_same_are_judged_as_a_whole():
    found = judged([ramp(60, 120, -0.3), steady, steady, steady], alike=[(0, 2)])
    assert [one.together for one in found] == [(0, 2), (), (0, 2), ()]
    assert found[0].standing is found[2].standing is Standing.LESS
    assert found[0].change == found[2].change == pytest.approx(-0.3 / 2.1, abs=0.03)


def test_what_has_come_back_counts_in_the_net_change():
    def course(t):
        return ramp(50, 80, -0.3)(t) - 1 + ramp(110, 170, 0.15)(t)

    found = judged([course, steady])[0]
    assert found.standing is Standing.LESS
    assert found.change == pytest.approx(-0.15, abs=0.03)
