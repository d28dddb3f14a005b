"""Keys that a configuration names: who the daemon is, and whom it lets in."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipeline.transport.curve import ClientKeys, KeyPair, ServerKeys
from pipeline.transport.key_files import listed, read_pair, read_public

if TYPE_CHECKING:
    from daemon.config import Config


class ConfiguredKeys:
    """The keys that a configuration names; read once.

    Raises
    ------
    UserError
        If a key cannot be read.
    """

    def __init__(self, config: Config) -> None:
        security = config.security
        self._own = read_pair(security.server_key) if security.server_key else None
        self._data = listed(security.data_clients)
        self._control = listed(security.control_clients)

    @property
    def data(self) -> ServerKeys | None:
        """Who may receive the moments: who is listed, and the daemon itself, which counts them."""
        if self._own is None:
            return None
        return ServerKeys(self._own, self._data | {self._own.public})

    @property
    def control(self) -> ServerKeys | None:
        """Who may give commands."""
        return None if self._own is None else ServerKeys(self._own, self._control)

    @property
    def listener(self) -> ClientKeys | None:
        """What the daemon listens to its own moments with."""
        return None if self._own is None else ClientKeys(self._own, self._own.public)

    def sender(self, server_key: str | None) -> ClientKeys | None:
        """Return what the daemon connects to a sender with, given the sender's public key.

        A daemon that has no key of its own makes one up.
        """
        if server_key is None:
            return None
        return ClientKeys(self._own or KeyPair.new(), read_public(server_key))
