"""What is measured brought onto the times of the rows, however late it arrives."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from pipeline.streams.base import Array, Chunk
from pipeline.timebase.buffer import BufferStatistics, SampleBuffer, along_line, bracket


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

    def statistics(self) -> BufferStatistics:
        """Return how full the buffer of samples is."""
        return self._samples.statistics()


class ReferencePairing:
    """Pairs row times with reference moments, by interpolation between time stamps.

    Times wait until the reference has passed them. Both sides are bounded: when the reference
    stays away, the oldest waiting times are given up and counted.

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
        Most waiting times, and most reference samples, that are held.
    """

    streams = ("moments",)
    column = "moment"
    """The column of the rows that it fills."""

    def __init__(
        self, rate_hz: float, channels: Sequence[str], max_gap_s: float, capacity: int
    ) -> None:
        self._times = SampleBuffer(capacity, 0)
        self._reference = Interpolator(rate_hz, len(channels), max_gap_s, capacity)

    def push_reference(self, chunk: Chunk) -> None:
        """Take reference moments, shape [n, dof], N*m; NaN says that there is none."""
        self._reference.push(chunk)

    def push_times(self, t: Array) -> None:
        """Take the times of new rows, shape [n], s, increasing."""
        self._times.push(t, np.empty((len(t), 0)))

    def paired(self) -> tuple[Array, Array]:
        """Return the waiting times that the reference has passed, and its moments then.

        Returns
        -------
        t
            Shape [n], s; each time is returned once.
        moment
            Shape [n, dof], N*m; NaN before the first reference sample, inside a gap, and where
            a sample of the reference needed for the interpolation is NaN.
        """
        n = self._reference.reached(self._times.t)
        t = self._times.t[:n].copy()
        self._times.drop_until(n)
        return t, self._reference.at(t)

    def statistics(self) -> dict[str, BufferStatistics]:
        """Return how full the buffers of waiting ``times`` and of the ``reference`` are."""
        return {"times": self._times.statistics(), "reference": self._reference.statistics()}
