"""Reference moments brought onto the times of the rows, however late they arrive."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from pipeline.buffer import BufferStatistics, SampleBuffer, along_line, bracket
from pipeline.streams.base import Array, Chunk


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
        self._max_gap_s = max(max_gap_s, 2.5 / rate_hz)
        self._times = SampleBuffer(capacity, 0)
        self._reference = SampleBuffer(capacity, len(channels))
        self._n_channels = len(channels)

    def push_reference(self, chunk: Chunk) -> None:
        """Take reference moments, shape [n, dof], N*m; NaN says that there is none."""
        self._reference.push(chunk.t, chunk.x)

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
        waiting = self._times.t
        n = int(np.searchsorted(waiting, self._reference.newest, side="right"))
        t = waiting[:n].copy()
        self._times.drop_until(n)
        if n == 0:
            return t, np.empty((0, self._n_channels))
        stamps = self._reference.t
        before, after = bracket(stamps, t)
        moment = along_line(self._reference, before, after, t)
        away = (stamps[after] - stamps[before] > self._max_gap_s) | (t < stamps[0])
        moment[away] = np.nan
        self._reference.drop_until(int(after[-1]) - 1)
        return t, moment

    def statistics(self) -> dict[str, BufferStatistics]:
        """Return how full the buffers of waiting ``times`` and of the ``reference`` are."""
        return {"times": self._times.statistics(), "reference": self._reference.statistics()}
