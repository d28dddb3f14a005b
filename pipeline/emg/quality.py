"""How clean a stretch of raw EMG is: its levels, hum, motion artefact, and what channels share.

References
----------
De Luca et al. 2010, J Biomech 43:1573 (below 20 Hz movement artefact has more power than EMG).
Abser et al. 2011, CMBES Proc 34 (hum is what stands above the spectrum on either side of it).
Winter, Fuglevand, Archer 1994, J Electromyogr Kinesiol 4:15 (common signal of two electrode pairs
by the cross-correlation of their raw signals). Farina et al. 2004, Methods Inf Med 43:30 (which
shows only that part of crosstalk whose shape is kept).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from pipeline.emg.spectrum import BAND_HZ, MAINS_HZ, RESOLUTION_HZ, transformed, welch

Array = NDArray[np.float64]

PIECE_S = 0.1
"""Stretches whose level is told: a muscle rests between two strides for as long."""
_LINE_HZ = 4.0
"""How far a hum at a frequency between two of the spectrum's reaches to either side."""
_BESIDE_HZ = 10.0
"""Up to here on either side the spectrum says what would be there without hum."""
_TINY = 1e-300


class SignalQuality(NamedTuple):
    """Of each channel, each of shape [channel]."""

    quietest_v: Array
    """Lowest RMS of any `PIECE_S` in the band of surface EMG, hum included, V."""
    loudest_v: Array
    """Highest, V."""
    line_share: Array
    """Share of the power in that band that stands out at 50 or 60 Hz and its harmonics."""
    motion_share: Array
    """Share of the power up to that band's end that is below it."""
    common_share: Array
    """Share of the power in that band that is also in the channel that is most alike."""
    common_with: NDArray[np.intp]
    """Place of that channel; its own where there is no other."""


def signal_quality(x: Array, rate_hz: float) -> SignalQuality:
    """Return how clean a block of raw EMG is.

    Parameters
    ----------
    x
        Raw EMG, V, shape [n, channel], at least half a second of it. A channel with a value that
        is not finite has shares of zero or NaN, and spoils no other.
    rate_hz
        Sampling rate, Hz; above 100 Hz.
    """
    size = min(len(x), round(rate_hz / RESOLUTION_HZ))
    hz, density = welch(x, rate_hz, size)
    quietest, loudest = _levels(x, rate_hz)
    top = _top(rate_hz)
    heard = density[(hz > 0) & (hz <= top)].sum(axis=0) + _TINY
    return SignalQuality(
        quietest,
        loudest,
        _line_share(hz, density, top),
        density[(hz > 0) & (hz < BAND_HZ[0])].sum(axis=0) / heard,
        *_common(transformed(x, size)[:, _without_hum(hz, top)]),
    )


def _top(rate_hz: float) -> float:
    return min(BAND_HZ[1], 0.45 * rate_hz)


def _levels(x: Array, rate_hz: float) -> tuple[Array, Array]:
    """Return the lowest and the highest RMS of short pieces, V."""
    size = round(PIECE_S * rate_hz)
    pieces = x[: len(x) // size * size].reshape(-1, size, x.shape[1])
    window = np.hanning(size + 2)[1:-1, None]
    steady = pieces - pieces.mean(axis=1, keepdims=True)
    power = np.abs(np.fft.rfft(steady * window, axis=1)) ** 2
    hz = np.fft.rfftfreq(size, 1.0 / rate_hz)
    inside = power[:, (hz >= BAND_HZ[0]) & (hz <= _top(rate_hz))].sum(axis=1)
    rms = np.sqrt(2.0 * inside / (size * np.sum(window**2)))
    return rms.min(axis=0), rms.max(axis=0)


def _line_share(hz: Array, density: Array, top: float) -> Array:
    """Return the share that stands out at the mains, of the country where that is the larger."""
    total = density[(hz >= BAND_HZ[0]) & (hz <= top)].sum(axis=0) + _TINY
    found = [_outstanding(hz, density, mains, top) / total for mains in MAINS_HZ]
    return np.asarray(np.clip(np.max(found, axis=0), 0.0, 1.0))


def _outstanding(hz: Array, density: Array, mains: float, top: float) -> Array:
    """Return what the harmonics have beyond the spectrum on either side of them."""
    more = np.zeros(density.shape[1])
    for line in np.arange(mains, top - _BESIDE_HZ, mains):
        apart = np.abs(hz - line)
        at, beside = apart <= _LINE_HZ, (apart > _LINE_HZ) & (apart <= _BESIDE_HZ)
        more += density[at].sum(axis=0) - at.sum() * density[beside].mean(axis=0)
    return more


def _without_hum(hz: Array, top: float) -> NDArray[np.bool_]:
    """Tell which frequencies say something of the muscles alone: hum is in all channels alike."""
    used = (hz >= BAND_HZ[0]) & (hz <= top)
    for mains in MAINS_HZ:
        used &= np.abs(hz - mains * np.round(hz / mains)) > _LINE_HZ
    return used


def _common(segments: NDArray[np.complex128]) -> tuple[Array, NDArray[np.intp]]:
    """Return the largest squared correlation of each channel with another, and with which.

    Parameters
    ----------
    segments
        Transforms, shape [segment, frequency, channel].
    """
    flat = segments.reshape(-1, segments.shape[-1])
    products = np.real(flat.conj().T @ flat)
    power = np.diag(products)
    shared = np.nan_to_num(products**2 / (np.outer(power, power) + _TINY))
    np.fill_diagonal(shared, 0.0)
    most = shared.argmax(axis=1)
    share = shared[np.arange(len(shared)), most]
    return share, np.where(share > 0.0, most, np.arange(len(shared)))
