"""Signs between the supervisor and a worker, in memory that both see: no lock, no message."""

from __future__ import annotations

import mmap
import os
import time
from multiprocessing.connection import Connection

_PARENT_CHECK_S = 1.0
_MOST_AT_ONCE_S = 0.5
"""No more silence than this is counted from one look to the next, s."""
_STOP, _READY, LOOP, BEAT = range(4)
"""Places of the numbers; the last two are pulses, times of the steady clock, s."""
_BYTES = 4 * 8


class Signs:
    """What supervisor and worker show each other.

    Parameters
    ----------
    file
        As from `new_file`; may be closed afterwards.
    """

    def __init__(self, file: int) -> None:
        self._numbers = memoryview(mmap.mmap(file, _BYTES)).cast("d")

    @staticmethod
    def new_file() -> int:
        """Return a file in memory for the signs of one worker, which the caller closes."""
        file = os.memfd_create("signs")
        os.ftruncate(file, _BYTES)
        return file

    @property
    def stopping(self) -> bool:
        """Whether the worker is to end."""
        return bool(self._numbers[_STOP])

    def ask_to_stop(self) -> None:
        """Ask the worker to end."""
        self._numbers[_STOP] = 1.0

    @property
    def ready(self) -> bool:
        """Whether the worker has said that it is at work."""
        return bool(self._numbers[_READY])

    def announce_ready(self) -> None:
        """Say that the worker is at work."""
        self._numbers[_READY] = 1.0

    def move(self, pulse: int) -> None:
        """Show life: by the worker's loop, `LOOP`, or by a thread beside it, `BEAT`."""
        self._numbers[pulse] = time.monotonic()

    def moved(self, pulse: int) -> float:
        """Return when a pulse last moved, s of the steady clock; 0 if never."""
        return self._numbers[pulse]


class Stop:
    """Tells a worker whether it should end: it was asked to, or its supervisor is gone.

    A worker that asks shows by it that its loop goes round.

    Parameters
    ----------
    signs
        Of the worker.
    line
        To its supervisor, who sends no more on it once the work has begun.
    """

    def __init__(self, signs: Signs, line: Connection) -> None:
        self._signs = signs
        self._line = line
        self._next_check = 0.0

    def announce_ready(self) -> None:
        """Let the supervisor know that the worker is at work."""
        self._signs.move(LOOP)
        self._signs.announce_ready()

    def requested(self) -> bool:
        """Return True once the worker should end."""
        self._signs.move(LOOP)
        now = self._signs.moved(LOOP)
        if now >= self._next_check:
            self._next_check = now + _PARENT_CHECK_S
            if self._line.poll():  # its other end is closed
                return True
        return self._signs.stopping


class Silence:
    """How long a pulse has not moved, counted in the looks of who watches it.

    What the watcher has slept through, as on a machine that stood still, is held against nobody.
    """

    def __init__(self, signs: Signs, pulse: int) -> None:
        self._signs, self._pulse = signs, pulse
        self._seen = 0.0
        self._looked_at = time.monotonic()
        self.seconds = 0.0
        """Silence at the last look, s."""

    def look(self) -> None:
        """Take note of whether the pulse has moved since the last look."""
        now, value = time.monotonic(), self._signs.moved(self._pulse)
        passed = min(now - self._looked_at, _MOST_AT_ONCE_S)
        self.seconds = self.seconds + passed if value == self._seen else 0.0
        self._seen, self._looked_at = value, now
