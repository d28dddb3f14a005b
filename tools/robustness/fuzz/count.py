"""Outcomes of the inputs of one entrance, and an alarm for those that hang."""

from __future__ import annotations

import signal
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

from tools.robustness.fuzz.entrances import Entrance

HANGS_AFTER_S = 5.0
CRASHES_KEPT = 20
"""Crashes of which the input is told; of more only the number."""


class HangError(BaseException):
    """An input took too long; not an Exception, so that no entrance catches it."""


@contextmanager
def alarmed() -> Iterator[Callable[[], None]]:
    """Give a function that starts the time anew; when it is up, `HangError` is raised."""

    def ring(number: int, frame: FrameType | None) -> None:
        raise HangError(f"not done after {HANGS_AFTER_S:g} s")

    def start_anew() -> None:
        signal.setitimer(signal.ITIMER_PROF, HANGS_AFTER_S)

    before = signal.signal(signal.SIGPROF, ring)
    try:
        yield start_anew
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0.0)
        signal.signal(signal.SIGPROF, before)


class Count:
    """What became of the inputs of one entrance."""

    def __init__(self) -> None:
        self.outcomes: Counter[str] = Counter(accepted=0, refused=0, crashed=0)
        self.crashes: list[dict[str, str]] = []
        self.slowest_ms, self.slowest = 0.0, b""

    def try_one(self, entrance: Entrance, data: bytes) -> None:
        """Give an entrance an input."""
        begun = time.thread_time()  # of the processor: others may be using the machine
        try:
            outcome = "accepted" if entrance.take(data) else "refused"
        except (Exception, HangError) as error:
            outcome = "crashed"
            if len(self.crashes) < CRASHES_KEPT:
                what = f"{type(error).__name__}: {str(error)[:200]}"
                self.crashes.append({"error": what, "input": data[:4000].hex()})
        took_ms = 1e3 * (time.thread_time() - begun)
        if took_ms > self.slowest_ms:
            self.slowest_ms, self.slowest = took_ms, data
        self.outcomes[outcome] += 1

    def told(self) -> dict[str, Any]:
        """Return the counts, the crashes and the time of the slowest input."""
        return {**self.outcomes, "slowest_ms": self.slowest_ms, "crashes": self.crashes}
