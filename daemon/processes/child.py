"""One life of a worker: a process from its start to its end, and the signs that it gives."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection
from multiprocessing.context import SpawnContext
from multiprocessing.synchronize import Event
from pathlib import Path
from typing import Any

from pipeline.errors import UserError

SPARE = "spare "
"""Before the name of a process that waits to take over."""
_PARENT_CHECK_S = 1.0
_BEAT_S = 0.1
_MOST_AT_ONCE_S = 0.5
"""No more silence than this is counted from one look to the next, s."""

Pulse = Any
"""A time in shared memory, s of the steady clock."""


class Stop:
    """Tells a worker whether it should end: it was asked to, or its parent is gone.

    A worker that asks shows by it that its loop goes round.
    """

    def __init__(self, event: Event, ready: Event, pulse: Pulse) -> None:
        self._event = event
        self._ready = ready
        self._pulse = pulse
        self._parent = os.getppid()
        self._next_check = 0.0

    def announce_ready(self) -> None:
        """Let the parent know that the worker is at work."""
        self._pulse.value = time.monotonic()
        self._ready.set()

    def requested(self) -> bool:
        """Return True once the worker should end."""
        now = self._pulse.value = time.monotonic()
        if now >= self._next_check:
            self._next_check = now + _PARENT_CHECK_S
            if os.getppid() != self._parent:
                return True
        return self._event.is_set()


class Silence:
    """How long a pulse has not moved, counted in the looks of who watches it.

    What the watcher has slept through, as on a machine that stood still, is held against nobody.
    """

    def __init__(self, pulse: Pulse) -> None:
        self._pulse = pulse
        self._seen = 0.0
        self._looked_at = time.monotonic()
        self.seconds = 0.0
        """Silence at the last look, s."""

    def look(self) -> None:
        """Take note of whether the pulse has moved since the last look."""
        now, value = time.monotonic(), self._pulse.value
        passed = min(now - self._looked_at, _MOST_AT_ONCE_S)
        self.seconds = self.seconds + passed if value == self._seen else 0.0
        self._seen, self._looked_at = value, now


@dataclass(frozen=True)
class Role:
    """What a worker's process does.

    Parameters
    ----------
    target
        Its work; gets what `ChildProcess.begin` was given, and a `Stop`. A `UserError` it
        raises is handed to the parent.
    rehearsal
        What it does before that, to be quick afterwards; gets what `ChildProcess` was given.
    beats
        Whether a thread beside the work shows that the process lives.
    """

    target: Callable[..., None]
    rehearsal: Callable[..., None] | None = None
    beats: bool = False


class ChildProcess:
    """A process that prepares itself, waits for what it needs, and then works.

    Parameters
    ----------
    context
        How processes are made.
    name
        Of the process.
    role
        What it does.
    event
        Set when it is to end.
    rehearsed
        Arguments of the rehearsal.
    """

    def __init__(
        self,
        context: SpawnContext,
        name: str,
        role: Role,
        event: Event,
        rehearsed: tuple[object, ...],
    ) -> None:
        self._ready = context.Event()
        pulse, beat = context.Value("d", 0.0, lock=False), context.Value("d", 0.0, lock=False)
        self.loop, self.beat = Silence(pulse), Silence(beat)
        """Of the worker's loop, and of a thread beside it, which an update does not hold up."""
        self._complaints, complain = context.Pipe(duplex=False)
        orders, self._begin = context.Pipe(duplex=False)
        signs = (event, self._ready, pulse)
        self.process = context.Process(
            target=_run,
            args=(name, role, rehearsed, orders, complain, beat, signs),
            name=name,
            daemon=True,
        )
        with _signals_held_back():
            self.process.start()
        complain.close()
        orders.close()
        self.began_at = 0.0

    def begin(self, args: tuple[object, ...]) -> None:
        """Let the work begin; without effect on a process that has died."""
        self.began_at = time.monotonic()
        try:
            self._begin.send(args)
        except BrokenPipeError:
            return  # its end is seen to like any other

    @property
    def ready(self) -> bool:
        """Whether the process has said that it is at work."""
        return self._ready.is_set()

    @property
    def alive(self) -> bool:
        """Whether the process runs."""
        return self.process.is_alive()

    def complaint(self) -> str | None:
        """Return the mistake of the user's that the process ended with, once."""
        try:
            return self._complaints.recv_bytes().decode() if self._complaints.poll() else None
        except EOFError:
            return None

    def kill(self) -> None:
        """End the process at once, and see it gone."""
        self.process.kill()
        self.process.join()


@contextmanager
def _signals_held_back() -> Iterator[None]:
    """Let a process be born deaf to Ctrl-C and termination, which reach a whole terminal or group.

    The parent tells the workers to end in its own order.
    """
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT, signal.SIGTERM})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _run(
    name: str,
    role: Role,
    rehearsed: tuple[object, ...],
    orders: Connection,
    complaints: Connection,
    beat: Pulse,
    signs: tuple[Event, Event, Pulse],
) -> None:
    _be_called(name)
    if role.beats:
        threading.Thread(target=_beat, args=(beat,), name="beat", daemon=True).start()
    if role.rehearsal is not None:
        role.rehearsal(*rehearsed)
    try:
        args = orders.recv()
    except EOFError:
        return  # the parent has gone
    _be_called(name.removeprefix(SPARE))
    try:
        role.target(*args, Stop(*signs))
    except UserError as error:
        complaints.send_bytes(str(error).encode())


def _be_called(name: str) -> None:
    """Give this process a name that ``ps`` and ``top`` show, where the system allows it."""
    with suppress(OSError):  # psutil reads names and sets none
        Path("/proc/self/comm").write_text(name, encoding="ascii")


def _beat(beat: Pulse) -> None:
    while True:
        beat.value = time.monotonic()
        time.sleep(_BEAT_S)
