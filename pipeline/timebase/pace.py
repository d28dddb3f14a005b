"""A rate of its own on the model's time grid: some of its rows are due, the others are not."""

from __future__ import annotations

import math

_EARLY_S = 1e-6
"""Rows are on a grid whose times are rounded, s."""


class Pace:
    """Tells which rows are due so that they come at a rate, on average to the row.

    Parameters
    ----------
    rate_hz
        The rate, Hz; above the grid's every row is due, and at 0 none.
    """

    def __init__(self, rate_hz: float) -> None:
        self._interval_s = 1.0 / rate_hz if rate_hz > 0 else math.inf
        self._next = -math.inf if rate_hz > 0 else math.inf

    def due(self, t: float) -> bool:
        """Tell whether the row at `t`, s, is due; rows come in the order of their times."""
        if t < self._next - _EARLY_S:
            return False
        on_time = t - self._next < self._interval_s  # not the first one, nor after a gap
        self._next = (self._next if on_time else t) + self._interval_s
        return True
