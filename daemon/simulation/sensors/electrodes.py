"""Surface EMG of the simulated person: noise whose amplitude follows the excitation.

Its power spectrum is f^2 / ((f^2 + fl^2) (f^2 + fh^2)^2), with a median of 95 Hz when rested. Where
conduction slows to a share v, both corners fall to that share, and the median with them.

References
----------
Shwedyk, Balasubramanian, Scott 1977, IEEE TBME 24:417 (the spectrum). Stulen, De Luca 1981,
IEEE TBME 28:515 (its median frequency, and the slowing).
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.random import SeedSequence
from numpy.typing import NDArray
from scipy import signal

Array = NDArray[np.float64]

EMG_RATE_HZ = 1000
_LOW_CORNER_HZ, _HIGH_CORNER_HZ = 60.0, 120.0
"""fl and fh of rested muscle."""
_TAPS = 129
"""Length of the filter that makes the spectrum."""
_NO_POLE = np.array([1.0, 0.0])
"""Two coefficients: with one, scipy sums in an order that depends on how time is cut."""
_RESOLUTION = 2048
"""Frequencies at which a response is integrated."""
_HUM_HZ = 50.0
_LARGEST_OFFSET_V = 2e-4
"""The electrodes' direct-current offsets are drawn from either side of zero up to this, V."""


class Electrodes:
    """Raw EMG whose envelope, as the daemon takes it, is the excitation times the MVC.

    Parameters
    ----------
    mvc
        Envelope at full excitation, V, shape [channel].
    band_hz, band_order
        The daemon's Butterworth band-pass, which the amplitude is calibrated for.
    noise_v
        White noise of the electrodes, V RMS.
    hum_v
        Amplitude of the 50 Hz hum, V.
    tone_v
        Muscle tone at rest, V RMS, beside the EMG of the excitation.
    seed
        Seed of everything drawn here.
    """

    def __init__(
        self,
        mvc: Array,
        band_hz: tuple[float, float],
        band_order: int,
        noise_v: float,
        hum_v: float,
        tone_v: float,
        seed: SeedSequence,
    ) -> None:
        of_source, of_noise, of_offset = seed.spawn(3)
        self._source = np.random.default_rng(of_source)
        self._noise = np.random.default_rng(of_noise)
        self._noise_v, self._hum_v, self._tone_v = noise_v, hum_v, tone_v
        offset = np.random.default_rng(of_offset)
        self._offset = offset.uniform(-_LARGEST_OFFSET_V, _LARGEST_OFFSET_V, len(mvc))
        self._mvc = mvc
        self._band = (band_order, *band_hz)
        self._state = np.zeros((_TAPS - 1, len(mvc)))

    def record(self, t: Array, excitation: Array, conduction: Array, gain: Array) -> Array:
        """Return the raw EMG in V of the next samples.

        Parameters
        ----------
        t
            Their times in s, shape [time].
        excitation
            Shape [time, channel].
        conduction
            Conduction velocity as a share of the rested one, shape [time, channel].
        gain
            What all that an electrode records is multiplied by, shape [time, channel].
        """
        white = self._source.standard_normal(excitation.shape)
        muscle = np.empty_like(white)
        changes = np.flatnonzero((np.diff(conduction, axis=0) != 0.0).any(axis=1)) + 1
        for rows in np.split(np.arange(len(t)), changes):
            self._fill(muscle, white, excitation, conduction, slice(rows[0], rows[-1] + 1))
        hum = self._hum_v * np.sin(2.0 * np.pi * _HUM_HZ * t)[:, None]
        noise = self._noise_v * self._noise.standard_normal(excitation.shape)
        return np.asarray(gain * (muscle + hum + noise + self._offset))

    def _fill(
        self, muscle: Array, white: Array, excitation: Array, conduction: Array, rows: slice
    ) -> None:
        """Write the muscles' part of some rows in which no conduction velocity changes."""
        now = conduction[rows.start]
        for velocity in np.unique(now):
            channels = np.flatnonzero(now == velocity)
            source, self._state[:, channels] = signal.lfilter(
                _spectrum(velocity),
                _NO_POLE,
                white[rows, channels],
                axis=0,
                zi=self._state[:, channels],
            )
            # A Gaussian signal of standard deviation s has the mean rectified value s sqrt(2/pi).
            full = self._mvc[channels] / (_heard(velocity, *self._band) * np.sqrt(2.0 / np.pi))
            tone = self._tone_v / _gain(velocity)
            muscle[rows, channels] = np.hypot(full * excitation[rows, channels], tone) * source


@lru_cache(maxsize=64)
def _spectrum(velocity: float) -> Array:
    """Return the taps of the filter that gives white noise the spectrum of EMG."""
    f = np.linspace(0.0, EMG_RATE_HZ / 2, _TAPS)
    low, high = velocity * _LOW_CORNER_HZ, velocity * _HIGH_CORNER_HZ
    gain = high**2 * f / (np.hypot(f, low) * (f * f + high * high))
    return np.asarray(signal.firwin2(_TAPS, f, gain, fs=EMG_RATE_HZ))


@lru_cache(maxsize=64)
def _heard(velocity: float, band_order: int, low_hz: float, high_hz: float) -> float:
    """Return the standard deviation of the EMG of unit white noise in the daemon's band."""
    band = signal.butter(band_order, (low_hz, high_hz), "bandpass", fs=EMG_RATE_HZ)
    _, passed = signal.freqz(*band, worN=_RESOLUTION)
    return _gain(velocity, passed)


def _gain(velocity: float, passed: Array | float = 1.0) -> float:
    """Return the standard deviation of the EMG of unit white noise behind a filter's response."""
    _, response = signal.freqz(_spectrum(velocity), worN=_RESOLUTION)
    return float(np.sqrt(np.mean(np.abs(response * passed) ** 2)))
