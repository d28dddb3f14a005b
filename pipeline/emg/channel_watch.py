"""The watch over EMG channels: electrodes that have come off, and when they are back.

A pure step from state to state, driven by the samples alone. Every hundredth of a second the last
60 ms of each channel are judged, so that a channel which fails is known 70 ms later at the latest.
What comes out does not depend on how the samples were cut into chunks.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from pipeline.emg.channel_faults import REASONS, FaultFinder, FaultLimits, good, held_where_bad
from pipeline.streams.base import Array, Chunk

Flags = NDArray[np.bool_]
Counts = NDArray[np.intp]

WINDOW_S = 0.06
"""What a judgement is made on, s: three periods of a 50 Hz line."""
LOOK_EVERY_S = 0.01
"""Time between two judgements, s."""
PAUSE_S = 0.1
"""After a silence this long nothing is judged until there is a whole window again, s."""


@dataclass(frozen=True)
class WatchState:
    """Everything the watch remembers between two samples."""

    newest: float
    """Time of the newest sample, s."""
    window: Array
    """The newest samples since the last pause, shape [up to a window's worth, channel]."""
    until_look: int
    """Samples until the next judgement."""
    reason: Counts
    """0 where a channel is valid, else the place in `REASONS` of its newest fault plus one,
    shape [channel]."""
    faultless: Counts
    """Samples without a fault since a channel's last one, shape [channel]."""
    held: Array
    """Newest finite value of each channel, shape [channel]."""


@dataclass(frozen=True)
class Change:
    """A channel that has become faulty or valid again."""

    t: float
    """Time of the sample at which it was seen, s."""
    channel: str
    reason: str | None
    """What is wrong with it; None where it is valid again."""


class Watched(NamedTuple):
    """Samples that can be filtered, and what of them is valid."""

    chunk: Chunk
    """The same samples, every value that is not finite replaced by the last one that was."""
    valid: Flags | None
    """Shape [n, channel]; None where all of them are."""
    changes: tuple[Change, ...]


class ChannelWatch:
    """Watches the channels of an EMG stream, raw or as ready envelopes.

    What a channel that is faulty gives is passed on all the same, so that the filters have
    settled by the time it is back.

    Parameters
    ----------
    channels
        Channel names.
    rate_hz
        Nominal sampling rate, Hz.
    limits
        What is a fault.
    return_s
        Time without a fault after which a channel is valid again, s.
    raw
        Whether the samples are raw EMG and not ready envelopes.
    """

    def __init__(
        self,
        channels: Sequence[str],
        rate_hz: float,
        limits: FaultLimits,
        return_s: float = 1.0,
        *,
        raw: bool = True,
    ) -> None:
        self.channels = tuple(channels)
        self._size = max(3, round(WINDOW_S * rate_hz))
        self._every = max(1, round(LOOK_EVERY_S * rate_hz))
        self._return = round(return_s * rate_hz)
        self._finder = FaultFinder(rate_hz, self._size, limits, raw=raw)
        nothing = np.zeros(len(channels), dtype=np.intp)
        self.state = WatchState(
            newest=-np.inf,
            window=np.empty((0, len(channels))),
            until_look=self._every,
            reason=nothing,
            faultless=nothing,
            held=np.zeros(len(channels)),
        )

    @property
    def faulty(self) -> dict[str, str]:
        """The channels that are faulty, each with what is wrong with it."""
        reasons = zip(self.channels, self.state.reason, strict=True)
        return {channel: REASONS[reason - 1] for channel, reason in reasons if reason}

    def process(self, chunk: Chunk, mvc: Array) -> Watched:
        """Take the next samples.

        Parameters
        ----------
        chunk
            Shape [n, channel], V; values may be NaN or infinite.
        mvc
            Envelope of each channel at maximum voluntary contraction, V (1 for ready envelopes),
            shape [channel].
        """
        if self._sound(chunk, mvc):
            return Watched(chunk, np.ones(chunk.x.shape, dtype=bool), ())
        valid = np.empty(chunk.x.shape, dtype=bool)
        finite = np.empty(chunk.x.shape)
        changes: list[Change] = []
        stamps = (self.state.newest, *chunk.t.tolist())
        pauses = [i for i, (a, b) in enumerate(pairwise(stamps)) if b - a > PAUSE_S]
        start = 0
        while start < len(chunk.t):
            if start in pauses:
                self.state = self._after_pause()
            next_pause = next((pause for pause in pauses if pause > start), len(chunk.t))
            stop = min(start + self.state.until_look, next_pause)
            part = slice(start, stop)
            valid[part] = self.state.reason == 0
            finite[part] = self._take(chunk.t[part], chunk.x[part])
            if self.state.until_look == 0:
                changes += self._look(mvc)
                valid[stop - 1] = self.state.reason == 0
            start = stop
        return Watched(Chunk(chunk.stream, chunk.t, finite), valid, tuple(changes))

    def _sound(self, chunk: Chunk, mvc: Array) -> bool:
        """Judge a long chunk's windows at once, and take it if nothing is wrong with any.

        Recordings pass in long chunks, nearly all of them sound; what is not is left for one
        judgement after the other.
        """
        state, size, every = self.state, self._size, self._every
        few = len(chunk.t) < state.until_look + every
        if few or len(state.window) < size or state.reason.any():
            return False
        pauses = np.diff(chunk.t, prepend=state.newest) > PAUSE_S
        if pauses.any() or not (good(chunk.x).all() and good(state.window).all()):
            return False
        looks = np.arange(state.until_look, len(chunk.t) + 1, every)
        x = np.vstack((state.window, chunk.x))
        windows = sliding_window_view(x, size, axis=0)[looks].swapaxes(-1, -2)
        if self._finder.find(windows, mvc).any():
            return False
        self.state = replace(
            state,
            newest=float(chunk.t[-1]),
            window=x[-size:].copy(),
            until_look=int(looks[-1]) + every - len(chunk.t),
            faultless=state.faultless + every * len(looks),
            held=chunk.x[-1].copy(),
        )
        return True

    def _after_pause(self) -> WatchState:
        return replace(self.state, window=self.state.window[:0], until_look=self._every)

    def _take(self, t: Array, x: Array) -> Array:
        """Take samples into the window; return them with the last good value where one is bad."""
        state = self.state
        filled = held_where_bad(np.vstack((state.held, x)))
        self.state = replace(
            state,
            newest=float(t[-1]),
            window=np.vstack((state.window, x))[-self._size :],
            until_look=state.until_look - len(t),
            held=filled[-1],
        )
        return filled[1:]

    def _look(self, mvc: Array) -> list[Change]:
        """Judge the window; return which channels have become faulty or valid again."""
        state = replace(self.state, until_look=self._every)
        self.state = state
        if len(state.window) < self._size:
            return []
        found = self._finder.find(state.window, mvc)
        faultless = np.where(found > 0, 0, state.faultless + self._every)
        back = (state.reason > 0) & (faultless >= self._return)
        fallen = (state.reason == 0) & (found > 0)
        reason = np.where(found > 0, found, np.where(back, 0, state.reason))
        self.state = replace(state, reason=reason, faultless=faultless)
        return [
            Change(state.newest, self.channels[i], REASONS[reason[i] - 1] if reason[i] else None)
            for i in np.flatnonzero(back | fallen)
        ]
