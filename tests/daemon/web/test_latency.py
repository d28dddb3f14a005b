"""The histogram of the last minute."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from daemon.web.latency import KEPT_S, MOST_PER_S, LatencyWindow


@given(st.lists(st.floats(0.0, 20.0), min_size=1, max_size=200))
def test_every_moment_is_counted_and_the_figures_are_exact(latencies_s):
    window = LatencyWindow()
    for latency_s in latencies_s:
        window.add(latency_s)
    told = window.turn()
    assert sum(told["counts"]) == len(latencies_s)
    assert told["max"] == pytest.approx(1e3 * max(latencies_s))
    assert told["p50"] == pytest.approx(float(np.median(latencies_s)) * 1e3)


def test_a_minute_is_kept():
    window = LatencyWindow()
    window.add(0.5)
    for _ in range(KEPT_S - 1):
        assert window.turn()["max"] == 500.0
    window.turn()
    window.add(0.001)
    assert window.turn()["max"] == pytest.approx(1.0)


def test_memory_is_bounded():
    window = LatencyWindow()
    for _ in range(MOST_PER_S + 100):
        window.add(0.001)
    assert sum(window.turn()["counts"]) == MOST_PER_S


def test_nothing_is_told_without_moments():
    assert LatencyWindow().turn()["p50"] is None
