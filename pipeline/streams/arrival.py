"""Stamps for samples of a sender that sends none."""

from __future__ import annotations

import numpy as np

from pipeline.streams.base import Array


class ArrivalStamper:
    """Stamps samples of a sender that does not: evenly, at the nominal rate, near their arrival.

    A message that comes early or late moves the stamps by a twentieth of the difference, at most
    by half an interval, so that they stay evenly spaced although messages are not; after a pause
    they start anew.

    Parameters
    ----------
    rate_hz
        Nominal sampling rate, Hz.
    """

    GAIN = 0.05
    RESTART_S = 0.1
    """Difference between expected and real arrival that counts as a pause, s."""

    def __init__(self, rate_hz: float) -> None:
        self._interval_s = 1 / rate_hz
        self._newest = -np.inf

    def stamps(self, n: int, arrival: float) -> Array:
        """Return the stamps of `n` samples of which the newest arrived at `arrival`, in s."""
        expected = self._newest + n * self._interval_s
        late = arrival - expected
        limit = self._interval_s / 2  # so that a correction makes neither overlap nor gap
        moved = expected + float(np.clip(self.GAIN * late, -limit, limit))
        newest = arrival if abs(late) > self.RESTART_S else moved
        self._newest = newest
        return newest - self._interval_s * np.arange(n - 1, -1, -1, dtype=np.float64)
