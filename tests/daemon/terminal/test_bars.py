"""Levels as bars."""

from hypothesis import given
from hypothesis import strategies as st

from daemon.terminal.bars import Bar, bars

LEVELS = st.floats(0.0, 1e6)


def drawn(now: float, best: float, full: float, width: int = 80) -> str:
    return bars([Bar("SOL", now, best, full, True)], "V", width)[1].plain


def test_a_bar_is_as_long_as_its_level_and_the_best_is_marked():
    half, whole = drawn(0.5, 0.0, 1.0), drawn(1.0, 0.0, 1.0)
    assert abs(whole.count("█") - 2 * half.count("█")) <= 1
    assert drawn(0.2, 0.8, 1.0).count("│") == 1
    assert "│" not in drawn(0.2, 0.0, 1.0)


@given(LEVELS, LEVELS, LEVELS, st.integers(60, 200))
def test_no_level_makes_a_line_too_long(now, best, full, width):
    assert len(drawn(now, best, full, width)) <= width
