"""A worker's life, seen from inside its process: rehearse, wait, work, say what was wrong."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection
from multiprocessing.reduction import send_handle
from pathlib import Path
from pkgutil import resolve_name

from daemon.processes.signs import BEAT, Signs, Stop
from pipeline.errors import UserError

SPARE = "spare "
"""Before the name of a process that waits for its work."""
_BEAT_S = 0.1


@dataclass(frozen=True)
class Role:
    """What a worker's process does; functions are named as ``package.module:function``.

    Parameters
    ----------
    target
        Its work; gets what `ChildProcess.begin` was given, and a `Stop`. A `UserError` it
        raises is handed to the supervisor.
    rehearsal
        What it does before that, to be quick afterwards; gets what `ChildProcess` was given.
        As the work it may raise a `UserError`. None for nothing.
    beats
        Whether a thread beside the work shows that the process lives.
    """

    target: str
    rehearsal: str | None = None
    beats: bool = False

    def functions(self) -> tuple[Callable[..., None] | None, Callable[..., None]]:
        """Return rehearsal and work, their modules imported."""
        rehearsal = None if self.rehearsal is None else resolve_name(self.rehearsal)
        return rehearsal, resolve_name(self.target)


def live(name: str, role: Role, line: Connection, signs: Signs) -> None:
    """Live a worker's life in this process.

    On the line the supervisor sends the arguments of the rehearsal, then those of the work. It is
    sent the process's id and a handle on it, then an empty sentence after the rehearsal; and the
    sentence of a mistake of the user's, where that has ended the one or the other.
    """
    be_called(name)
    rehearsal, work = role.functions()
    if role.beats:
        threading.Thread(target=_beat, args=(signs,), name="beat", daemon=True).start()
    _introduce_this_process(line)
    try:
        rehearsed = _received(line)
        if rehearsal is not None:
            rehearsal(*rehearsed)
        _tell(line, "")
        args = _received(line)
        be_called(name.removeprefix(SPARE))
        work(*args, Stop(signs, line))
    except UserError as error:
        _tell(line, str(error))


def _introduce_this_process(line: Connection) -> None:
    _tell(line, os.getpid())
    handle = os.pidfd_open(os.getpid())
    with suppress(ConnectionError):
        send_handle(line, handle, None)
    os.close(handle)


def _received(line: Connection) -> tuple[object, ...]:
    """Wait for what the supervisor sends; end the process where it has gone."""
    try:
        args: tuple[object, ...] = line.recv()
    except (EOFError, ConnectionError):
        raise SystemExit from None
    return args


def _tell(line: Connection, said: str | int) -> None:
    with suppress(ConnectionError):  # that the supervisor has gone is seen to by who waits for it
        line.send(said)


def be_called(name: str) -> None:
    """Give this process a name that ``ps`` and ``top`` show, where the system allows it."""
    with suppress(OSError):  # psutil reads names and sets none
        Path("/proc/self/comm").write_text(name, encoding="ascii")


def _beat(signs: Signs) -> None:
    while True:
        signs.move(BEAT)
        time.sleep(_BEAT_S)
