"""The share of a live stream that was dropped over the last seconds, and what for."""

from __future__ import annotations

from collections import deque
from typing import NamedTuple

PERIOD_S = 2.0
"""Time over which the share is taken, s."""
_STEP_S = 0.2
WHY = {
    "out_of_order": "their stamps go back in time",
    "from_future": "they are stamped ahead of this machine's clock",
    "too_old": "their stamps are too old",
    "nonfinite": "they hold values that are not finite or cannot be",
}
"""What samples are dropped for, by the count of it."""


class Dropped(NamedTuple):
    """What was dropped of late."""

    share: float = 0.0
    """Of the samples that came, 0 to 1."""
    why: str = ""
    """What most of them were dropped for; empty where none was."""


class _Count(NamedTuple):
    t: float
    received: int
    dropped: dict[str, int]


class RecentDrops:
    """Counts what came and what was dropped, over the last `PERIOD_S` in which anything came."""

    def __init__(self) -> None:
        self._counts = deque([_Count(0.0, 0, dict.fromkeys(WHY, 0))])

    def count(self, now: float, received: int, dropped: dict[str, int]) -> None:
        """Take the counts since the stream was opened, at time `now` in s; `dropped` as `WHY`."""
        counts = self._counts
        if len(counts) > 1 and now - counts[-2].t < _STEP_S:
            counts.pop()
        counts.append(_Count(now, received, dropped))
        while len(counts) > 2 and now - counts[1].t >= PERIOD_S:
            counts.popleft()

    def recent(self) -> Dropped:
        """Return what was dropped of late."""
        first, last = self._counts[0], self._counts[-1]
        received = last.received - first.received
        if not received:
            return Dropped()
        lost = {cause: last.dropped[cause] - first.dropped[cause] for cause in WHY}
        total = sum(lost.values())
        return Dropped(total / received, WHY[max(WHY, key=lost.__getitem__)] if total else "")
