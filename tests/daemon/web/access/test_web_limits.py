"""How often somebody may ask."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daemon.web.access.limits import MOST_KEYS, Limiter


class Clock:
    now = 0.0

    def __call__(self):
        return self.now


def test_so_many_at_once_and_then_so_many_a_second():
    clock = Clock()
    limiter = Limiter(2.0, 3, clock)
    assert [limiter.wait_s("desk") for _ in range(4)] == [0.0, 0.0, 0.0, 0.5]
    assert limiter.wait_s("wall") == 0.0
    clock.now += 0.4
    assert limiter.wait_s("desk") == pytest.approx(0.1)
    clock.now += 0.1001
    assert limiter.wait_s("desk") == 0.0
    assert limiter.wait_s("desk") > 0.49


@given(gaps=st.lists(st.floats(0, 3), max_size=60))
def test_never_more_than_the_rate_and_the_burst(gaps):
    clock = Clock()
    limiter, passed = Limiter(2.0, 3, clock), 0
    for gap in gaps:
        clock.now += gap
        passed += limiter.wait_s("desk") == 0.0
    assert passed <= 3 + 2.0 * clock.now + 1e-6
    clock.now += 0.5001
    assert limiter.wait_s("desk") == 0.0, "who waits is let through"


def test_memory_is_bounded():
    limiter = Limiter(2.0, 3)
    for number in range(2 * MOST_KEYS):
        limiter.wait_s(str(number))
    assert len(limiter) == MOST_KEYS
