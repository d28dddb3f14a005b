"""Half an hour of curves, as the smallest and largest value of each bucket of time.

Buckets are kept at several widths, each twice the one before, so that a curve of any length can
be drawn from about as many buckets as the screen has columns, and no peak is ever missed.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Floats = NDArray[np.float32]
Indices = NDArray[np.int64]

FINEST_S = 0.02
LEVELS = 10
KEPT_S = 1800.0
MOST_BYTES = 96 * 2**20
"""All levels together take no more; of very many curves the narrowest buckets are kept for less."""
LEAST_BUCKETS = 1024
"""Of each level, however many curves there are: about what a screen shows."""


@dataclass(frozen=True)
class Stretch:
    """Buckets one after the other.

    Parameters
    ----------
    first
        Number of the first bucket; it begins at `first` times the width of a bucket, s.
    low, high
        Smallest and largest value, shape [series, bucket]; NaN where there is none.
    """

    first: int
    low: Floats
    high: Floats


class History:
    """Smallest and largest value per bucket of time, in a memory that does not grow.

    Parameters
    ----------
    series
        How many curves.
    kept_s
        For how long each level is kept, s, as far as `most_bytes` and `LEAST_BUCKETS` go.
    most_bytes
        Memory of all levels together.
    """

    def __init__(self, series: int, kept_s: float = KEPT_S, most_bytes: int = MOST_BYTES) -> None:
        self.revision = 0
        """Counts the additions."""
        wanted = [int(np.ceil(kept_s / width)) + 1 for width in self.widths()]
        room = most_bytes // (2 * 4 * series + 8)
        self._levels = [_Level(series, capacity) for capacity in _capacities(wanted, room)]

    @staticmethod
    def widths() -> tuple[float, ...]:
        """Return the widths of the buckets, s, from the narrowest on."""
        return tuple(FINEST_S * 2**level for level in range(LEVELS))

    @property
    def nbytes(self) -> int:
        """Memory of all levels, bytes; it never changes."""
        return sum(level.nbytes for level in self._levels)

    def add(self, columns: slice, t: Array, low: Array, high: Array) -> None:
        """Take values.

        Parameters
        ----------
        columns
            Which curves they belong to.
        t
            Their times, s, shape [n], in any order.
        low, high
            Shape [n, curve]: the same array twice for plain values. NaN is no value.
        """
        if not len(t):
            return
        self.revision += 1
        finest = np.floor(t / FINEST_S).astype(np.int64)
        order = np.argsort(finest, kind="stable")
        finest, low, high = finest[order], low[order], high[order]
        for shift, level in enumerate(self._levels):
            level.add(columns, finest >> shift, low, high, self.revision)

    def newest(self, level: int) -> int | None:
        """Return the number of the newest bucket of a level; None before there is any."""
        return self._levels[level].newest

    def read(self, level: int, first: int, count: int) -> Stretch:
        """Return `count` buckets of a level from number `first` on."""
        return self._levels[level].read(first, count)

    def changed(self, level: int, first: int, count: int, since: int) -> int | None:
        """Return the first bucket of a stretch that changed after a revision; None if none did."""
        return self._levels[level].changed(first, count, since)


def _capacities(wanted: list[int], room: int) -> list[int]:
    """Return how many buckets each level keeps; the wide ones, which need few, come first."""
    capacities: list[int] = []
    for level in reversed(range(len(wanted))):
        left = room - sum(capacities)
        share = left // 2 if level else left
        capacities.append(min(wanted[level], max(LEAST_BUCKETS, share)))
    return capacities[::-1]


class _Level:
    """The buckets of one width, in a ring."""

    def __init__(self, series: int, capacity: int) -> None:
        self._capacity = capacity
        # Not filled before it is needed: memory that was never touched is not taken.
        self._low = np.empty((capacity, series), dtype=np.float32)
        self._high = np.empty_like(self._low)
        self._revision = np.empty(capacity, dtype=np.int64)
        self._oldest = 0
        self.newest: int | None = None

    @property
    def nbytes(self) -> int:
        return self._low.nbytes + self._high.nbytes + self._revision.nbytes

    def add(self, columns: slice, buckets: Indices, low: Array, high: Array, revision: int) -> None:
        """Take values whose buckets rise."""
        self._reach(int(buckets[0]), int(buckets[-1]), revision)
        kept = np.searchsorted(buckets, self._oldest)
        if kept == len(buckets):
            return
        buckets, low, high = buckets[kept:], low[kept:], high[kept:]
        starts = np.flatnonzero(np.diff(buckets, prepend=buckets[0] - 1))
        rows = buckets[starts] % self._capacity
        self._low[rows, columns] = np.fmin(
            self._low[rows, columns], np.fmin.reduceat(low, starts, axis=0)
        )
        self._high[rows, columns] = np.fmax(
            self._high[rows, columns], np.fmax.reduceat(high, starts, axis=0)
        )
        self._revision[rows] = revision

    def _reach(self, first: int, last: int, revision: int) -> None:
        """Make room for buckets up to `last`, and for older ones from `first` on if they fit."""
        if self.newest is None:
            self.newest, self._oldest = last, last + 1
        newest = max(self.newest, last)
        bound = newest - self._capacity + 1
        self._clear(max(self.newest + 1, bound), newest + 1, revision)
        oldest = max(min(self._oldest, first), bound)
        self._clear(oldest, min(self._oldest, newest + 1), revision)
        self.newest, self._oldest = newest, oldest

    def _clear(self, start: int, stop: int, revision: int) -> None:
        rows = np.arange(start, stop) % self._capacity
        self._low[rows] = self._high[rows] = np.nan
        self._revision[rows] = revision

    def read(self, first: int, count: int) -> Stretch:
        low = np.full((count, self._low.shape[1]), np.nan, dtype=np.float32)
        high = low.copy()
        there = self._there(first, count)
        rows = np.arange(there.start, there.stop) % self._capacity
        into = slice(there.start - first, there.stop - first)
        low[into], high[into] = self._low[rows], self._high[rows]
        return Stretch(first, low.T, high.T)

    def changed(self, first: int, count: int, since: int) -> int | None:
        there = self._there(first, count)
        rows = np.arange(there.start, there.stop) % self._capacity
        found = np.flatnonzero(self._revision[rows] > since)
        return int(there.start + found[0]) if len(found) else None

    def _there(self, first: int, count: int) -> range:
        """Return which of the buckets are kept."""
        if self.newest is None:
            return range(first, first)
        start = min(max(first, self._oldest), first + count)
        return range(start, max(start, min(first + count, self.newest + 1)))
