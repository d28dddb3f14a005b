"""The watch over values that cannot be: they come from a wrong unit, not from the person.

A pure step from sample to sample, driven by the samples' own times.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pipeline.streams.base import Array

SUSTAINED_S = 0.1
"""Time over which values are out of range before it is a fault and no spike, s."""
RETURN_S = 1.0
"""Time within range after which a stream with a fault is believed again, s: what is in a wrong unit
passes through zero now and then."""


@dataclass(frozen=True)
class Outlier:
    """A value that cannot be."""

    channel: str
    value: float
    low: float
    high: float
    """The range it should lie in."""


class RangeWatch:
    """Tells which samples may be used.

    A single sample out of range is left out. From `SUSTAINED_S` of them on there is a fault, and
    nothing is used until `return_s` have been within range.

    Parameters
    ----------
    channels
        Channel names.
    low, high
        Least and greatest value that can be, shape [channel].
    return_s
        Time within range that ends a fault, s.
    """

    def __init__(
        self, channels: Sequence[str], low: Array, high: Array, return_s: float = RETURN_S
    ) -> None:
        self._channels, self._low, self._high = tuple(channels), low, high
        self._return_s = return_s
        self._since: float | None = None
        self._newest = -np.inf
        self.left_out = 0
        """Samples left out so far."""
        self.fault: Outlier | None = None
        """The newest value out of range, while there is a fault."""

    def usable(self, t: Array, x: Array) -> NDArray[np.bool_]:
        """Tell which of the next samples may be used, shape [n].

        Parameters
        ----------
        t, x
            Times in s, shape [n], and values, shape [n, channel]; NaN is in range.
        """
        outside = (x < self._low) | (x > self._high)
        keep = np.asarray(~outside.any(axis=1))
        if keep.all() and self._since is None:
            return keep
        for i, stamp in enumerate(t.tolist()):
            if keep[i]:
                keep[i] = self._within(stamp)
            else:
                self._beyond(stamp, x[i], int(np.argmax(outside[i])))
        self.left_out += int(np.count_nonzero(~keep))
        return keep

    def _within(self, stamp: float) -> bool:
        """Take note of a sample in range; tell whether it may be used."""
        wait_s = SUSTAINED_S if self.fault is None else self._return_s
        if stamp - self._newest >= wait_s:
            self._since, self.fault = None, None
        return self.fault is None

    def _beyond(self, stamp: float, values: Array, place: int) -> None:
        """Take note of a sample out of range."""
        self._newest = stamp
        self._since = stamp if self._since is None else self._since
        if self.fault is not None or stamp - self._since >= SUSTAINED_S:
            low, high = float(self._low[place]), float(self._high[place])
            self.fault = Outlier(self._channels[place], float(values[place]), low, high)
