"""A recording on the network, as if the person were in the lab."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np

from pipeline.errors import UserError
from pipeline.streams import clock
from pipeline.streams.base import Array, Outlet
from pipeline.streams.lsl.outlet import LslOutlet
from pipeline.streams.recordings.recording import RecordedStream, Recording
from pipeline.streams.roles import ROLES
from pipeline.streams.transports import Transport
from pipeline.streams.units import si_unit, to_si
from pipeline.streams.zeromq.outlet import ZmqOutlet

logger = logging.getLogger(__name__)

TICK_S = 0.01
"""Samples are sent this often, s."""
LINGER_S = 0.2
"""How long the streams stay after their last sample, so that it arrives, s."""
ZMQ_ADDRESSES = MappingProxyType(
    {
        "emg": "tcp://127.0.0.1:5561",
        "angles": "tcp://127.0.0.1:5562",
        "moments": "tcp://127.0.0.1:5563",
        "external": "tcp://127.0.0.1:5564",
        "accelerations": "tcp://127.0.0.1:5565",
    }
)
"""Where each stream is bound."""


@dataclass(frozen=True)
class PlaySummary:
    """What was sent.

    Parameters
    ----------
    samples
        Samples sent per stream.
    seconds
        How long it took, s.
    """

    samples: dict[str, int]
    seconds: float


def play_recording(
    recording: Recording,
    *,
    transport: Transport = "lsl",
    speed: float = 1.0,
    prefix: str = "hillstream",
    seconds: float | None = None,
    loop: bool = False,
    addresses: Mapping[str, str] = ZMQ_ADDRESSES,
    stop: threading.Event | None = None,
    on_progress: Callable[[float], None] | None = None,
) -> PlaySummary:
    """Send a recording's streams in real time, in SI units, and return when they have ended.

    Over LSL the streams are named ``PREFIX-emg``, ``PREFIX-angles``, ``PREFIX-moments`` and so on.
    A sample recorded at `t` is stamped with the time play began plus ``(t - start) / speed``.

    Parameters
    ----------
    recording
        What to send.
    transport
        ``lsl`` or ``zmq``.
    speed
        2 plays twice as fast; the streams' nominal rates rise with it.
    prefix
        Start of the LSL streams' names.
    seconds
        How long to play, s; None for the whole recording (or, with `loop`, for ever).
    loop
        Whether to start again at the end; the stamps go on rising.
    addresses
        For ZeroMQ: where to bind each stream.
    stop
        Set it to end early.
    on_progress
        Called at every tick with the time played, s.

    Raises
    ------
    UserError
        If the speed is not positive, a unit is unknown, liblsl is missing or an address is taken.
    """
    if not 0 < speed < np.inf:
        raise UserError(f"The speed is {speed:g}; give a number above 0, such as 1.")
    stop = stop or threading.Event()
    tracks: dict[str, _Track] = {}
    begun = clock.now()
    try:
        for key, stream in recording.streams.items():
            outlet = _outlet(transport, key, stream, prefix, addresses, speed)
            tracks[key] = _Track(recording, key, outlet, speed)
        begun = clock.now()
        _play(tracks, begun, _end(recording, speed, seconds, loop), stop, on_progress)
    finally:
        for track in tracks.values():
            track.outlet.close()
    sent = {key: track.sent for key, track in tracks.items()}
    return PlaySummary(sent, clock.now() - begun)


def _end(recording: Recording, speed: float, seconds: float | None, loop: bool) -> float:
    """Return how long to play, s."""
    whole = np.inf if loop else recording.duration_s / speed
    return min(whole, np.inf if seconds is None else seconds)


def _outlet(
    transport: Transport,
    key: str,
    stream: RecordedStream,
    prefix: str,
    addresses: Mapping[str, str],
    speed: float,
) -> Outlet:
    unit, rate_hz = si_unit(key, stream.unit), stream.rate_hz * speed
    match transport:
        case "lsl":
            kind = ROLES[key].lsl_type
            return LslOutlet(f"{prefix}-{key}", kind, stream.channels, unit, rate_hz)
        case "zmq":
            return ZmqOutlet(addresses[key], key, stream.channels, unit, rate_hz)
        case "ros2":
            raise UserError(
                f"The {key} of a recording are not played over ROS 2, which carries no EMG here; "
                "play over lsl or zmq."
            )


def _play(
    tracks: Mapping[str, _Track],
    begun: float,
    end: float,
    stop: threading.Event,
    on_progress: Callable[[float], None] | None,
) -> None:
    """Send on a fixed schedule: tick k is due at ``begun + k * TICK_S``, so nothing drifts."""
    played, tick = 0.0, 0
    while played < end and not stop.is_set():
        tick += 1
        stop.wait(max(0.0, begun + tick * TICK_S - clock.now()))
        played = min(clock.now() - begun, end)
        for track in tracks.values():
            track.send_until(played, begun)
        if on_progress:
            on_progress(played)
    stop.wait(LINGER_S)
    logger.info("Played %.1f s.", played)


class _Track:
    """One stream being played: how far it is, and where its samples go."""

    def __init__(self, recording: Recording, key: str, outlet: Outlet, speed: float) -> None:
        stream = recording.streams[key]
        self.outlet = outlet
        self.sent = 0
        self._due_s = (stream.t - recording.start) / speed
        self._lap_s = recording.duration_s / speed
        self._x: Array = stream.x * to_si(key, stream.unit)

    def send_until(self, played_s: float, begun: float) -> None:
        """Send what is due before `played_s` seconds of play and was not sent yet."""
        lap, rest = divmod(played_s, self._lap_s)
        due = int(lap) * len(self._x) + int(np.searchsorted(self._due_s, rest))
        laps, rows = np.divmod(np.arange(self.sent, due), len(self._x))
        if len(rows):
            self.outlet.push(begun + laps * self._lap_s + self._due_s[rows], self._x[rows])
        self.sent = max(self.sent, due)
