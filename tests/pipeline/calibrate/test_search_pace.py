"""Learning rates that fall, and the error that has them renewed."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.calibrate.pace import Pace, UsualError

NAN = float("nan")


def test_rates_fall_from_one_to_two_and_are_renewed():
    pace = Pace(0.1, 0.02, 0.3)
    assert pace.rates() == pytest.approx((0.1, 0.1))
    told = []
    for _ in range(60):
        pace.slow_down()
        told.append(pace.rates())
    assert all(a[0] > b[0] and a[1] > b[1] for a, b in pairwise(told))
    assert told[-1] == pytest.approx((0.02, 0.006), rel=1e-3)
    pace.renew()
    assert pace.rates() == pytest.approx((0.1, 0.1))


@given(st.lists(st.floats(1.0, 2.7), min_size=1, max_size=60))
def test_what_varies_by_less_than_the_rise_is_no_change(errors):
    usual = UsualError(3.0)
    assert not any(usual.has_risen(error) for error in errors)


def test_a_change_is_told_and_becomes_usual_if_it_stays():
    usual = UsualError(3.0)
    assert [usual.has_risen(error) for error in (1.0, 1.2, 4.0)] == [False, False, True]
    assert not any(usual.has_risen(4.0) for _ in range(20))


def test_an_error_that_is_no_number_neither_tells_of_a_change_nor_spoils_the_level():
    usual = UsualError(3.0)
    told = [usual.has_risen(error) for error in (1.0, NAN, float("inf"), 2.0, 6.0)]
    assert told == [False, False, False, False, True]
