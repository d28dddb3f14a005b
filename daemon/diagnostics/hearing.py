"""Two seconds of wanted streams, through the sources that a run reads them with."""

from __future__ import annotations

import time
from collections.abc import Mapping

import numpy as np

from pipeline.streams import clock
from pipeline.streams.base import Chunk, Source, StreamHealth

READ_S = 2.0
"""How long samples are read from the first on, s."""
PATIENCE_S = 4.0
"""How long a stream may take to send its first sample, s."""
POLL_S = 0.005


class Hearing:
    """What has been heard of one stream.

    Parameters
    ----------
    source
        The open source.
    """

    def __init__(self, source: Source) -> None:
        self._source = source
        self._opened = clock.now()
        self._begun: float | None = None
        self._ages: list[float] = []
        self.seconds = 0.0
        """Time since the first samples arrived, s."""
        self.passed = 0
        """Samples that a run would use."""
        self.finite = 0
        """Values among them that are numbers."""
        self.low, self.high = np.inf, -np.inf
        """Range of the values, in SI units."""
        self.health: StreamHealth = source.health(self._opened)

    def poll(self) -> bool:
        """Take what has come; return whether this goes on."""
        chunk = self._source.poll()
        now = clock.now()
        self.health = self._source.health(now)
        if chunk is not None:
            self._take(chunk, now)
        if self._begun is None:
            if not (self.health.received or self.health.refused):
                return now - self._opened < PATIENCE_S
            self._begun = now
        self.seconds = now - self._begun
        return self.seconds < READ_S

    def _take(self, chunk: Chunk, now: float) -> None:
        self.passed += len(chunk.t)
        self._ages.append(now - float(chunk.t[-1]))
        numbers = chunk.x[np.isfinite(chunk.x)]
        self.finite += len(numbers)
        self.low = min(self.low, np.min(numbers, initial=np.inf))
        self.high = max(self.high, np.max(numbers, initial=-np.inf))

    @property
    def age_s(self) -> float | None:
        """How old a newest sample was on arrival by its stamp, the median, s."""
        return float(np.median(self._ages)) if self._ages else None

    @property
    def dropped(self) -> int:
        """Samples that came and are of no use."""
        return self.health.received - self.passed

    @property
    def masked(self) -> int:
        """Samples that are used although a value of theirs is not finite or cannot be."""
        return self.health.nonfinite if self._source.spec.keep_nonfinite else 0

    @property
    def why_dropped(self) -> str:
        """Why samples were dropped, with how many of each."""
        health = self.health
        lost = {
            "stamped ahead of this machine's clock": health.from_future,
            "too old on arrival": health.too_old,
            "with stamps that do not increase": health.out_of_order,
            "with a value that is not finite or cannot be": health.nonfinite - self.masked,
        }
        return ", ".join(f"{number} {why}" for why, number in lost.items() if number)

    @property
    def rate_hz(self) -> float:
        """Rate by the stamps, Hz; by arrivals where no stamp is of use."""
        return self.health.rate_hz or self.health.received / max(self.seconds, READ_S)


def hear(sources: Mapping[str, Source]) -> dict[str, Hearing]:
    """Return what two seconds of each open source were like; all are read at the same time."""
    hearings = {key: Hearing(source) for key, source in sources.items()}
    going = list(hearings.values())
    while going := [hearing for hearing in going if hearing.poll()]:
        time.sleep(POLL_S)
    return hearings
