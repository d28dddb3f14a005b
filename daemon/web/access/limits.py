"""How often somebody may ask: so many at once, then so many a second, in bounded memory."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable

MOST_KEYS = 4096
"""Whom a limiter remembers; of more, who has not been seen for longest is forgotten."""


class Limiter:
    """A bucket per key, from which each request takes one and which fills at a steady rate.

    Parameters
    ----------
    rate_hz
        What flows in, 1/s.
    burst
        What a bucket holds: so many may come at once.
    clock
        Seconds on a clock that never goes back.
    """

    def __init__(
        self, rate_hz: float, burst: int, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._rate_hz, self._burst, self._clock = rate_hz, burst, clock
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def __len__(self) -> int:
        return len(self._buckets)

    def wait_s(self, key: str) -> float:
        """Take one from a key's bucket; returns 0, or how long until there is one, s."""
        now = self._clock()
        left, since = self._buckets.pop(key, (float(self._burst), now))
        left = min(float(self._burst), left + self._rate_hz * (now - since))
        allowed = left >= 1.0
        self._buckets[key] = (left - 1.0 if allowed else left), now
        if len(self._buckets) > MOST_KEYS:
            self._buckets.popitem(last=False)
        return 0.0 if allowed else (1.0 - left) / self._rate_hz
