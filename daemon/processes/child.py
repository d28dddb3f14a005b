"""One life of a worker, seen from outside: a process from its start to its end."""

from __future__ import annotations

import os
import signal
import time
from contextlib import suppress
from multiprocessing import Pipe
from multiprocessing.connection import Connection, wait
from multiprocessing.reduction import recv_handle

from daemon.processes.life import Role
from daemon.processes.nursery import Nursery
from daemon.processes.signs import BEAT, LOOP, Signs, Silence
from pipeline.errors import UserError


class ChildProcess:
    """A process that prepares itself, waits for what it needs, and then works.

    Parameters
    ----------
    nursery
        Where it is born.
    name
        Of the process.
    role
        What it does.
    rehearsed
        Arguments of the rehearsal.
    """

    def __init__(
        self, nursery: Nursery, name: str, role: Role, rehearsed: tuple[object, ...]
    ) -> None:
        file = Signs.new_file()
        self._signs = Signs(file)
        self.loop, self.beat = Silence(self._signs, LOOP), Silence(self._signs, BEAT)
        """Of the worker's loop, and of a thread beside it, which an update does not hold up."""
        self._line, theirs = Pipe()
        nursery.bear(name, role, theirs.fileno(), file)
        theirs.close()
        os.close(file)
        self._pid: int | None = None
        self._handle: Connection | None = None
        """On the process once it has been born; readable when it has ended."""
        self._unborn = True
        self.began_at = 0.0
        self._send(rehearsed)

    def begin(self, args: tuple[object, ...]) -> None:
        """Let the work begin; without effect on a process that has died."""
        self.began_at = time.monotonic()
        self._send(args)

    def _send(self, args: tuple[object, ...]) -> None:
        with suppress(ConnectionError):  # its end is seen to like any other
            self._line.send(args)

    def ask_to_stop(self) -> None:
        """Ask the process to end in order."""
        self._signs.ask_to_stop()

    @property
    def ready(self) -> bool:
        """Whether the process has said that it is at work."""
        return self._signs.ready

    @property
    def pid(self) -> int | None:
        """Id of the process; None before it is born."""
        self._meet(0.0)
        return self._pid

    @property
    def alive(self) -> bool:
        """Whether the process runs, or is about to."""
        self._meet(0.0)
        return self._unborn or (self._handle is not None and not wait([self._handle], 0.0))

    def _meet(self, within_s: float | None) -> None:
        """Get to know the process if it is born in time; the line breaks where it cannot be."""
        if not self._unborn or not self._line.poll(within_s):
            return
        self._unborn = False
        with suppress(EOFError, ConnectionError):
            self._pid = self._line.recv()
            self._handle = Connection(recv_handle(self._line), writable=False)

    def complaint(self) -> str | None:
        """Return the mistake of the user's that the process ended with, once."""
        self._meet(0.0)
        while not (self._unborn or self._line.closed) and self._line.poll():
            if (told := self._heard()) != "":
                return told
        return None

    def await_rehearsal(self) -> None:
        """Wait until the rehearsal is over, however it ends; raises the UserError it ended with."""
        self._meet(None)
        if told := self._heard():
            raise UserError(told)

    def _heard(self) -> str | None:
        """Wait for the next sentence; None where the line has broken."""
        try:
            told: str = self._line.recv()
        except (EOFError, ConnectionError):
            return None
        return told

    def join(self, patience_s: float) -> None:
        """Wait for the end of the process, for as long as this."""
        until = time.monotonic() + patience_s
        self._meet(patience_s)
        if self._handle is not None:
            wait([self._handle], max(0.0, until - time.monotonic()))

    def kill(self) -> None:
        """End the process at once, and see it gone; one that is not born yet ends when it is."""
        self._meet(0.0)
        if self._handle is not None:
            with suppress(ProcessLookupError):
                signal.pidfd_send_signal(self._handle.fileno(), signal.SIGKILL)
            wait([self._handle])
        self._line.close()
        self._unborn = False
