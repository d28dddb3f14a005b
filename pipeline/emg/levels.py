"""Levels at which an EMG envelope is held: MVC and resting level are read from them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pipeline.streams.base import Array

HELD_S = 0.5
"""A level counts as held where the median over this time reaches it."""
CONTRACTED = 2.0
"""A maximum below this many times the resting level is no voluntary contraction."""
HIGHEST_REST = 0.1
"""Highest resting level, fraction of MVC; no muscle at rest is above."""
_INTERVAL_S = 0.02  # one value is kept this often; no envelope moves faster


@dataclass(frozen=True)
class Levels:
    """What was recorded; every array has shape [channel], in the unit of the envelope.

    Parameters
    ----------
    seconds
        Length of the recording, s.
    highest, lowest
        Highest and lowest level that was held.
    mean
        Mean over the recording.
    """

    seconds: float
    highest: Array
    lowest: Array
    mean: Array

    def contracted(self, rest: Array) -> NDArray[np.bool_]:
        """Tell which channels were clearly activated, shape [channel].

        Parameters
        ----------
        rest
            Resting level as far as it is known, 0 where it is not; the lowest level of the
            recording counts where that is lower.
        """
        known = np.where(rest > 0.0, np.minimum(rest, self.lowest), self.lowest)
        return (self.highest > 0.0) & (self.highest >= CONTRACTED * known)


class LevelRecorder:
    """Records levels of an envelope, sample by sample, in bounded memory.

    The envelope is looked at fifty times a second, by counting samples, so the result does not
    depend on how they are cut into chunks. A level is the median over `HELD_S`: a spike or a jerk
    of less than half that time leaves no trace in it.

    Parameters
    ----------
    rate_hz
        Nominal sampling rate of the envelope, Hz.
    n_channels
        Number of channels.
    """

    def __init__(self, rate_hz: float, n_channels: int) -> None:
        self._every = max(1, round(_INTERVAL_S * rate_hz))
        self._interval_s = self._every / rate_hz
        self._until_next = self._every - 1
        self._recent = np.empty((max(1, round(HELD_S / self._interval_s)), n_channels))
        self._seen = 0
        self._sum = np.zeros(n_channels)
        self._highest = np.full(n_channels, -np.inf)
        self._lowest = np.full(n_channels, np.inf)

    @property
    def seconds(self) -> float:
        """How much has been recorded, s."""
        return self._seen * self._interval_s

    def add(self, envelope: Array, usable: NDArray[np.bool_]) -> None:
        """Record the next samples.

        Parameters
        ----------
        envelope
            Shape [n, channel].
        usable
            Shape [n], bool: samples that count.
        """
        for i in range(self._until_next, len(envelope), self._every):
            if usable[i]:
                self._take(envelope[i])
        self._until_next = (self._until_next - len(envelope)) % self._every

    def _take(self, envelope: Array) -> None:
        size = len(self._recent)
        self._recent[self._seen % size] = envelope
        self._seen += 1
        self._sum += envelope
        if self._seen >= size:
            held = np.median(self._recent, axis=0)
            np.maximum(self._highest, held, out=self._highest)
            np.minimum(self._lowest, held, out=self._lowest)

    def levels(self) -> Levels | None:
        """Return what was recorded, or None if that is shorter than `HELD_S`."""
        if self._seen < len(self._recent):
            return None
        mean = self._sum / self._seen
        return Levels(self.seconds, self._highest.copy(), self._lowest.copy(), mean)
