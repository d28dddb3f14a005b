"""The watch over envelopes that come ready: what none does, and what one at rest does not."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from pipeline.streams.base import Array, Chunk

SPAN_S = 10.0
"""What is looked back on, s."""
_INTERVAL_S = 0.05
HIGH_REST = 0.3
"""Lowest tenth over peak from which on a channel stands high."""
LEAST_PEAK = 0.05
"""Peak, MVC, below which nothing is said of a channel's rest."""
BELOW_ZERO = -0.02
"""Value, MVC, that is more than rounding or a filter's undershoot."""


class ReadyEnvelopeWatch:
    """Names channels that go below zero, or never come down, in the samples' own time.

    Parameters
    ----------
    channels
        Channel names.
    rate_hz
        Nominal sampling rate, Hz.
    """

    def __init__(self, channels: Sequence[str], rate_hz: float) -> None:
        self._channels = tuple(channels)
        self._every = max(1, round(_INTERVAL_S * rate_hz))
        self._until_next = 0
        self._until_look = round(SPAN_S / _INTERVAL_S)
        self._kept: deque[Array] = deque(maxlen=self._until_look)
        self.negative: tuple[str, ...] = ()
        """Channels that went below zero in the last seconds."""
        self.high: tuple[str, ...] = ()
        """Channels whose lowest tenth was a good part of their peak."""

    def process(self, chunk: Chunk, mvc: Array) -> None:
        """Take the next samples, shape [n, channel], in the unit of `mvc`, shape [channel]."""
        for row in chunk.x[self._until_next :: self._every]:
            self._kept.append(row / mvc)
            self._until_look -= 1
            if self._until_look == 0:
                self._look()
                self._until_look = round(1.0 / _INTERVAL_S)
        self._until_next = (self._until_next - len(chunk.x)) % self._every

    def _look(self) -> None:
        """Judge what is kept, once a second."""
        kept = np.array(self._kept)
        kept = np.where(np.isfinite(kept), kept, 0.0)
        lowest, peak = np.quantile(kept, 0.1, axis=0), kept.max(axis=0)
        self.negative = self._named(kept.min(axis=0) < BELOW_ZERO)
        self.high = self._named((peak > LEAST_PEAK) & (lowest > HIGH_REST * peak))

    def _named(self, which: NDArray[np.bool_]) -> tuple[str, ...]:
        return tuple(name for name, chosen in zip(self._channels, which, strict=True) if chosen)
