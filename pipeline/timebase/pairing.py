"""Measurements brought onto the times of the rows, however late they arrive."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from pipeline.streams.base import Array, Chunk
from pipeline.timebase.buffer import SampleBuffer, along_line, bracket


class Interpolator:
    """The samples of one stream, and the values between them.

    Parameters
    ----------
    rate_hz
        Nominal rate of the stream, Hz.
    n_channels
        Channels of a sample.
    max_gap_s
        Longest time between two samples that is bridged, s; never taken as less than 2.5 sampling
        intervals.
    capacity
        Most samples that are held; the oldest give way.
    """

    def __init__(self, rate_hz: float, n_channels: int, max_gap_s: float, capacity: int) -> None:
        self._max_gap_s = max(max_gap_s, 2.5 / rate_hz)
        self._samples = SampleBuffer(capacity, n_channels)

    def push(self, chunk: Chunk) -> None:
        """Take samples, shape [n, channel]; NaN says that there is no value."""
        self._samples.push(chunk.t, chunk.x)

    def reached(self, t: Array) -> int:
        """Return how many of the rising times `t`, s, the stream has passed by now."""
        return int(np.searchsorted(t, self._samples.newest, side="right"))

    def at(self, t: Array) -> Array:
        """Return the values at rising times that have been reached.

        Samples older than these times need are forgotten.

        Returns
        -------
        Array
            Shape [n, channel]; NaN before the first sample that is held, inside a gap, and where
            a sample that is needed for the interpolation is NaN.
        """
        if len(t) == 0:
            return np.empty((0, self._samples.x.shape[1]))
        stamps = self._samples.t
        before, after = bracket(stamps, t)
        values = along_line(self._samples, before, after, t)
        away = (stamps[after] - stamps[before] > self._max_gap_s) | (t < stamps[0])
        values[away] = np.nan
        self._samples.drop_until(int(after[-1]) - 1)
        return values


REFERENCE_WAIT_S = 5.0
"""Longest time a row waits for its reference before it is given up, s."""


class ReferencePairing:
    """Brings reference moments onto the times of rows, by interpolation between time stamps.

    It holds samples alone; the rows wait with whoever asks.

    Parameters
    ----------
    rate_hz
        Nominal rate of the reference stream, Hz.
    channels
        Names of the reference's channels, one per DOF.
    max_gap_s
        Longest time between two reference samples that is bridged, s; never taken as less than
        2.5 sampling intervals.
    capacity
        Most reference samples that are held; the oldest give way.
    """

    streams = ("moments",)
    column = "moment"
    """The column of the rows that it fills."""

    def __init__(
        self, rate_hz: float, channels: Sequence[str], max_gap_s: float, capacity: int
    ) -> None:
        self._reference = Interpolator(rate_hz, len(channels), max_gap_s, capacity)

    def push_reference(self, chunk: Chunk) -> None:
        """Take reference moments, shape [n, dof], N*m; NaN says that there is none."""
        self._reference.push(chunk)

    def reached(self, t: Array) -> int:
        """Return how many of the rising times `t`, s, the reference has passed by now."""
        return self._reference.reached(t)

    def at(self, t: Array) -> Array:
        """Return the reference at rising times that have been reached, none earlier than before.

        Returns
        -------
        Array
            Shape [n, dof], N*m; NaN before the first reference sample, inside a gap, and where
            a sample of the reference needed for the interpolation is NaN.
        """
        return self._reference.at(t)
