"""The simulated lab on the network: real streams, on time, for as long as wanted."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from daemon.config import Config, StreamConfig
from daemon.simulation.lab import Lab, LabBlock
from daemon.simulation.person.person import STEP_S
from daemon.simulation.sensors.sensor import Samples
from daemon.simulation.truth import TrueMoments
from pipeline.errors import UserError
from pipeline.streams import clock
from pipeline.streams.base import Outlet
from pipeline.streams.lsl.outlet import LslOutlet
from pipeline.streams.roles import ROLES
from pipeline.streams.ros2.outlet import Ros2Outlet
from pipeline.streams.transports import Transport
from pipeline.streams.units import to_si
from pipeline.streams.zeromq.outlet import ZmqOutlet
from pipeline.timebase.buffer import SampleBuffer

CHUNK_MS = 5
"""How often samples are sent, ms."""
BLOCK_MS = 20
"""How much is computed at once, ms: long enough to be cheap, short enough to fit between chunks."""
PROGRESS_MS = 1000
_MOST_MOMENTS = 720_000
"""So many true moments are kept for afterwards: two hours at 100 Hz."""
LATE_S = 0.1
"""Delay of a chunk that is worth a warning, s."""

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class LabSummary:
    """What the lab has sent so far."""

    seconds: float
    """Lab time that has passed, s."""
    samples: dict[str, int]
    """Samples sent per stream."""
    latest_s: float
    """Longest time that a chunk went out after it was due, s."""
    moment_rms_nm: dict[str, float]
    """Root mean square of the true moments per joint, N*m."""


OnProgress = Callable[[LabSummary], None]


def run_lab(
    config: Config,
    *,
    transport: Transport | None = None,
    seconds: float | None = None,
    stop: threading.Event | None = None,
    on_progress: OnProgress | None = None,
    truth_file: Path | None = None,
    moments_file: Path | None = None,
) -> LabSummary:
    """Publish the simulated lab's streams in real time.

    Parameters
    ----------
    config
        The set-up.
    transport
        How the streams are sent; None takes what the configuration says of each.
    seconds
        For how long, rounded up to whole blocks of 20 ms; None goes on until `stop` is set.
    stop
        Ends it from another thread or a signal handler.
    on_progress
        Called about once a second.
    truth_file
        Where the true parameters are written as JSON.
    moments_file
        Where the true moments are written at the end, as `TrueMoments`.

    Returns
    -------
    LabSummary
        What has been sent.

    Raises
    ------
    UserError
        If the set-up cannot be simulated or published.

    Notes
    -----
    Sample k of a stream is due at start + k / rate, whatever has happened before: a late chunk is
    followed by the next ones at once, so the lab never drifts. Stamps lie on this machine's LSL
    clock plus ``simulation.clock_offset_s``. Over ZeroMQ that is what a sender with a clock of its
    own looks like; LSL measures clocks by other means, so there the samples come from the future.
    """
    lab = Lab(config)
    if truth_file:
        lab.write_truth(truth_file)
    with ExitStack() as opened:
        broadcast = _Broadcast(lab, transport, opened)
        end_ms = np.inf if seconds is None else 1e3 * seconds
        broadcast.run(end_ms, stop or threading.Event(), on_progress or (lambda _: None))
        if moments_file:
            broadcast.true_moments().save(moments_file)
        return broadcast.summary()


class _Feed:
    """One stream on its way out."""

    def __init__(self, key: str, stream: StreamConfig, transport: Transport | None) -> None:
        self._outlet = _outlet(key, stream, transport or stream.transport)
        self._per_unit = 1.0 / to_si(key, stream.unit, stream.scales)
        self.sent = 0

    def send(self, samples: Samples, origin_s: float) -> None:
        """Send samples; `origin_s` is the stamp of the lab's time zero."""
        if len(samples.t):
            self._outlet.push(origin_s + samples.stamp, samples.x * self._per_unit)
            self.sent += len(samples.t)

    def close(self) -> None:
        """Take the stream off the network."""
        self._outlet.close()


