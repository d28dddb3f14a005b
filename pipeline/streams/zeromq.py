"""ZeroMQ streams in and out; the message is described in `pipeline.streams.wire`."""

from __future__ import annotations

import logging
import math
import secrets

import numpy as np
import zmq

from pipeline.errors import UserError
from pipeline.streams import clock, wire
from pipeline.streams.base import Array, Chunk, StreamHealth, StreamSpec
from pipeline.streams.channels import pick_channels
from pipeline.streams.intake import LOST_AFTER_S, Intake, check_rate
from pipeline.streams.units import to_si

logger = logging.getLogger(__name__)

QUEUE = 1000
"""Messages that wait on either side; what does not fit is dropped by ZeroMQ and counts as a gap."""
TOLD_S = 10.0
"""How long the reason of a dropped message is told, s."""


class ZmqSource:
    """A live stream of messages from a ZeroMQ publisher.

    A message that is not as documented, is for another rate or unit, or lacks a channel is
    dropped, counted, and its reason is the note of the stream's health.

    Parameters
    ----------
    spec
        What the pipeline wants from the stream. Samples are converted by the unit the message
        states, not by ``spec.to_si``.
    address
        Where the publisher is, for example ``tcp://127.0.0.1:5561``.
    stale_after_s
        Age of the newest sample beyond which the stream is STALE, s.
    """

    def __init__(self, spec: StreamSpec, *, address: str, stale_after_s: float = 0.05) -> None:
        self._address = address
        self._intake = Intake(spec, stale_after_s)
        self._stamper = ArrivalStamper(spec.rate_hz)
        self._socket: zmq.Socket[bytes] | None = None
        self._next_seq: int | None = None
        self._run: int | None = None
        self._lost_messages = 0
        self._refused = 0
        self._refused_at = -np.inf
        self._refusal = ""
        self._returns = 0

    @property
    def spec(self) -> StreamSpec:
        """What the pipeline wants from this stream."""
        return self._intake.spec

    def open(self) -> None:
        """Connect; returns at once, whether or not the publisher is there.

        Raises
        ------
        UserError
            If the address is not one.
        """
        if self._socket is not None:
            return
        subscriber: zmq.Socket[bytes] = zmq.Context.instance().socket(zmq.SUB)
        subscriber.setsockopt(zmq.LINGER, 0)
        subscriber.setsockopt(zmq.RCVHWM, QUEUE)
        subscriber.setsockopt(zmq.MAXMSGSIZE, wire.MAX_BYTES)
        subscriber.setsockopt(zmq.RECONNECT_IVL_MAX, 1000)
        subscriber.setsockopt(zmq.SUBSCRIBE, wire.topic(self.spec.key))
        _attach(subscriber, "connect", self._address)
        self._socket = subscriber

    def poll(self, wait_s: float = 0.0) -> Chunk | None:
        """Return what has arrived since the last call, or None; waits as `Source.poll` says."""
        if wait_s and self._socket is not None:
            self._socket.poll(math.ceil(1e3 * wait_s))
        chunks = [chunk for frame in self._frames() if (chunk := self._read(frame))]
        if not chunks:
            return None
        return Chunk(
            self.spec.key,
            np.concatenate([chunk.t for chunk in chunks]),
            np.concatenate([chunk.x for chunk in chunks]),
        )

    def _frames(self) -> list[bytes]:
        """Take what waits, at most a queue full, so that a flood cannot hold the caller."""
        frames: list[bytes] = []
        while self._socket is not None and len(frames) < QUEUE:
            try:
                frames.append(self._socket.recv(zmq.DONTWAIT))
            except zmq.Again:
                break
        return frames

    def _read(self, frame: bytes) -> Chunk | None:
        try:
            samples = wire.decode(frame)
            check_rate(samples.rate_hz, self.spec, self._called())
            factor = to_si(self.spec.key, samples.unit)
            columns = pick_channels(self.spec.channels, samples.channels, self._called())
        except (wire.WireError, UserError) as error:
            self._refuse(str(error))
            return None
        now = clock.now()
        self._count(samples, now)
        t = self._stamper.stamps(len(samples.x), now) if samples.t is None else samples.t
        return self._intake.take(t, samples.x, columns, factor, now)

    def _called(self) -> str:
        return f"ZeroMQ stream '{self.spec.key}' from {self._address}"

    def _refuse(self, reason: str) -> None:
        self._refused += 1
        self._refused_at = clock.now()
        if reason != self._refusal:
            logger.warning("%s: a message was dropped: %s", self._called(), reason)
        self._refusal = reason

    def _count(self, samples: wire.Samples, now: float) -> None:
        """Follow the message numbers; a sender that starts again or comes back is a return."""
        seq, expected = samples.seq, self._next_seq
        again = expected is not None and (seq < expected or samples.run != self._run)
        self._run = samples.run
        if again or LOST_AFTER_S < self._intake.silence(now) < np.inf:
            self._returns += 1
        if expected is not None and not again:
            self._lost_messages += seq - expected
        self._next_seq = seq + 1

    def health(self, now: float) -> StreamHealth:
        """Return the stream's state at `now` (seconds, LSL clock)."""
        state = self._intake.source_state(now)
        return self._intake.health(now, state, note=self._note(now), reconnects=self._returns)

    def _note(self, now: float) -> str:
        if now - self._refused_at < TOLD_S:
            noun = "message was" if self._refused == 1 else "messages were"
            return f"{self._refused} {noun} dropped, the last one because: {self._refusal}"
        if np.isinf(self._intake.silence(now)):
            return f"{self._called()} has sent nothing yet."
        if oddity := self._intake.oddity(now):
            return oddity
        if self._lost_messages:
            return f"{self._called()} lost {self._lost_messages} messages on the way."
        return ""

    def close(self) -> None:
        """Release the stream; safe to call twice."""
        if self._socket is not None:
            self._socket.close()
            self._socket = None


