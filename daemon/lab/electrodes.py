"""Surface EMG of the simulated person: noise whose amplitude follows the excitation."""

from __future__ import annotations

import numpy as np
from numpy.random import SeedSequence
from numpy.typing import NDArray
from scipy import signal

Array = NDArray[np.float64]

EMG_RATE_HZ = 1000
_SPECTRUM_HZ = (20.0, 450.0)
"""Where surface EMG has its power."""
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
        self._spectrum = signal.butter(2, _SPECTRUM_HZ, "bandpass", fs=EMG_RATE_HZ, output="sos")
        self._state = np.zeros((len(self._spectrum), 2, len(mvc)))
        passed = signal.butter(band_order, band_hz, "bandpass", fs=EMG_RATE_HZ, output="sos")
        # A Gaussian signal of standard deviation s has the mean rectified value s sqrt(2 / pi).
        heard = _gain(np.concatenate([self._spectrum, passed]))
        self._full = mvc / (heard * np.sqrt(2.0 / np.pi))
        self._unit = 1.0 / _gain(self._spectrum)

    def record(self, t: Array, excitation: Array) -> Array:
        """Return the raw EMG in V of the next samples.

        Parameters
        ----------
        t
            Their times in s, shape [time].
        excitation
            Shape [time, channel].
        """
        white = self._source.standard_normal(excitation.shape)
        source, self._state = signal.sosfilt(self._spectrum, white, axis=0, zi=self._state)
        amplitude = np.hypot(self._full * excitation, self._unit * self._tone_v)
        hum = self._hum_v * np.sin(2.0 * np.pi * _HUM_HZ * t)[:, None]
        noise = self._noise_v * self._noise.standard_normal(excitation.shape)
        recorded: Array = amplitude * source + hum + noise + self._offset
        return recorded


def _gain(sos: Array) -> float:
    """Return the standard deviation of white noise of unit variance behind a filter."""
    _, response = signal.sosfreqz(sos, worN=8192)
    return float(np.sqrt(np.mean(np.abs(response) ** 2)))
