"""The daemon's notices to systemd, in the protocol of sd_notify(3)."""

from __future__ import annotations

import logging
import os
import socket
import time
from collections.abc import Mapping

from pipeline.output.message import StatusMessage

FEEDS_PER_PERIOD = 3
"""How often the watchdog is fed within the time it waits."""
LAST_WORD_S = 1.0
"""How long a busy manager is waited for at the end, s: what is said then is not said again."""

logger = logging.getLogger(__name__)


class Service:
    """Says over the service manager's socket how the daemon is; without one it says nothing.

    Parameters
    ----------
    environment
        Where ``NOTIFY_SOCKET``, ``WATCHDOG_USEC`` and ``WATCHDOG_PID`` are looked up.
    """

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._socket: socket.socket | None = None
        self._feed_every_s = _watchdog_s(environment) / FEEDS_PER_PERIOD
        self._fed_at = 0.0
        self._ready = False
        self._said = ""
        if address := environment.get("NOTIFY_SOCKET"):
            # A leading @ stands for the null byte of Linux's abstract names.
            self._connect("\0" + address[1:] if address.startswith("@") else address)

    def _connect(self, address: str) -> None:
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.setblocking(False)
        try:
            self._socket.connect(address)
        except OSError as error:
            logger.warning("The service manager cannot be told anything: %s", error)
            self.close()

    def ready(self) -> None:
        """Say that the predictor is at work, until it was heard once."""
        self._ready = self._ready or self._say("READY=1")

    def alive(self) -> None:
        """Feed the watchdog, if there is one and it is time; to be called while all is well."""
        now = time.monotonic()
        if now - self._fed_at >= self._feed_every_s:
            self._fed_at = now
            self._say("WATCHDOG=1")

    def hear(self, status: StatusMessage) -> None:
        """Pass on a status where it has something new to say."""
        said = f"STATUS={status.status}: {status.note}"
        if said != self._said and self._say(said):
            self._said = said

    def stopping(self) -> None:
        """Say that the daemon is ending."""
        if self._socket is not None:
            self._socket.settimeout(LAST_WORD_S)
        self._say("STOPPING=1")

    def _say(self, text: str) -> bool:
        """Return whether it was taken: a manager that is busy is to be told again."""
        if self._socket is None:
            return False
        try:
            self._socket.send(text.replace("\n", " ").encode())
        except OSError as error:
            logger.debug("The service manager was not told '%s': %s", text, error)
            return False
        return True

    def close(self) -> None:
        """Release the socket."""
        if self._socket is not None:
            self._socket.close()
            self._socket = None


def _watchdog_s(environment: Mapping[str, str]) -> float:
    """Return how long the watchdog waits, s; infinite where none watches this process."""
    of = environment.get("WATCHDOG_PID", str(os.getpid()))
    microseconds = environment.get("WATCHDOG_USEC", "")
    if of != str(os.getpid()) or not microseconds.isdigit():
        return float("inf")
    return int(microseconds) / 1e6
