"""Whose turn it is, where several want the same thing; and how often each had it."""

from __future__ import annotations

from collections import deque
from collections.abc import Hashable, Iterable
from typing import Generic, TypeVar

PACE_S = 20.0
"""Time over which a pace is told, s."""

Name = TypeVar("Name", bound=Hashable)


class Rota(Generic[Name]):
    """Round robin: of those who are due, who has waited longest since their last turn; pure."""

    def __init__(self) -> None:
        self._turns: dict[Name, int] = {}
        self._count = 0

    def next(self, due: Iterable[Name]) -> Name | None:
        """Return whose turn it is among those due, and take it; None where nobody is."""
        waiting = list(due)
        if not waiting:
            return None
        chosen = min(waiting, key=lambda name: self._turns.get(name, 0))
        self._count += 1
        self._turns[chosen] = self._count
        return chosen

    def leave(self, name: Name) -> None:
        """Forget somebody."""
        self._turns.pop(name, None)


class Pace:
    """How much of something there was in each second of the last `PACE_S`.

    Parameters
    ----------
    since
        When counting begins, s on any clock.
    """

    def __init__(self, since: float) -> None:
        self._since = since
        self._counted: deque[tuple[float, float]] = deque()

    def count(self, now: float, amount: float = 1.0) -> None:
        """Count something that happens now, s."""
        self._counted.append((now, amount))
        self._forget(now)

    def _forget(self, now: float) -> None:
        while self._counted and self._counted[0][0] <= now - PACE_S:
            self._counted.popleft()

    def per_s(self, now: float) -> float:
        """Return the mean of the last `PACE_S`, or since counting began, 1/s."""
        self._forget(now)
        span = min(PACE_S, now - self._since)
        return sum(amount for _, amount in tuple(self._counted)) / span if span > 0 else 0.0
