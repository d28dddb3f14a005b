"""Keys at a ZeroMQ socket: CURVE encrypts, and lets only those in whose key is listed.

References
----------
ZeroMQ RFC 25 (ZMTP-CURVE), RFC 26 (CurveZMQ), RFC 27 (ZAP).
"""

from __future__ import annotations

import logging
import time
from dataclasses import dataclass, field

import zmq
from zmq.auth.thread import ThreadAuthenticator
from zmq.utils.monitor import recv_monitor_message

TELL_EVERY_S = 10.0
"""A client that is refused tries again and again; it is not told of more often than this, s."""
EVENTS_PER_LOOK = 100
_REASONS = {
    zmq.EVENT_HANDSHAKE_FAILED_NO_DETAIL: "it has no key, or broke off",
    zmq.EVENT_HANDSHAKE_FAILED_PROTOCOL: "it has no key, or the key of another server",
    zmq.EVENT_HANDSHAKE_FAILED_AUTH: "its key is not listed",
}

logger = logging.getLogger(__name__)
_library_logger = logging.getLogger(f"{__name__}.zap")
_library_logger.setLevel(logging.CRITICAL)  # what it has to say, `Authenticator` says in words


@dataclass(frozen=True)
class KeyPair:
    """A CURVE key pair, in ZeroMQ's text form (Z85, 40 characters each)."""

    public: bytes
    secret: bytes = field(repr=False)

    @classmethod
    def new(cls) -> KeyPair:
        """Return a pair that nobody else has."""
        return cls(*zmq.curve_keypair())

    @classmethod
    def of_secret(cls, secret: bytes) -> KeyPair:
        """Return the pair that a secret key belongs to."""
        return cls(zmq.curve_public(secret), secret)


@dataclass(frozen=True)
class ServerKeys:
    """What a socket needs that others connect to: its own pair, and the public keys it knows."""

    own: KeyPair
    allowed: frozenset[bytes]


@dataclass(frozen=True)
class ClientKeys:
    """What a socket needs that connects: its own pair, and the server's public key."""

    own: KeyPair
    server: bytes


def be_client(socket: zmq.Socket[bytes], keys: ClientKeys | None) -> None:
    """Have `socket` connect with these keys, or in the clear without any; before it connects."""
    if keys is not None:
        socket.curve_serverkey = keys.server
        socket.curve_publickey = keys.own.public
        socket.curve_secretkey = keys.own.secret


class Authenticator:
    """Lets those in at one socket whose keys are listed, and counts whom it keeps out.

    A context has one door at most, and a socket has to have it before it is bound.

    Parameters
    ----------
    context, socket
        The socket, and the context it was made in.
    keys
        The server's own pair, and who may come in.
    name
        What the door leads to, for the log.
    """

    def __init__(
        self,
        context: zmq.Context[zmq.Socket[bytes]],
        socket: zmq.Socket[bytes],
        keys: ServerKeys,
        name: str,
    ) -> None:
        self._socket, self._name = socket, name
        self._list = _GuestList(keys.allowed, name)
        self._zap = ThreadAuthenticator(context, log=_library_logger)
        self._zap.configure_curve_callback(name, self._list)
        self._zap.start()
        socket.curve_server = True
        socket.curve_secretkey = keys.own.secret
        socket.zap_domain = name.encode()
        socket.setsockopt(zmq.ZAP_ENFORCE_DOMAIN, 1)  # nobody comes in where nobody is asked
        self._monitor = socket.get_monitor_socket(sum(_REASONS))
        self._told_at = -TELL_EVERY_S
        self.refused = 0
        """Clients that were kept out; one that tries again counts again."""

    def look(self) -> None:
        """Count whom it has kept out since the last look, and log it; never waits."""
        for _ in range(EVENTS_PER_LOOK):
            try:
                event = recv_monitor_message(self._monitor, zmq.NOBLOCK)
            except zmq.Again:
                return
            self.refused += 1
            if time.monotonic() - self._told_at >= TELL_EVERY_S:
                self._told_at = time.monotonic()
                reason = _REASONS[zmq.Event(event["event"])]
                logger.warning("A client of the %s port was refused: %s", self._name, reason)

    def close(self) -> None:
        """Stop watching; call it before the socket is closed."""
        self._socket.disable_monitor()
        self._monitor.close()
        self._zap.stop()


class _GuestList:
    """Answers the authenticator, in its thread."""

    def __init__(self, allowed: frozenset[bytes], name: str) -> None:
        self._allowed, self._name = allowed, name
        self._told_at: dict[bytes, float] = {}

    def callback(self, domain: str, key: bytes) -> bool:
        """Tell whether a client's public key is listed."""
        if key in self._allowed:
            return True
        now = time.monotonic()
        self._told_at = {k: at for k, at in self._told_at.items() if now - at < TELL_EVERY_S}
        if key not in self._told_at and len(self._told_at) < EVENTS_PER_LOOK:
            self._told_at[key] = now
            logger.warning("The key %s is not listed for the %s port", key.decode(), self._name)
        return False
