"""What a recording or the network offers: streams as they are measured, whatever they state."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from pipeline.streams.base import Array
from pipeline.streams.recordings.recording import RecordedStream, Recording

BELOW_ZERO = 0.02
"""EMG of which a larger share lies below zero is raw: an envelope only strays there."""
AT_PEAK = (0.9, 1.02)
"""Envelopes whose largest values all lie between are scaled to the peak of the movement."""


@dataclass(frozen=True)
class OfferedStream:
    """A stream there is.

    Parameters
    ----------
    name
        LSL name, or the name that `hillstream play` will give it.
    source_id
        LSL source_id; empty where there is none.
    channels
        Label of each channel; its place from 1 where the sender gives none.
    unit
        As stated; empty where nothing states it.
    rate_hz
        As measured, Hz.
    low, high
        Range of each channel, in the stream's unit; NaN where nothing was seen.
    below_zero
        Share of all samples below zero.
    """

    name: str
    source_id: str
    channels: tuple[str, ...]
    unit: str
    rate_hz: float
    low: Array
    high: Array
    below_zero: float

    @property
    def is_raw(self) -> bool:
        """Whether EMG is raw, rather than an envelope."""
        return self.below_zero > BELOW_ZERO

    @property
    def is_scaled_to_peak(self) -> bool:
        """Whether each channel's largest value is one, as far as that can be seen."""
        return bool(np.all((self.high > AT_PEAK[0]) & (self.high < AT_PEAK[1])))


@dataclass(frozen=True)
class Offer:
    """Everything that a recording or the network offers.

    Parameters
    ----------
    origin
        Where it is from, as a sentence calls it.
    seconds
        How long it was looked at, s.
    streams
        By role: ``emg``, ``angles`` and perhaps ``moments``.
    """

    origin: str
    seconds: float
    streams: Mapping[str, OfferedStream]


def of_recording(recording: Recording, called: str) -> Offer:
    """Return what a recording offers, its streams named as `hillstream play` names them.

    Parameters
    ----------
    called
        How a sentence calls it.
    """
    streams = {
        key: _recorded(f"hillstream-{key}", stream) for key, stream in recording.streams.items()
    }
    return Offer(called, recording.duration_s, streams)


def _recorded(name: str, stream: RecordedStream) -> OfferedStream:
    return OfferedStream(
        name, "", stream.channels, stream.unit, stream.rate_hz, *measured(stream.x)
    )


def measured(x: Array) -> tuple[Array, Array, float]:
    """Return lowest and highest value of each channel, and the share of samples below zero."""
    numbers = np.isfinite(x)
    low = np.where(numbers, x, np.inf).min(axis=0, initial=np.inf)
    high = np.where(numbers, x, -np.inf).max(axis=0, initial=-np.inf)
    seen = numbers.any(axis=0)
    below = float((x[numbers] < 0).mean()) if numbers.any() else 0.0
    return np.where(seen, low, np.nan), np.where(seen, high, np.nan), below
