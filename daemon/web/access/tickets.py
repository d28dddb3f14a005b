"""Tickets: each lets one command through, once, so that a request that is replayed does nothing."""

from __future__ import annotations

import secrets
import time
from collections import OrderedDict
from collections.abc import Callable

LIFE_S = 30.0
MOST_OF_ONE = 16
"""Tickets that one operator can have open; a new one takes the place of the oldest."""
MOST = 1024
"""Tickets of all operators."""


class Tickets:
    """Tickets that are out.

    Parameters
    ----------
    clock
        Seconds on a clock that never goes back.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._out: OrderedDict[str, tuple[str, float]] = OrderedDict()

    def __len__(self) -> int:
        return len(self._out)

    def issue(self, name: str) -> str:
        """Return a ticket for an operator, which lives for `LIFE_S`."""
        now = self._clock()
        self._drop_late(now)
        own = [ticket for ticket, (owner, _) in self._out.items() if owner == name]
        if len(own) >= MOST_OF_ONE:
            del self._out[own[0]]
        elif len(self._out) >= MOST:
            self._out.popitem(last=False)
        ticket = secrets.token_urlsafe(16)
        self._out[ticket] = name, now + LIFE_S
        return ticket

    def spend(self, ticket: str, name: str) -> bool:
        """Tell whether a ticket is this operator's and still good; it is good no more."""
        self._drop_late(self._clock())
        owner, _ = self._out.get(ticket, (None, 0.0))
        if owner is None or owner != name:
            return False
        del self._out[ticket]
        return True

    def _drop_late(self, now: float) -> None:
        """Forget tickets whose time is over; they stand in the order of their deadlines."""
        while self._out and next(iter(self._out.values()))[1] < now:
            self._out.popitem(last=False)
