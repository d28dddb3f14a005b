"""A bounded buffer of time-stamped samples, and straight lines between them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from pipeline.streams.base import Array

Indices = NDArray[np.intp]


class SampleBuffer:
    """The newest samples of one stream, oldest first; a full buffer drops its oldest.

    Parameters
    ----------
    capacity
        Most samples it holds.
    n_channels
        Columns of a sample; 0 for time stamps alone.
    """

    def __init__(self, capacity: int, n_channels: int) -> None:
        self._capacity = capacity
        # Twice the capacity: moving the samples to the front is then rare.
        self._t = np.empty(2 * capacity)
        self._x = np.empty((2 * capacity, n_channels))
        self._start = self._stop = 0
        self._newest = -np.inf

    @property
    def t(self) -> Array:
        """Time stamps, shape [n], s; a view."""
        return self._t[self._start : self._stop]

    @property
    def x(self) -> Array:
        """Samples, shape [n, channel]; a view."""
        return self._x[self._start : self._stop]

    @property
    def newest(self) -> float:
        """Newest time stamp ever pushed, s; minus infinity before the first."""
        return self._newest

    def __len__(self) -> int:
        return self._stop - self._start

    def push(self, t: Array, x: Array) -> None:
        """Append samples; those not newer than the newest are dropped.

        Parameters
        ----------
        t
            Time stamps, shape [n], s, increasing.
        x
            Samples, shape [n, channel].
        """
        old = int(t.searchsorted(self._newest, side="right"))
        skip = max(old, len(t) - self._capacity)
        t, x = t[skip:], x[skip:]
        if len(t) == 0:
            return
        self._start += max(0, len(self) + len(t) - self._capacity)
        self._make_room(len(t))
        new = slice(self._stop, self._stop + len(t))
        self._t[new], self._x[new] = t, x
        self._stop = new.stop
        self._newest = float(t[-1])

    def drop_until(self, index: int) -> None:
        """Forget the samples before `index`; they have been used."""
        self._start += max(0, index)

    def _make_room(self, n: int) -> None:
        if self._stop + n <= len(self._t):
            return
        depth = len(self)
        self._t[:depth], self._x[:depth] = self.t, self.x
        self._start, self._stop = 0, depth


def bracket(stamps: Array, t: Array) -> tuple[Indices, Indices]:
    """Return the samples on either side of each time.

    Parameters
    ----------
    stamps
        Time stamps of the samples, shape [m], s, increasing; the newest is not before any `t`.
    t
        Times, shape [n], s.

    Returns
    -------
    before, after
        Indices, shape [n] each. `after` is the first sample not before `t`, `before` the one
        ahead of it. Both are the same for a time that falls on a sample, or before the first.
    """
    after = stamps.searchsorted(t)
    single = (stamps[after] == t) | (after == 0)
    return after - ~single, after


def along_line(
    buffer: SampleBuffer, before: Indices, after: Indices, t: Array, shortest_s: float = 0.0
) -> Array:
    """Return the values at `t` on the straight lines through two samples each.

    Parameters
    ----------
    buffer
        The samples.
    before, after
        Indices of the two samples for each time, shape [n]; where they are the same sample, its
        value is returned.
    t
        Times, shape [n], s.
    shortest_s
        Two stamps closer than this are taken to be this far apart, s, so that jitter does not
        make a steep line.

    Returns
    -------
    Array
        Shape [n, channel].
    """
    stamps, x = buffer.t, buffer.x
    end, value = stamps[after], x[after]
    span = np.maximum(end - stamps[before], shortest_s)
    span[after == before] = np.inf
    weight = (t - end) / span
    result: Array = value + weight[:, None] * (value - x[before])
    return result
