"""Latencies in bounded memory."""

from __future__ import annotations

import numpy as np

BIN_S = 5e-5
LONGEST_S = 2.0


class Histogram:
    """Counts of durations in bins, by default of 0.05 ms up to 2 s; longer ones share the last bin.

    Its figures are exact to half a bin; the largest is kept as it is.

    Parameters
    ----------
    bin_s, longest_s
        Width of a bin, and where the last one ends, s.
    """

    def __init__(self, bin_s: float = BIN_S, longest_s: float = LONGEST_S) -> None:
        self._bin_s = bin_s
        self._counts = np.zeros(round(longest_s / bin_s), dtype=np.int64)
        self._largest = 0.0

    def add(self, seconds: float) -> None:
        """Count one duration in s; a negative one counts as zero."""
        place = min(int(max(seconds, 0.0) / self._bin_s), len(self._counts) - 1)
        self._counts[place] += 1
        self._largest = max(self._largest, seconds)

    def merge(self, other: Histogram) -> None:
        """Add the counts of another histogram with the same bins."""
        self._counts += other._counts
        self._largest = max(self._largest, other._largest)

    def milliseconds(self) -> dict[str, float | None]:
        """Return ``p50``, ``p99`` and ``max`` in ms; None while nothing has been counted."""
        largest = 1e3 * self._largest if self._counts.any() else None
        return {"p50": self.quantile_ms(0.50), "p99": self.quantile_ms(0.99), "max": largest}

    def quantile_ms(self, share: float) -> float | None:
        """Return the duration that `share` of all do not exceed, ms; None without any."""
        reached = np.cumsum(self._counts)
        if not reached[-1]:
            return None
        place = int(np.searchsorted(reached, share * reached[-1]))
        return 1e3 * self._bin_s * (place + 0.5)

    def bins(self) -> list[tuple[float, int]]:
        """Return the counts above zero by the upper edge of their bin in ms."""
        places = np.flatnonzero(self._counts)
        return [(1e3 * self._bin_s * (int(i) + 1), int(self._counts[i])) for i in places]
