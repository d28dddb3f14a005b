"""What is told of the EMG beside the moments: levels now and then, raw samples when asked for."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from pipeline.streams.base import Chunk
from pipeline.timebase.pace import Pace

SAMPLES_S = 2.0
"""So much raw EMG is kept, s."""
MOST_SAMPLES = 4096
"""No more of it is kept, or told at once."""

Array = NDArray[np.float64]


class Levels(NamedTuple):
    """Levels of some channels over a short time, fraction of MVC."""

    t: float
    """Time of the newest, s."""
    low: Array
    """Smallest, shape [channel]."""
    high: Array
    """Largest, shape [channel]."""
    level: Array
    """Newest, shape [channel]."""


class LevelWatch:
    """Collects what the envelope gives, and tells of it at a rate of its own.

    While nothing is due it only keeps what it is given: the tick has no time to spare.

    Parameters
    ----------
    channels
        Names, in the order of the chunks' columns.
    told
        Which of them are told of, in their order.
    rate_hz
        How often, Hz; 0 for never.
    """

    def __init__(self, channels: Sequence[str], told: Sequence[str], rate_hz: float) -> None:
        self._places = [list(channels).index(name) for name in told]
        self._pace = Pace(rate_hz)
        self._parts: list[Chunk] = []

    def add(self, levels: Chunk) -> None:
        """Take levels as a fraction of MVC, shape [n, channel]."""
        if len(levels.t):
            self._parts.append(levels)

    def due(self) -> Levels | None:
        """Return the levels since the last time, None where it is not time yet or none came."""
        if not self._parts or not self._pace.due(float(self._parts[-1].t[-1])):
            return None
        t = float(self._parts[-1].t[-1])
        x = np.concatenate([part.x for part in self._parts])[:, self._places]
        self._parts.clear()
        return Levels(t, x.min(axis=0), x.max(axis=0), x[-1])


class RecentEmg:
    """The newest raw EMG, for who wants to look at a channel.

    Parameters
    ----------
    rate_hz
        Nominal sampling rate, Hz.
    max_gap_s
        After a longer gap what was before it is no longer told of, s.
    """

    def __init__(self, rate_hz: float, max_gap_s: float) -> None:
        self._most = min(round(SAMPLES_S * rate_hz), MOST_SAMPLES)
        self._max_gap_s = max_gap_s
        self._parts: deque[Array] = deque()
        self._held = 0
        self._newest = -np.inf

    def add(self, chunk: Chunk) -> None:
        """Take EMG as it came, V, shape [n, channel]; nothing is copied."""
        if chunk.t[0] - self._newest > self._max_gap_s:
            self._parts.clear()
            self._held = 0
        self._newest = float(chunk.t[-1])
        self._parts.append(chunk.x)
        self._held += len(chunk.x)
        while self._held - len(self._parts[0]) >= self._most:
            self._held -= len(self._parts.popleft())

    def channel(self, place: int, now: float) -> Array | None:
        """Return the newest samples of a channel, V; None where there are none of late.

        Parameters
        ----------
        place
            Column of the channel.
        now
            The time, s.
        """
        if now - self._newest > SAMPLES_S:
            return None
        return np.concatenate([x[:, place] for x in self._parts])[-self._most :]