class ArrivalStamper:
    """Stamps samples of a sender that does not: evenly, at the nominal rate, near their arrival.

    A message that comes early or late moves the stamps by a twentieth of the difference, at most
    by half an interval, so that they stay evenly spaced although messages are not; after a pause
    they start anew.

    Parameters
    ----------
    rate_hz
        Nominal sampling rate, Hz.
    """

    GAIN = 0.05
    RESTART_S = 0.1
    """Difference between expected and real arrival that counts as a pause, s."""

    def __init__(self, rate_hz: float) -> None:
        self._interval_s = 1 / rate_hz
        self._newest = -np.inf

    def stamps(self, n: int, arrival: float) -> Array:
        """Return the stamps of `n` samples of which the newest arrived at `arrival`, in s."""
        expected = self._newest + n * self._interval_s
        late = arrival - expected
        limit = self._interval_s / 2  # so that a correction makes neither overlap nor gap
        moved = expected + float(np.clip(self.GAIN * late, -limit, limit))
        newest = arrival if abs(late) > self.RESTART_S else moved
        self._newest = newest
        return newest - self._interval_s * np.arange(n - 1, -1, -1, dtype=np.float64)


class ZmqOutlet:
    """A publisher of one stream.

    Parameters
    ----------
    address
        Where to bind, for example ``tcp://127.0.0.1:5561``.
    key
        Key of the stream, the topic of its messages.
    channels
        Name of each column.
    unit
        Unit of the samples.
    rate_hz
        Nominal sampling rate, Hz.

    Raises
    ------
    UserError
        If the address cannot be bound.
    """

    def __init__(
        self, address: str, key: str, channels: tuple[str, ...], unit: str, rate_hz: float
    ) -> None:
        self._key = key
        self._channels = channels
        self._unit = unit
        self._rate_hz = rate_hz
        self._seq = 0
        self._run = secrets.randbits(53)
        self._socket: zmq.Socket[bytes] = zmq.Context.instance().socket(zmq.PUB)
        self._socket.setsockopt(zmq.LINGER, 500)
        self._socket.setsockopt(zmq.SNDHWM, QUEUE)
        _attach(self._socket, "bind", address)

    def push(self, t: Array, x: Array) -> None:
        """Send samples; `t` in s on the LSL clock, shape [n], `x` of shape [n, channels]."""
        if self._socket.closed or not len(t):
            return
        self._socket.send(
            wire.encode(
                wire.Samples(
                    self._key, self._seq, self._channels, self._unit, self._rate_hz, t, x, self._run
                )
            )
        )
        self._seq += 1

    def close(self) -> None:
        """Release the stream; safe to call twice."""
        self._socket.close()


def _attach(endpoint: zmq.Socket[bytes], verb: str, address: str) -> None:
    """Bind or connect; on failure close the socket and say what is wrong with the address."""
    try:
        getattr(endpoint, verb)(address)
    except zmq.ZMQError as error:
        endpoint.close()
        raise UserError(
            f"ZeroMQ cannot {verb} to '{address}' ({error}); give an address such as "
            "tcp://127.0.0.1:5561 that no other program uses."
        ) from error
