"""Amplitude and median frequency of surface EMG, by which fatigue shows.

References
----------
De Luca 1997, J Appl Biomech 13:135 (the median frequency falls as conduction slows).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

BAND_HZ = (20.0, 450.0)
"""Where surface EMG has its power."""
MAINS_HZ = (50.0, 60.0)
"""Hum is left out, whatever the country."""
HUM_WIDTH_HZ = 2.0
RESOLUTION_HZ = 2.0


def spectrum(x: Array, rate_hz: float) -> tuple[Array, Array]:
    """Return amplitude and median frequency of a block of raw EMG.

    Parameters
    ----------
    x
        Raw EMG, V, shape [n, channel], at least half a second of it.
    rate_hz
        Sampling rate, Hz; above 100 Hz.

    Returns
    -------
    tuple
        RMS amplitude in V and median frequency in Hz, each of shape [channel]; NaN as median
        frequency where a channel is flat.
    """
    size = min(len(x), round(rate_hz / RESOLUTION_HZ))
    frequency, power = welch(x, rate_hz, size)
    used = (frequency >= BAND_HZ[0]) & (frequency <= min(BAND_HZ[1], 0.45 * rate_hz))
    for mains in MAINS_HZ:
        from_harmonic = np.abs(frequency - mains * np.round(frequency / mains))
        used &= (from_harmonic >= HUM_WIDTH_HZ) | (frequency < mains / 2)
    frequency, power = frequency[used], power[used]
    reached = np.cumsum(power, axis=0)
    total = reached[-1]
    middle = frequency[np.argmax(reached >= 0.5 * total, axis=0)]
    step_hz = rate_hz / size
    return np.sqrt(total * step_hz), np.where(total > 0, middle, np.nan)


def welch(x: Array, rate_hz: float, size: int) -> tuple[Array, Array]:
    """Return frequencies and power density, V^2/Hz: the mean over segments that overlap by half.

    That of `scipy.signal.welch`, whose import takes longer and more memory than all else here.
    """
    power = np.mean(np.abs(transformed(x, size)) ** 2, axis=0)
    power /= rate_hz * np.sum(_window(size) ** 2)
    power[1 : (size + 1) // 2] *= 2.0  # the negative frequencies, which 0 and half the rate lack
    return np.arange(size // 2 + 1) * rate_hz / size, np.asarray(power, dtype=np.float64)


def transformed(x: Array, size: int) -> NDArray[np.complex128]:
    """Return the transforms of segments that overlap by half, shape [segment, frequency, channel].

    Each is freed of its mean and windowed.
    """
    starts = range(0, len(x) - size + 1, size - size // 2)
    segments = np.stack([x[start : start + size] for start in starts])
    segments = (segments - segments.mean(axis=1, keepdims=True)) * _window(size)
    return np.asarray(np.fft.rfft(segments, axis=1), dtype=np.complex128)


def _window(size: int) -> Array:
    return np.asarray(np.hanning(size + 1)[:-1, None], dtype=np.float64)
