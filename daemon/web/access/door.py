"""The door of the cockpit: who asks, what that one may, and how often."""

from __future__ import annotations

import logging
import re
import time
from collections.abc import Callable, Mapping

from daemon.web.access.limits import Limiter
from daemon.web.access.listening import Listening, address_of, is_loopback
from daemon.web.access.tickets import Tickets
from daemon.web.access.token_file import TokenFile
from daemon.web.access.tokens import LOCAL, LONGEST_TOKEN, Holder, Right

_BEARER = re.compile(rf"bearer +(?P<token>[A-Za-z0-9_-]{{1,{LONGEST_TOKEN}}}) *", re.IGNORECASE)

logger = logging.getLogger(__name__)


def bearer(headers: Mapping[str, str]) -> str | None:
    """Return the token of ``Authorization: Bearer TOKEN``; None where there is none."""
    matched = _BEARER.fullmatch(headers.get("authorization", ""))
    return matched["token"] if matched else None


class Access:
    """Who may see, who may command.

    Parameters
    ----------
    listening
        Where the cockpit listens.
    tokens
        Who has a token.
    clock
        Seconds on a clock that never goes back.
    """

    def __init__(
        self,
        listening: Listening,
        tokens: TokenFile,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._listening = listening
        self._tokens = tokens
        self._requests = Limiter(50.0, 200, clock)
        self._failures = Limiter(0.2, 10, clock)
        self._commands = Limiter(4.0, 12, clock)
        self._spectra = Limiter(2.0, 8, clock)
        self.tickets = Tickets(clock)
        """Tickets for one command each."""

    def refusal(self, headers: Mapping[str, str]) -> str:
        """Return why host or origin of a request are not ours, in a sentence; empty if they are."""
        return self._listening.refusal(headers)

    def reader(self, token: str | None, address: str) -> str | None:
        """Return who may see: a token's name, ``local`` on this machine, or None for nobody.

        A token that is wrong is no worse than none. Ask again for as long as somebody goes on
        reading: a token may be revoked meanwhile.
        """
        holder = self._holder(token)
        if holder is not None:
            return holder.name
        return LOCAL if is_loopback(address) and not self._listening.behind_proxy else None

    def knows(self, token: str | None) -> bool:
        """Tell whether a token is somebody's."""
        return self._holder(token) is not None

    def operator(self, token: str | None) -> str | None:
        """Return who may command: a token's name, or None for nobody."""
        holder = self._holder(token)
        return holder.name if holder is not None and holder.may is Right.COMMAND else None

    def requests_wait_s(self, address: str) -> float:
        """Count a request of an address; returns 0, or how long it has to wait, s.

        Behind a proxy all have its address, so that counting them is left to it.
        """
        return 0.0 if self._listening.behind_proxy else self._requests.wait_s(address_of(address))

    def commands_wait_s(self, name: str) -> float:
        """Count a command or a ticket of an operator; returns 0, or how long to wait, s."""
        return self._commands.wait_s(name)

    def spectra_wait_s(self, name: str) -> float:
        """Count a spectrum for a reader; returns 0, or how long to wait, s."""
        return self._spectra.wait_s(name)

    def failed(self, address: str, why: str) -> float:
        """Count and log an attempt without the right to it; returns 0, or how long to wait, s.

        Whoever has the right is let in however many have failed from the same address: a token
        cannot be guessed, but an operator could be locked out.
        """
        wait_s = self._failures.wait_s(address_of(address))
        if not wait_s:
            logger.warning("Somebody at %s was refused: %s", address or "an unknown address", why)
        return wait_s

    def _holder(self, token: str | None) -> Holder | None:
        return None if token is None else self._tokens.holder(token)
