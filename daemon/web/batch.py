"""What has been heard since the last turn, on its way into the history."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from daemon.web.history import FINEST_S, History

LONGEST_SPAN_S = 1.0
"""Levels are told as those since the message before; longer ago than this, and what lies between
is not known."""
_LATEST_S = 1e12
"""No clock of ours says more."""

Values = Sequence[float]
_Rows = tuple[list[float], list[Values], list[Values]]


class Batch:
    """Values per group of curves, gathered so that the history takes them all at once."""

    def __init__(self) -> None:
        self._rows: dict[tuple[int, int], _Rows] = {}

    def add(self, columns: slice, t: float, low: Values, high: Values | None = None) -> None:
        """Take the values of a group at a time; they are left out if their number is wrong."""
        start, stop = columns.start, columns.stop
        if len(low) != stop - start or not low or abs(t) > _LATEST_S:
            return
        times, lows, highs = self._rows.setdefault((start, stop), ([], [], []))
        times.append(t)
        lows.append(low)
        highs.append(low if high is None else high)

    def add_span(self, columns: slice, since: float, t: float, low: Values, high: Values) -> None:
        """Take values that hold for the whole time from `since` (excluded) to `t`, s."""
        if t - LONGEST_SPAN_S <= since < t:
            first, last = math.floor(since / FINEST_S), math.floor(t / FINEST_S)
            for bucket in range(first + 1, last):
                self.add(columns, (bucket + 0.5) * FINEST_S, low, high)
        self.add(columns, t, low, high)

    def empty_into(self, history: History) -> None:
        """Give all to the history."""
        for (start, stop), (times, lows, highs) in self._rows.items():
            t, low = np.array(times), np.array(lows, dtype=np.float64)
            high = np.array(highs, dtype=np.float64)
            history.add(slice(start, stop), t, low, high)
        self._rows.clear()
