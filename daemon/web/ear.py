"""The cockpit's ear: a subscriber whose messages are taken when there is time."""

from __future__ import annotations

from collections.abc import Iterator

import zmq

from pipeline.output.subscriber import subscribed
from pipeline.transport.curve import ClientKeys

MOST_AT_ONCE = 5000
"""More frames are not given at once, so that browsers are served meanwhile."""


class Ear:
    """A subscriber to a daemon, which need not be there yet.

    Parameters
    ----------
    address
        The daemon's output.zmq.
    keys
        What the daemon knows it by; None where it asks for no keys.

    Raises
    ------
    UserError
        If the address is none of ZeroMQ's.
    """

    def __init__(self, address: str, keys: ClientKeys | None = None) -> None:
        self._context: zmq.Context[zmq.Socket[bytes]] = zmq.Context()
        try:
            self._socket = subscribed(self._context, address, keys)
        except BaseException:
            self._context.term()
            raise

    def frames(self) -> Iterator[bytes]:
        """Give what has come since; never waits."""
        for _ in range(MOST_AT_ONCE):
            try:
                yield self._socket.recv(zmq.NOBLOCK)
            except zmq.Again:
                return

    def close(self) -> None:
        """Stop listening."""
        self._socket.close()
        self._context.term()
