"""ZeroMQ as a way out: one XPUB socket, one frame a message."""

from __future__ import annotations

import logging

import numpy as np
import zmq

from pipeline.errors import UserError
from pipeline.output.message import (
    Message,
    MetaMessage,
)
from pipeline.transport.bind import bind
from pipeline.transport.curve import Authenticator, ServerKeys

META_EVERY_S = 1.0
SEND_QUEUE = 50
"""Messages kept for a slow subscriber; what comes on top is dropped, for that one only."""
SEND_BUFFER_BYTES = 32768
"""Kernel buffer per subscriber: a second queue, in which old moments must not pile up either."""
LAST_WORDS_MS = 200
"""How long closing may wait for the last message to leave."""
SUBSCRIPTIONS_PER_TICK = 100
MAX_SUBSCRIPTION_BYTES = 4096
"""Whoever asks for a longer topic is disconnected; the handshake with keys has to fit as well."""
logger = logging.getLogger(__name__)


class ZmqPublisher:
    """All messages over ZeroMQ, one frame each.

    A subscriber that does not read loses messages once `SEND_QUEUE` and the system's buffers are
    full; it never delays the others. Whoever subscribes is sent the meta message at the next
    tick, and all are again every second.

    Parameters
    ----------
    address
        ``tcp://127.0.0.1:5556``, ``tcp://127.0.0.1:*`` for any free port, or ``ipc:///path``.
    meta
        The message that newcomers get.
    keys
        Who may listen; None lets everyone on this machine listen, unencrypted.
    insecure
        Whether it may be bound to an address that other machines reach without keys.

    Raises
    ------
    UserError
        If the address is not valid, taken, or open to other machines without keys or `insecure`.
    """

    def __init__(
        self,
        address: str,
        meta: MetaMessage,
        keys: ServerKeys | None = None,
        *,
        insecure: bool = False,
    ) -> None:
        self._meta = meta.pack()
        self._meta_due = -np.inf
        self._context: zmq.Context[zmq.Socket[bytes]] = zmq.Context()
        self._socket = self._context.socket(zmq.XPUB)
        self._socket.setsockopt(zmq.XPUB_VERBOSE, 1)  # report every newcomer, not only the first
        self._socket.setsockopt(zmq.SNDHWM, SEND_QUEUE)
        self._socket.setsockopt(zmq.SNDBUF, SEND_BUFFER_BYTES)
        self._socket.setsockopt(zmq.LINGER, 0)
        self._socket.setsockopt(zmq.MAXMSGSIZE, MAX_SUBSCRIPTION_BYTES)
        self._door = (
            None if keys is None else Authenticator(self._context, self._socket, keys, "data")
        )
        anywhere = insecure or keys is not None
        try:
            bind(self._socket, address, "output.zmq", "moments are published", anywhere)
        except UserError:
            self._release(0)
            raise
        logger.info("Publishing moments on %s", self.address)

    @property
    def address(self) -> str:
        """Where clients connect to, with the port that was really taken."""
        return self._socket.get_string(zmq.LAST_ENDPOINT)

    @property
    def counts(self) -> dict[str, int]:
        """What went wrong so far; ZeroMQ does not tell what it dropped for whom."""
        return {"refused_listeners": self._door.refused if self._door else 0}

    def send(self, message: Message) -> None:
        """Send a message to all that have subscribed to its topic; never waits."""
        self._send(message.pack())

    def tend(self, now: float) -> None:
        """Send the meta message if someone has subscribed or a second has passed."""
        if self._door:
            self._door.look()
        if self._newcomers() or now >= self._meta_due:
            self._send(self._meta)
            self._meta_due = now + META_EVERY_S

    def close(self) -> None:
        """Let the last message leave, for `LAST_WORDS_MS` at most, and release the address."""
        if not self._socket.closed:
            self._release(LAST_WORDS_MS)

    def _release(self, linger_ms: int) -> None:
        if self._door:
            self._door.close()
        self._socket.close(linger=linger_ms)
        self._context.term()

    def _send(self, frame: bytes) -> None:
        self._socket.send(frame, zmq.NOBLOCK)

    def _newcomers(self) -> int:
        """Return how many subscriptions have come since the last look."""
        came = 0
        for _ in range(SUBSCRIPTIONS_PER_TICK):
            try:
                request = self._socket.recv(zmq.NOBLOCK)
            except zmq.Again:
                break
            came += request.startswith(b"\x01")
        return came
