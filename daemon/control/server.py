"""The control port: takes requests from whoever connects, and never fails with a client."""

from __future__ import annotations

import logging
from collections.abc import Iterator

import zmq

from daemon.ipc.requests import ControlError, Reply, Request, unpack_request
from pipeline.transport.bind import bind
from pipeline.transport.curve import Authenticator, ServerKeys

REQUESTS_PER_TURN = 20
"""No more are taken at once, so that a client that floods the port stops nothing else."""
QUEUE = 50
"""Requests kept for a client; one that does not wait for its replies is slowed down."""
MAX_FRAME_BYTES = 65536
"""Whoever sends a longer frame is disconnected; one that is merely too long is told so."""

logger = logging.getLogger(__name__)


class ControlServer:
    """The port's socket.

    It is a ROUTER, not a REP socket, so a reply may come later than the next request, and a client
    that has gone is no obstacle: what is sent to it is dropped.

    Parameters
    ----------
    address
        ``tcp://127.0.0.1:5557``, ``tcp://127.0.0.1:*`` for any free port, or ``ipc://PATH``.
    keys
        Who may give commands; None lets everyone on this machine, unencrypted.
    insecure
        Whether it may be bound to an address that other machines reach without keys.

    Raises
    ------
    UserError
        If the address is not valid, taken, or open to other machines without keys or `insecure`.
    """

    def __init__(
        self, address: str, keys: ServerKeys | None = None, *, insecure: bool = False
    ) -> None:
        self._context: zmq.Context[zmq.Socket[bytes]] = zmq.Context()
        self._socket = self._context.socket(zmq.ROUTER)
        self._socket.setsockopt(zmq.LINGER, 0)
        self._socket.setsockopt(zmq.MAXMSGSIZE, MAX_FRAME_BYTES)
        self._socket.setsockopt(zmq.RCVHWM, QUEUE)
        self._socket.setsockopt(zmq.SNDHWM, QUEUE)
        self._door = (
            None if keys is None else Authenticator(self._context, self._socket, keys, "control")
        )
        anywhere = insecure or keys is not None
        try:
            bind(self._socket, address, "control.address", "commands are taken", anywhere)
        except BaseException:
            self.close()
            raise
        logger.info("Taking commands on %s", self.address)

    @property
    def address(self) -> str:
        """Where clients connect to, with the port that was really taken."""
        return self._socket.get_string(zmq.LAST_ENDPOINT)

    def requests(self) -> Iterator[tuple[bytes, Request]]:
        """Yield the requests that have come, each with its client; answers those that are none."""
        if self._door:
            self._door.look()
        for _ in range(REQUESTS_PER_TURN):
            try:
                client, *envelope = self._socket.recv_multipart(zmq.NOBLOCK)
            except zmq.Again:
                return
            try:
                yield client, _request(envelope)
            except ControlError as error:
                logger.warning("A command was refused: %s", error)
                self.reply(client, Reply(ok=False, sentence=str(error)))

    def reply(self, client: bytes, reply: Reply) -> None:
        """Send a reply, or drop it where the client has gone; never waits."""
        self._socket.send_multipart([client, b"", reply.pack()], zmq.NOBLOCK)

    @property
    def kept_out(self) -> int:
        """Clients kept out for want of a listed key; one that tries again counts again."""
        return self._door.refused if self._door else 0

    def close(self) -> None:
        """Release the address; safe to call twice."""
        if self._socket.closed:
            return
        if self._door:
            self._door.close()
        self._socket.close()
        self._context.term()


def _request(envelope: list[bytes]) -> Request:
    if len(envelope) != 2 or envelope[0]:
        raise ControlError("The request is not one frame from a REQ socket.")
    return unpack_request(envelope[1])