def _outlet(key: str, stream: StreamConfig, transport: Transport) -> Outlet:
    if stream.origins:
        raise UserError(
            f"streams.{key} takes channels of a real sender (its table 'from'), but the simulated "
            "lab sends them under their own names; leave the table out."
        )
    channels = tuple(stream.channels)
    match transport:
        case "lsl":
            name = stream.name or f"hillstream-{key}"
            kind = ROLES[key].lsl_type
            return LslOutlet(name, kind, channels, stream.unit, stream.rate_hz, stream.source_id)
        case "zmq":
            if not stream.address:
                raise UserError(
                    f"streams.{key} has no address to send to over ZeroMQ; "
                    "give it one, such as tcp://127.0.0.1:5561."
                )
            return ZmqOutlet(stream.address, key, channels, stream.unit, stream.rate_hz)
        case "ros2":
            return Ros2Outlet(stream.sought, channels, stream.domain_id)


class _Broadcast:
    """The lab, its streams, and what has gone out so far."""

    def __init__(self, lab: Lab, transport: Transport | None, opened: ExitStack) -> None:
        self._lab = lab
        self._feeds: dict[str, _Feed] = {}
        self._elapsed_ms = 0
        self._latest_s = 0.0
        self._moments = SampleBuffer(_MOST_MOMENTS, len(lab.dofs))
        self._squares = np.zeros(len(lab.dofs))
        self._count = 0
        self._origin_s = 0.0
        streams = lab.config.streams
        for key in streams.roles:
            if stream := getattr(streams, key):
                self._feeds[key] = _Feed(key, stream, transport)
                opened.callback(self._feeds[key].close)

    def run(self, end_ms: float, stop: threading.Event, on_progress: OnProgress) -> None:
        """Send until `end_ms` of lab time have passed or `stop` is set."""
        start_s = clock.now()
        self._origin_s = start_s + self._lab.config.simulation.clock_offset_s
        while self._elapsed_ms < end_ms:
            block = self._lab.block(BLOCK_MS)
            self._squares += (block.truth.moment**2).sum(axis=0)
            self._count += len(block.truth.moment)
            self._moments.push(block.moments.t, block.truth.moment)
            for _ in range(BLOCK_MS // CHUNK_MS):
                due_s = start_s + (self._elapsed_ms + CHUNK_MS) * STEP_S
                if stop.wait(max(0.0, due_s - clock.now())):
                    return
                self._send(block)
                self._note_lateness(clock.now() - due_s)
            if self._elapsed_ms % PROGRESS_MS == 0:
                on_progress(self.summary())

    def _send(self, block: LabBlock) -> None:
        """Send the next chunk: of each stream the samples of its milliseconds, if there are."""
        since_s, self._elapsed_ms = self._elapsed_ms * STEP_S, self._elapsed_ms + CHUNK_MS
        for key, feed in self._feeds.items():
            feed.send(
                getattr(block, key).between(since_s, self._elapsed_ms * STEP_S), self._origin_s
            )

    def _note_lateness(self, late_s: float) -> None:
        if late_s > LATE_S >= self._latest_s:
            logger.warning(
                "The simulated lab is %.0f ms late; this machine is too busy for it.", 1e3 * late_s
            )
        self._latest_s = max(self._latest_s, late_s)

    def true_moments(self) -> TrueMoments:
        """Return the true moments of what has been computed, at most the last two hours."""
        moments = self._moments
        return TrueMoments(self._lab.dofs, self._origin_s + moments.t, moments.x)

    def summary(self) -> LabSummary:
        """Return what has been sent so far."""
        rms = np.sqrt(self._squares / max(self._count, 1))
        return LabSummary(
            seconds=self._elapsed_ms * STEP_S,
            samples={key: feed.sent for key, feed in self._feeds.items()},
            latest_s=self._latest_s,
            moment_rms_nm=dict(zip(self._lab.dofs, rms.tolist(), strict=True)),
        )
