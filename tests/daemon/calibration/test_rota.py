from collections import Counter

import pytest

from daemon.calibration.rota import PACE_S, Pace, Rota


def test_all_who_are_always_due_have_the_same_number_of_turns():
    rota = Rota()
    turns = Counter(rota.next(["a", "b", "c"]) for _ in range(300))
    assert turns == {"a": 100, "b": 100, "c": 100}


def test_who_is_seldom_due_is_served_at_once_and_a_newcomer_does_not_push_in_twice():
    rota = Rota()
    for _ in range(50):
        rota.next(["a", "b"])
    assert rota.next(["a", "b", "late"]) == "late"
    assert {rota.next(["a", "b", "late"]) for _ in range(2)} == {"a", "b"}
    rota.leave("late")
    assert rota.next(["late", "a"]) == "late"
    assert rota.next([]) is None


def test_a_pace_is_that_of_the_last_seconds():
    pace = Pace(100.0)
    assert pace.per_s(100.0) == 0.0
    for i in range(1, 11):
        pace.count(100.0 + i)
    assert pace.per_s(110.0) == pytest.approx(1.0)
    for i in range(11, 101):
        pace.count(100.0 + i, 2.0)
    assert pace.per_s(200.0) == pytest.approx(2.0)
    assert pace.per_s(200.0 + PACE_S / 2) == pytest.approx(1.0)
    assert pace.per_s(300.0) == 0.0
