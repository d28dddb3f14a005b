"""Faults of an EMG channel, judged on some hundredths of a second of it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pipeline.streams.base import Array

REASONS = ("not a number", "saturated", "flat", "too loud", "line noise only")
"""What can be wrong, the plainest first; `FaultFinder.find` counts them from one."""
LARGEST = 1e6
"""V or MVC; what no electrode gives counts as not a number."""
_HARMONICS = 3
_TINY = 1e-300


@dataclass(frozen=True)
class FaultLimits:
    """What a plausible channel looks like.

    All but `flat` need to know the channel's MVC; with one that is far too high they find nothing.
    """

    missing_share: float = 0.5
    """Share of values that are not numbers from which on a channel is gone."""
    flat: float = 1e-9
    """Samples that lie this close together, V, are a channel that says nothing."""
    loud: float = 4.0
    """Mean rectified amplitude that no muscle reaches, MVC."""
    clipped_share: float = 0.25
    """Share of samples exactly at the highest and the lowest value that means saturation."""
    clipped_range: float = 2.0
    """Range of the samples, MVC, from which on that share is looked at: a coarse converter
    repeats its values too where a muscle rests."""
    line_hz: tuple[float, ...] = (50.0, 60.0)
    """Line frequencies; empty where line noise is not looked for."""
    line_share: float = 0.9
    """Share of the power that the line and its harmonics make up where there is nothing else."""
    line_least: float = 0.02
    """Mean rectified amplitude, MVC, below which line noise does no harm."""


class FaultFinder:
    """Judges windows of a fixed length.

    Parameters
    ----------
    rate_hz
        Sampling rate, Hz.
    size
        Samples of a window.
    limits
        What is a fault.
    raw
        Whether the samples are raw EMG. A ready envelope cannot be line noise only, its amplitude
        is its value, and it may rest at zero.
    """

    def __init__(self, rate_hz: float, size: int, limits: FaultLimits, *, raw: bool) -> None:
        self._limits, self._raw = limits, raw
        time = np.arange(size) / rate_hz
        drift = np.stack((np.ones(size), time - time.mean()), 1)
        self._drift = np.linalg.qr(drift)[0] if raw else np.zeros((size, 1))
        lines = limits.line_hz if raw else ()
        self._lines = [_line(hz, rate_hz, time, self._drift) for hz in lines]

    def find(self, window: Array, mvc: Array) -> NDArray[np.intp]:
        """Return what is wrong with each channel, 0 or the place in `REASONS` plus one.

        Parameters
        ----------
        window
            Shape [time, channel]; may hold values that are not finite. Of several windows, shape
            [window, time, channel], all values are good.
        mvc
            Envelope of each channel at maximum voluntary contraction, V (1 for ready envelopes),
            shape [channel].

        Returns
        -------
        array
            Shape [channel], or [window, channel].
        """
        limits, usable = self._limits, good(window)
        whole = bool(usable.all())
        x = window if whole else _held_from_the_first(window, usable)
        highest, lowest = x.max(-2), x.min(-2)
        still = highest - lowest <= limits.flat
        steady = x - self._drift @ (self._drift.T @ x)  # an artefact's drift is filtered away
        level = np.abs(steady).sum(-2) / (x.shape[-2] * mvc)
        faults = (
            np.zeros_like(still) if whole else 1.0 - usable.mean(-2) > limits.missing_share,
            self._saturated(x, highest, lowest, mvc)
            | (still & (np.abs(highest) >= self._wide(mvc))),
            still & (self._raw | (highest != 0.0)),  # a ready envelope may rest at zero
            level > limits.loud,
            (level > limits.line_least) & self._is_line(steady),
        )
        found = np.array(faults)
        return np.where(found.any(0), found.argmax(0) + 1, 0)

    def _wide(self, mvc: Array) -> Array:
        return self._limits.clipped_range * mvc

    def _saturated(self, x: Array, highest: Array, lowest: Array, mvc: Array) -> NDArray[np.bool_]:
        """Tell which channels swing between two rails."""
        swings = highest - lowest >= self._wide(mvc)
        if not swings.any():
            return np.asarray(swings)
        rails = (x == highest[..., None, :]) | (x == lowest[..., None, :])
        share = rails.mean(-2)
        return np.asarray(swings & (share >= self._limits.clipped_share))

    def _is_line(self, steady: Array) -> NDArray[np.bool_]:
        """Tell in which channels a line frequency and its harmonics make up nearly everything."""
        power = np.square(steady).sum(-2) + _TINY
        found = np.zeros(power.shape, dtype=bool)
        for basis in self._lines:
            found |= np.square(basis.T @ steady).sum(-2) >= self._limits.line_share * power
        return found


def _held_from_the_first(window: Array, usable: NDArray[np.bool_]) -> Array:
    """Return a window with bad values replaced by the good one before, or by the first one."""
    first = window[np.argmax(usable, axis=0), np.arange(window.shape[1])]
    return held_where_bad(np.vstack((first, window)))[1:]


def good(x: Array) -> NDArray[np.bool_]:
    """Tell which values an electrode can have given."""
    return np.asarray(np.abs(x) < LARGEST)


def held_where_bad(x: Array) -> Array:
    """Return samples [time, channel] with bad values replaced by the newest good one before.

    Zero where there is none.
    """
    usable = good(x)
    if usable.all():
        return x
    place = np.where(usable, np.arange(len(x))[:, None], 0)
    newest = np.maximum.accumulate(place, axis=0)
    held = np.take_along_axis(x, newest, axis=0)
    return np.where(good(held), held, 0.0)


def _line(hz: float, rate_hz: float, time: Array, drift: Array) -> Array:
    """Return an orthonormal basis of a line frequency and its harmonics, freed of the drift."""
    waves = [
        wave(2.0 * np.pi * k * hz * time)
        for k in range(1, _HARMONICS + 1)
        if k * hz < 0.5 * rate_hz
        for wave in (np.sin, np.cos)
    ]
    basis = np.stack(waves or [np.zeros_like(time)], 1)
    return np.asarray(np.linalg.qr(basis - drift @ (drift.T @ basis))[0])
