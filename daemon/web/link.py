"""Whether the daemon is heard: live, silent or lost, with a sentence for each."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

SILENT_AFTER_S = 1.0
LOST_AFTER_S = 5.0


class State(StrEnum):
    """How it stands with the daemon."""

    LIVE = "live"
    SILENT = "silent"
    LOST = "lost"


@dataclass(frozen=True)
class Link:
    """How it stands, since when the daemon is not heard any more, and what to say of it."""

    state: State
    since_s: float
    sentence: str


class Watch:
    """Judges from when something was last heard.

    Parameters
    ----------
    address
        Where the daemon is listened to.
    now
        The time at the start, s.
    """

    def __init__(self, address: str, now: float) -> None:
        self._address = address
        self._began = now
        self._heard: float | None = None
        self._ended = False

    @property
    def heard(self) -> float | None:
        """When something was last heard, s; None before the first message."""
        return self._heard

    def hear(self, now: float, ended: bool) -> None:
        """Take note of a message; `ended` where the daemon says in it that it has ended."""
        self._heard, self._ended = now, ended

    def look(self, now: float) -> Link:
        """Return how it stands."""
        if self._heard is None:
            return Link(State.LOST, now - self._began, self._unheard())
        silent_s = now - self._heard
        if self._ended:
            return Link(State.LOST, silent_s, "The daemon has ended; it is heard when it returns.")
        if silent_s <= SILENT_AFTER_S:
            return Link(State.LIVE, 0.0, "The daemon is heard.")
        state = State.SILENT if silent_s <= LOST_AFTER_S else State.LOST
        return Link(state, silent_s, self._silent(state))

    def _unheard(self) -> str:
        return (
            f"Nothing has been heard on {self._address} yet; is 'hillstream run' or 'demo' "
            "publishing there, and with these keys?"
        )

    def _silent(self, state: State) -> str:
        if state is State.SILENT:
            return "The daemon has fallen silent; what is shown is old."
        return (
            f"Nothing is heard on {self._address} any more: the daemon has died, hangs, or cannot "
            "be reached. What is shown is old."
        )
