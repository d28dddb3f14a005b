"""The shapes every stream has, whatever carries it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Origin:
    """Where a wanted channel comes from, and what makes the sender's values ours.

    Parameters
    ----------
    channel
        The sender's label, or the place among its channels, from 1; of several electrodes that
        make one channel all of them, whose mean is taken. A label may be a pattern: ``HD-*``.
    minus
        Label or place of what is subtracted: the other electrode of a bipolar pair.
    factor
        What its values are multiplied by: -1 where its positive direction is the other one.
    offset
        What is added then, in the configured unit.
    """

    channel: str | int | tuple[str | int, ...]
    factor: float = 1.0
    offset: float = 0.0
    minus: str | int | None = None

    @property
    def several(self) -> tuple[str | int, ...]:
        """What the mean is taken of."""
        return self.channel if isinstance(self.channel, tuple) else (self.channel,)


@dataclass(frozen=True)
class StreamSpec:
    """What the pipeline wants from one stream.

    Parameters
    ----------
    key
        The stream's role: ``emg``, ``angles``, ``moments``, ``external`` or ``accelerations``.
    channels
        Names of the wanted channels; a chunk's columns come in this order, whatever the
        sender's own order.
    rate_hz
        Nominal sampling rate in Hz.
    to_si
        Factor from the sender's unit to SI (V, rad, N*m, rad/s^2; 1 for ready envelopes).
    keep_nonfinite
        True for moments and external torque, where NaN says "no reference here"; elsewhere
        samples that are not finite are dropped and counted.
    latency_s
        Fixed latency of the sender in seconds, subtracted from its time stamps.
    largest
        A larger magnitude, in SI units, cannot be and counts as not finite.
    reference
        True for what is compared with the moments and may come late, paired by its stamps.
    origins
        Where wanted channels come from that are not found by their own names.
    scales
        Factors to SI of units that only the set-up knows, such as converter counts.
    """

    key: str
    channels: tuple[str, ...]
    rate_hz: float
    to_si: float = 1.0
    keep_nonfinite: bool = False
    latency_s: float = 0.0
    largest: float = 1e9
    reference: bool = False
    origins: Mapping[str, Origin] = field(default_factory=dict, hash=False)
    scales: Mapping[str, float] = field(default_factory=dict, hash=False)


@dataclass(frozen=True)
class Chunk:
    """Some consecutive samples of one stream.

    Parameters
    ----------
    stream
        Key of the stream, as in its `StreamSpec`.
    t
        Time stamps, shape [n], seconds on this machine's LSL clock, strictly increasing.
    x
        Samples, shape [n, channels], SI units.
    """

    stream: str
    t: Array
    x: Array


class SourceState(StrEnum):
    """Where a stream stands."""

    RESOLVING = "RESOLVING"
    """Looked for, not seen yet."""
    LIVE = "LIVE"
    """Samples arrive."""
    STALE = "STALE"
    """Connected, but the newest sample is older than the limit."""
    LOST = "LOST"
    """Was there, went away; being looked for again."""
    ENDED = "ENDED"
    """A recording that has been read to its end."""


@dataclass(frozen=True)
class StreamHealth:
    """What is known of a stream at one moment; counts run since the source was opened."""

    key: str
    """Role of the stream."""
    state: SourceState
    """RESOLVING, LIVE, STALE, LOST or ENDED."""
    age_s: float | None
    """Age of the newest sample in seconds; None before the first."""
    received: int
    """Samples that arrived."""
    rate_hz: float | None
    """Rate measured from the time stamps, Hz; None before there are two samples."""
    gaps: int
    """Jumps of the time stamp by more than 1.5 sampling intervals."""
    missing_samples: int
    """Samples that would have filled those gaps."""
    nonfinite: int
    """Samples dropped (or, for references, masked) because a value was NaN or infinite."""
    out_of_order: int
    """Samples dropped because their time stamp lay behind that of one before."""
    reconnects: int
    """Times that the sender was found again."""
    clock_offset_s: float
    """Correction added to the sender's stamps, seconds; 0 where both share a clock."""
    clock_uncertainty_s: float | None
    """How far off that correction may be, seconds."""
    note: str
    """One sentence for the person at the keyboard; empty when all is well."""
    from_future: int = 0
    """Samples dropped because they were stamped more than 0.25 s ahead of this machine's clock."""
    too_old: int = 0
    """Samples dropped because they were more than 10 s old on arrival."""
    restamped: int = 0
    """Samples stamped anew by their count, because the sender's stamps did not increase."""
    dropped_share: float = 0.0
    """Share of the samples of the last seconds that were dropped, 0 to 1."""
    dropped_why: str = ""
    """What most of them were dropped for, as the end of a sentence."""
    refused: int = 0
    """Messages dropped because they were not as documented (ZeroMQ, ROS 2)."""
    replayed: int = 0
    """Messages dropped because they had come before (ZeroMQ)."""


class Source(Protocol):
    """Where samples come from. Used from one thread."""

    @property
    def spec(self) -> StreamSpec:
        """What the pipeline wants from this stream."""

    def open(self) -> None:
        """Start looking for the stream; returns at once."""

    def poll(self, wait_s: float = 0.0, least: int = 1) -> Chunk | None:
        """Return what has arrived since the last call, or None.

        Parameters
        ----------
        wait_s
            Longest time to wait, s, where less than `least` samples have; what there is then is
            returned.
        least
            Samples worth waiting for; over ZeroMQ any message is.
        """

    def health(self, now: float) -> StreamHealth:
        """Return the stream's state at `now` (seconds, LSL clock)."""

    def close(self) -> None:
        """Release the stream; safe to call twice."""


class Outlet(Protocol):
    """Where samples go: the sending side of a stream."""

    def push(self, t: Array, x: Array) -> None:
        """Send samples: `t` in s, shape [n]; `x` in the stream's unit, shape [n, channels]."""

    def close(self) -> None:
        """Release the stream; safe to call twice."""
