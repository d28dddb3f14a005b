"""The watch over the amplitude of all EMG channels at once, which tells of a wrong unit."""

from __future__ import annotations

from collections import deque

import numpy as np

from pipeline.streams.base import Array, Chunk

SPAN = 3
"""Seconds whose highest level is judged."""
LOUD = 4.0
"""Mean rectified amplitude that no muscle reaches, MVC; all channels above it are no EMG."""
STILL, STILL_MEDIAN = 2e-3, 5e-4
"""No channel and less than half of them above these, MVC: less than a resting muscle's noise."""
USUAL = 0.1
"""A usual level, MVC, from which thousands are counted."""


class AmplitudeWatch:
    """Tells whether raw EMG is a thousand or a million times off, in the samples' own time.

    Parameters
    ----------
    rate_hz
        Nominal sampling rate, Hz.
    """

    def __init__(self, rate_hz: float) -> None:
        self._size = max(2, round(rate_hz))
        self._second: list[Array] = []
        self._levels: deque[Array] = deque(maxlen=SPAN)
        self.thousands = 0
        """By how many thousands the amplitude is too large (2: a million); negative where it is too
        small, zero where it may be right."""

    def process(self, chunk: Chunk, mvc: Array) -> None:
        """Take the next samples.

        Parameters
        ----------
        chunk
            Raw EMG, V, shape [n, channel]; values may be NaN.
        mvc
            Envelope of each channel at maximum voluntary contraction, V, shape [channel].
        """
        self._second.extend(chunk.x)
        while len(self._second) >= self._size:
            second = np.array(self._second[: self._size])
            del self._second[: self._size]
            self._levels.append(_level(second) / mvc)
            self.thousands = _thousands(np.max(self._levels, axis=0), len(self._levels))


def _level(x: Array) -> Array:
    """Return the mean rectified amplitude of each channel; 0 where no value is finite."""
    usable = np.isfinite(x)
    count = np.maximum(usable.sum(axis=0), 1)
    mean = np.where(usable, x, 0.0).sum(axis=0) / count
    return np.asarray(np.where(usable, np.abs(x - mean), 0.0).sum(axis=0) / count)


def _thousands(level: Array, seconds: int) -> int:
    """Return by how many thousands a level, MVC, is off."""
    middle = float(np.median(level))
    loud = level.min() > LOUD
    still = seconds == SPAN and level.max() < STILL and 0.0 < middle < STILL_MEDIAN
    if not (loud or still):
        return 0
    return int(np.clip(round(np.log10(middle / USUAL) / 3.0), -2, 2))
