"""Sockets between the daemon's processes: one publishes, others hear; nobody waits."""

from __future__ import annotations

import logging
from collections.abc import Mapping

import zmq

from daemon.ipc.messages import MAX_BYTES, MAX_ITEMS, LinkMessage
from pipeline.transport.packing import unpacked

logger = logging.getLogger(__name__)

QUEUE = 200
"""Messages kept for a peer that is busy: 20 s of rows."""


class Speaker:
    """The publishing end; bound."""

    def __init__(self, address: str) -> None:
        self._socket: zmq.Socket[bytes] = zmq.Context.instance().socket(zmq.PUB)
        self._socket.setsockopt(zmq.SNDHWM, QUEUE)
        self._socket.setsockopt(zmq.LINGER, 0)
        self._socket.bind(address)

    def send(self, message: LinkMessage) -> None:
        """Send, or lose the message where a peer's queue is full; never waits."""
        self._socket.send(message.pack(), zmq.NOBLOCK)

    def close(self) -> None:
        """Release the address."""
        self._socket.close()


class Listener:
    """The receiving end; connects, whether or not anyone is there.

    Parameters
    ----------
    address
        Where the peer publishes.
    kinds
        The messages to listen for.
    """

    def __init__(self, address: str, *kinds: type[LinkMessage]) -> None:
        self._kinds = {kind.topic.encode("ascii"): kind for kind in kinds}
        self._socket: zmq.Socket[bytes] = zmq.Context.instance().socket(zmq.SUB)
        self._socket.setsockopt(zmq.RCVHWM, QUEUE)
        self._socket.setsockopt(zmq.LINGER, 0)
        self._socket.setsockopt(zmq.MAXMSGSIZE, MAX_BYTES)
        for topic in self._kinds:
            self._socket.setsockopt(zmq.SUBSCRIBE, topic + b" ")
        self._socket.connect(address)

    def receive(self, wait_s: float = 0.0) -> LinkMessage | None:
        """Return the next message, or None if none comes within `wait_s` or it makes no sense."""
        if not self._socket.poll(round(1000 * wait_s)):
            return None
        return read(self._socket.recv(), self._kinds)

    def close(self) -> None:
        """Release the connection."""
        self._socket.close()


def read(frame: bytes, kinds: Mapping[bytes, type[LinkMessage]]) -> LinkMessage | None:
    """Return the message in a frame, or None where there is none of these kinds.

    Parameters
    ----------
    frame
        What came; whatever it is, nothing is raised.
    kinds
        The messages that may come, by topic.
    """
    topic, _, body = frame.partition(b" ")
    kind = kinds.get(topic)
    try:
        if kind is None or len(frame) > MAX_BYTES:
            raise ValueError(f"{len(frame)} bytes with the topic {topic[:20]!r}")
        return kind.model_validate(unpacked(body, most_items=MAX_ITEMS, longest_binary=MAX_BYTES))
    except ValueError as error:  # as PackingError and ValidationError are
        logger.warning("A message between the daemon's processes was dropped: %s", error)
        return None
