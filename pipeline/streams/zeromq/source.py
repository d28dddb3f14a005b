"""ZeroMQ streams in and out; the message is described in `pipeline.streams.zeromq.wire`."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np
import zmq

from pipeline.errors import UserError
from pipeline.streams.base import Chunk, StreamHealth, StreamSpec
from pipeline.streams.zeromq import wire
from pipeline.streams.zeromq.frames import FrameReader
from pipeline.transport.curve import ClientKeys, be_client

QUEUE = 1000
"""Messages that wait on either side; what does not fit is dropped by ZeroMQ and counts as a gap."""
BYTES_PER_POLL = wire.MAX_BYTES
"""After this much the rest waits for the next poll: the caller has other work than decoding."""


class ZmqSource:
    """A live stream of messages from a ZeroMQ publisher.

    A message that is not as documented, is for another rate or unit, lacks a channel, or has come
    before is dropped, counted, and its reason is the note of the stream's health.

    Parameters
    ----------
    spec
        What the pipeline wants from the stream. Samples are converted by the unit the message
        states, not by ``spec.to_si``.
    address
        Where the publisher is, for example ``tcp://127.0.0.1:5561``.
    stale_after_s
        Age of the newest sample beyond which the stream is STALE, s.
    keys
        The publisher's public key, and the pair to show it; None where it asks for none.
    """

    def __init__(
        self,
        spec: StreamSpec,
        *,
        address: str,
        stale_after_s: float = 0.05,
        keys: ClientKeys | None = None,
    ) -> None:
        self._address, self._keys = address, keys
        called = f"ZeroMQ stream '{spec.key}' from {address}"
        self._reader = FrameReader(spec, called, stale_after_s)
        self._socket: zmq.Socket[bytes] | None = None

    @property
    def spec(self) -> StreamSpec:
        """What the pipeline wants from this stream."""
        return self._reader.intake.spec

    @property
    def stated_unit(self) -> str:
        """Unit that the sender states; empty before its first message."""
        return self._reader.stated_unit

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
        be_client(subscriber, self._keys)
        attach(subscriber, "connect", self._address)
        self._socket = subscriber

    def poll(self, wait_s: float = 0.0, least: int = 1) -> Chunk | None:
        """Return what has arrived since the last call, or None; waits as `Source.poll` says."""
        if wait_s and self._socket is not None:
            self._socket.poll(math.ceil(1e3 * wait_s))
        chunks = [chunk for frame in self._frames() if (chunk := self._reader.read(frame))]
        if not chunks:
            return None
        return Chunk(
            self.spec.key,
            np.concatenate([chunk.t for chunk in chunks]),
            np.concatenate([chunk.x for chunk in chunks]),
        )

    def _frames(self) -> Iterator[bytes]:
        """Yield what waits, within limits, so that a flood cannot hold the caller."""
        number = size = 0
        while self._socket is not None and number < QUEUE and size < BYTES_PER_POLL:
            try:
                frame = self._socket.recv(zmq.DONTWAIT)
            except zmq.Again:
                return
            number, size = number + 1, size + len(frame)
            yield frame

    def health(self, now: float) -> StreamHealth:
        """Return the stream's state at `now` (seconds, LSL clock)."""
        return self._reader.health(now)

    def close(self) -> None:
        """Release the stream; safe to call twice."""
        if self._socket is not None:
            self._socket.close()
            self._socket = None


def attach(endpoint: zmq.Socket[bytes], verb: str, address: str) -> None:
    """Bind or connect; on failure close the socket and say what is wrong with the address."""
    try:
        getattr(endpoint, verb)(address)
    except zmq.ZMQError as error:
        endpoint.close()
        raise UserError(
            f"ZeroMQ cannot {verb} to '{address}' ({error}); give an address such as "
            "tcp://127.0.0.1:5561 that no other program uses."
        ) from error
