"""Time stamps of a recording: their rate, their drop-outs, and jitter taken out of them."""

from __future__ import annotations

from bisect import bisect
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from pipeline.streams.base import Array
from pipeline.streams.screen import GAP_INTERVALS

_SPAN = 100
"""The interval is measured over this many samples, so that jitter does not tell."""
_PAUSE_S = 0.2
"""No stretch with a longer step in it is measured, s: recordings are cut into cycles."""
_BESIDE_S = 0.5
"""A drop-out shifts the stamps of this long after it; a packet that is late only its own, s."""


def interval_s(t: Array) -> float:
    """Return the sampling interval by the stamps, s; pauses and jitter hardly change it."""
    span = max(1, min(_SPAN, (len(t) - 1) // 10))
    with np.errstate(all="ignore"):  # stamps may be damaged
        steps = np.diff(t)
        pauses = np.cumsum(np.concatenate([[0], steps > _PAUSE_S]))
        without = pauses[span:] == pauses[:-span]
        each = (t[span:] - t[:-span])[without] / span if without.any() else steps
        return float(np.median(each))


def gaps(t: Array, rate_hz: float) -> NDArray[np.intp]:
    """Return the rows before which samples are missing."""
    return np.flatnonzero(np.diff(t) > GAP_INTERVALS / rate_hz) + 1


def evened(t: Array) -> Array:
    """Return the stamps of a regularly sampled stream without jitter, drop-outs left as they are.

    Between drop-outs the stamps become evenly spaced, unless that would move one by more than a
    sampling interval: then they are left. Stamps that run backwards, as those of packets that
    arrived late do, cannot be left, and are spaced evenly by however much.

    Parameters
    ----------
    t
        Time stamps as they were recorded, shape [n], s.
    """
    if len(t) < 3 or not np.isfinite(t).all():
        return t
    interval = interval_s(t)
    if not 0 < interval < np.inf:
        return t
    even = t.copy()
    for start, stop in pairwise(_breaks(t, interval)):
        piece = t[start:stop]
        line = _line(piece)
        if np.abs(line - piece).max() <= interval or not np.all(np.diff(piece) > 0):
            even[start:stop] = line
    return even if np.all(np.diff(even) > 0) else t


def _breaks(t: Array, interval: float) -> list[int]:
    """Return where pieces begin and end: the rows before which samples are missing for good.

    The longest gap is judged first: beside a shorter one, only what lies between longer ones
    counts.
    """
    late = t - interval * np.arange(len(t))
    beside = min(len(t), max(8, int(_BESIDE_S / interval)))
    rows = gaps(t, 1 / interval)
    breaks = [0, len(t)]
    for row in rows[np.argsort(t[rows - 1] - t[rows])].tolist():
        place = bisect(breaks, row)
        before = late[max(breaks[place - 1], row - beside) : row]
        after = late[row : min(breaks[place], row + beside)]
        if _least(after) - _least(before) > interval / 2:
            breaks.insert(place, row)
    return breaks


def _least(late: Array) -> float:
    """Return the lateness that nine in ten reach: most packets are hardly late."""
    place = len(late) // 10
    return float(np.partition(late, place)[place])


def _line(t: Array) -> Array:
    """Return the straight line through stamps, by least squares."""
    k = np.arange(len(t)) - (len(t) - 1) / 2
    middle = t.mean()
    slope = (k @ (t - middle)) / max(float(k @ k), 1.0)
    line: Array = middle + slope * k
    return line
