import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.output.validity import ValidityFade

STEPS = st.lists(st.tuples(st.booleans(), st.floats(0.0, 0.3)), min_size=1, max_size=50)


@given(STEPS, st.floats(0.01, 1.0))
def test_weights_stay_within_bounds_and_move_no_faster_than_the_fade(steps, fade_s):
    fade, weights = ValidityFade(fade_s), (0.0,)
    for ok, elapsed_s in steps:
        (before,), weights = weights, fade.step(weights, (ok,), elapsed_s)
        assert 0.0 <= weights[0] <= 1.0
        assert abs(weights[0] - before) <= elapsed_s / fade_s + 1e-12
        assert weights[0] >= before if ok else weights[0] <= before


def test_a_joint_fades_by_itself_and_is_at_its_end_after_the_whole_time():
    fade, weights = ValidityFade(0.2), (1.0, 0.0)
    for _ in range(3):
        weights = fade.step(weights, (False, True), 0.05)
    assert weights == pytest.approx((0.25, 0.75))
    assert fade.step(weights, (False, True), 0.06) == (0.0, 1.0)


def test_a_fade_of_no_time_switches_at_once_and_time_that_runs_back_does_nothing():
    assert ValidityFade(0.0).step((1.0,), (False,), 0.0) == (0.0,)
    assert ValidityFade(0.2).step((0.5,), (True,), -1.0) == (0.5,)
