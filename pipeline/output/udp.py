"""Moments over UDP, for controllers that read no msgpack."""

from __future__ import annotations

import logging
import socket
from typing import Any

from pipeline.errors import UserError
from pipeline.output.datagram import MOST_JOINTS, encode
from pipeline.output.message import Message, MomentMessage

logger = logging.getLogger(__name__)


class UdpPublisher:
    """One datagram a tick to one address; whether anyone listens is not known.

    Parameters
    ----------
    address
        ``host:port``, for example ``127.0.0.1:5560``.
    joints
        Number of joints.
    version
        Of the datagram's layout: 2 has the stiffness besides.

    Raises
    ------
    UserError
        If the address is not one, or there are more joints than a datagram holds.
    """

    def __init__(self, address: str, joints: int, version: int = 1) -> None:
        if joints > MOST_JOINTS:
            raise UserError(
                f"output.udp: a datagram holds {MOST_JOINTS} joints, model.dofs names {joints}; "
                "leave some out, or let the controller read ZeroMQ."
            )
        host, _, port = address.rpartition(":")
        try:
            if not 0 < int(port) < 65536:
                raise ValueError("the port is not from 1 to 65535")
            found = socket.getaddrinfo(host.strip("[]"), int(port), type=socket.SOCK_DGRAM)
        except (ValueError, OSError) as error:
            raise UserError(
                f"output.udp: '{address}' is not an address ({error}); give one such as "
                "127.0.0.1:5560."
            ) from error
        family, _, _, _, peer = found[0]
        self._peer: Any = peer
        self._socket = socket.socket(family, socket.SOCK_DGRAM)
        self._socket.setblocking(False)
        self._version = version
        self._lost = 0

    @property
    def counts(self) -> dict[str, int]:
        """What went wrong so far."""
        return {"lost_datagrams": self._lost}

    def send(self, message: Message) -> None:
        """Send a moment message; others do not go this way. Never waits."""
        if not isinstance(message, MomentMessage):
            return
        try:
            self._socket.sendto(encode(message, self._version), self._peer)
        except OSError as error:  # a full buffer, or a network that is down: the next one may go
            if not self._lost:
                logger.warning("UDP to %s: a datagram was not sent (%s)", self._peer, error)
            self._lost += 1

    def tend(self, now: float) -> None:
        """Do nothing: every datagram stands for itself."""

    def close(self) -> None:
        """Release the socket; safe to call twice."""
        self._socket.close()
