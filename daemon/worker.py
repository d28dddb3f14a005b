"""A process of the daemon: started, watched, ended; and how it learns that it should end."""

from __future__ import annotations

import logging
import math
import multiprocessing
import os
import signal
import time
from collections.abc import Callable
from multiprocessing.connection import Connection
from multiprocessing.synchronize import Event
from typing import Any

from pipeline.errors import UserError

PATIENCE_S = 5.0
"""Time a worker has to end in order; after it, it is killed."""
BACK_OFF_S = (0.2, 0.5, 1.0, 2.0, 5.0)
"""Pauses before the first, second, ... restart; the last one goes for all later ones."""
_PARENT_CHECK_S = 1.0

Pulse = Any
"""A number in shared memory: when the worker's loop last went round, s of the steady clock."""

logger = logging.getLogger(__name__)


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


class Worker:
    """One process of the daemon.

    Parameters
    ----------
    name
        What it is called in messages.
    target
        Function run in the process, with a `Stop` as its last argument. A `UserError` it raises
        is handed to `check`.
    patience_s
        Longest that its loop may take to go round once, s.
    """

    def __init__(
        self, name: str, target: Callable[..., None], patience_s: float = math.inf
    ) -> None:
        self.name = name
        self.restarts = 0
        self._patience_s = patience_s
        self._target = target
        self._context = multiprocessing.get_context("spawn")
        self._event = self._context.Event()
        self._ready = self._context.Event()
        self._pulse: Pulse = self._context.Value("d", 0.0, lock=False)
        self._due: float | None = None
        self._process: Any = None
        self._complaints: Connection | None = None

    def start(self, *args: object) -> None:
        """Start the process; `args` go to its target."""
        self._due = None
        self._ready.clear()
        self._pulse.value = time.monotonic()
        self._complaints, far_end = self._context.Pipe(duplex=False)
        self._process = self._context.Process(
            target=_run,
            args=(self._target, args, self._event, self._ready, self._pulse, far_end),
            name=self.name,
            daemon=True,
        )
        self._process.start()
        far_end.close()

    @property
    def ready(self) -> bool:
        """Whether the process has said that it is at work."""
        return self._ready.is_set()

    @property
    def alive(self) -> bool:
        """Whether the process runs."""
        return self._process is not None and self._process.is_alive()

    def kill_if_hung(self, now: float) -> bool:
        """Kill the process if its loop has not gone round for too long; return whether it was."""
        silent_s = now - self._pulse.value
        if not (self.alive and self.ready and silent_s > self._patience_s):
            return False
        logger.error("The %s has not moved for %.1f s and is killed", self.name, silent_s)
        self._process.kill()
        self._process.join()
        return True

    def check(self) -> None:
        """Raise the UserError the process ended with, if it did."""
        complaints = self._complaints
        try:
            if complaints is not None and complaints.poll():
                raise UserError(complaints.recv_bytes().decode())
        except EOFError:
            self._complaints = None

    def restart_due(self, now: float) -> bool:
        """Tell whether a dead process should be started again, after a growing pause."""
        if self.alive or self._event.is_set():
            return False
        if self._due is None:
            pause = BACK_OFF_S[min(self.restarts, len(BACK_OFF_S) - 1)]
            self.restarts += 1
            self._due = now + pause
            logger.warning("The %s ended unexpectedly; starting it again", self.name)
        return now >= self._due

    def ask_to_stop(self) -> None:
        """Ask the process to end in order."""
        self._event.set()

    def join(self) -> None:
        """Wait for the end of the process; kill it where it takes too long."""
        if self._process is None:
            return
        self._process.join(PATIENCE_S)
        if self._process.is_alive():
            logger.error("The %s did not stop within %g s and was killed", self.name, PATIENCE_S)
            self._process.kill()
            self._process.join()


def _run(
    target: Callable[..., None],
    args: tuple[object, ...],
    event: Event,
    ready: Event,
    pulse: Pulse,
    complaints: Connection,
) -> None:
    # Ctrl-C reaches every process of the terminal; the parent tells the workers in its own order.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        target(*args, Stop(event, ready, pulse))
    except UserError as error:
        complaints.send_bytes(str(error).encode())
