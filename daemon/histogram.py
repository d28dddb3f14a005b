"""Latencies in bounded memory."""

from __future__ import annotations

import numpy as np

BIN_S = 5e-5
LONGEST_S = 2.0


class Histogram:
    """Counts of durations in bins of 0.05 ms up to 2 s; longer ones share the last bin.

    Its figures are exact to half a bin; the largest is kept as it is.
    """

    def __init__(self) -> None:
        self._counts = np.zeros(round(LONGEST_S / BIN_S), dtype=np.int64)
        self._largest = 0.0

    def add(self, seconds: float) -> None:
        """Count one duration in s; a negative one counts as zero."""
        place = min(int(max(seconds, 0.0) / BIN_S), len(self._counts) - 1)
        self._counts[place] += 1
        self._largest = max(self._largest, seconds)

    def merge(self, other: Histogram) -> None:
        """Add the counts of another histogram."""
        self._counts += other._counts
        self._largest = max(self._largest, other._largest)

    def milliseconds(self) -> dict[str, float | None]:
        """Return ``p50``, ``p99`` and ``max`` in ms; None while nothing has been counted."""
        total = int(self._counts.sum())
        if not total:
            return {"p50": None, "p99": None, "max": None}
        reached = np.cumsum(self._counts)
        return {
            "p50": self._at(reached, 0.50 * total),
            "p99": self._at(reached, 0.99 * total),
            "max": 1e3 * self._largest,
        }

    def bins(self) -> list[tuple[float, int]]:
        """Return the counts above zero by the upper edge of their bin in ms."""
        places = np.flatnonzero(self._counts)
        return [(1e3 * BIN_S * (int(i) + 1), int(self._counts[i])) for i in places]

    @staticmethod
    def _at(reached: np.ndarray[tuple[int], np.dtype[np.int64]], rank: float) -> float:
        return 1e3 * BIN_S * (int(np.searchsorted(reached, rank)) + 0.5)
