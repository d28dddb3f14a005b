"""The simulated sensors: sampling rates, noise, and stamps that jitter."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.random import SeedSequence
from numpy.typing import NDArray

Array = NDArray[np.float64]

_LARGEST_JITTER = 0.24
"""Longest jitter of a stamp, sampling intervals: two neighbours never look like a lost sample."""


@dataclass(frozen=True)
class Samples:
    """Consecutive samples of one stream."""

    t: Array
    """True times since the lab began, s, shape [n]."""
    stamp: Array
    """Times that the sensor writes on them: `t` with jitter, strictly increasing, shape [n]."""
    x: Array
    """SI units, shape [n, channel]."""

    def between(self, since_s: float, until_s: float) -> Samples:
        """Return the samples at `since_s` <= t < `until_s`."""
        part = slice(*np.searchsorted(self.t, (since_s, until_s)))
        return Samples(self.t[part], self.stamp[part], self.x[part])


class Sensor:
    """One stream's sensor.

    Parameters
    ----------
    rate_hz
        Sampling rate, Hz; divides 1000.
    noise
        Standard deviation of its noise, in the unit of its samples.
    jitter_s
        Standard deviation of the jitter of its stamps, s.
    seed
        Seed of everything drawn here.
    """

    def __init__(self, rate_hz: float, noise: float, jitter_s: float, seed: SeedSequence) -> None:
        self.rate_hz = rate_hz
        self._every = round(1000 / rate_hz)
        self._noise, self._jitter = noise, jitter_s * rate_hz
        self._interval_s = 1.0 / rate_hz
        of_noise, of_jitter = seed.spawn(2)
        self._noise_rng = np.random.default_rng(of_noise)
        self._jitter_rng = np.random.default_rng(of_jitter)

    def due(self, millisecond: NDArray[np.intp]) -> NDArray[np.intp]:
        """Return the places of those milliseconds since the lab began at which it samples."""
        return np.flatnonzero(millisecond % self._every == 0)

    def sample(self, t: Array, x: Array) -> Samples:
        """Return the samples it takes of the true values `x`, shape [n, channel], at times `t`."""
        jitter = np.clip(
            self._jitter * self._jitter_rng.standard_normal(len(t)),
            -_LARGEST_JITTER,
            _LARGEST_JITTER,
        )
        noisy = x + self._noise * self._noise_rng.standard_normal(x.shape)
        return Samples(t, t + jitter * self._interval_s, noisy)
