"""A thread or process in which a workshop works, and the server's end of the line to it.

Who works asks for what has come whenever it has time, so that what waits does so where it is
bounded, and the newest is worked on.
"""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import suppress
from functools import partial
from multiprocessing import Pipe
from multiprocessing.connection import Connection
from multiprocessing.context import SpawnProcess
from threading import Thread
from typing import NamedTuple

from daemon.assembly.calibrator import build_calibrator
from daemon.assembly.model import model_in_use
from daemon.calibration.clients import Client
from daemon.calibration.desk import CalibratorDesk
from daemon.calibration.inbox import Delivery
from daemon.calibration.wire import Join
from daemon.calibration.workshop import Workshop
from daemon.config import Config
from daemon.host.memory import give_back_memory
from daemon.ipc.messages import LinkMessage
from pipeline.model.arithmetic import set_up_arithmetic

END_S = 10.0
"""How long an update that is under way is waited for at the end, s."""


class _Ready(NamedTuple):
    """It has time for what has come."""

    more: bool
    """Whether it may have work even if nothing has come."""


class _Parcel(NamedTuple):
    left: list[str]
    """Sessions of clients that have gone."""
    deliveries: dict[str, Delivery]


class Shop:
    """Where the calibrators of some clients work.

    Parameters
    ----------
    config
        The set-up.
    apart
        Whether it is a process of its own, and not a thread of this one.
    """

    def __init__(self, config: Config, *, apart: bool) -> None:
        self.line, theirs = Pipe()
        """Readable where it has said something, or has ended."""
        self.clients: dict[str, Client] = {}
        self._left: list[str] = []
        self._ready: _Ready | None = None
        self._worker: Thread | SpawnProcess
        if apart:
            self._worker = SpawnProcess(target=_process, args=(config, theirs), daemon=True)
        else:
            self._worker = Thread(target=_work, args=(config, theirs), daemon=True)
        self._worker.start()
        if apart:
            theirs.close()

    def seat(self, client: Client) -> None:
        """Have a client calibrated here."""
        self.clients[client.join.session] = client

    def leave(self, client: Client) -> None:
        """Have a client forgotten."""
        del self.clients[client.join.session]
        self._left.append(client.join.session)

    def said(self) -> Iterator[tuple[str, bytes]]:
        """Yield sessions and what they are to be told; EOFError where nobody works here now."""
        try:
            while self.line.poll():
                said = self.line.recv()
                if isinstance(said, _Ready):
                    self._ready = said
                else:
                    yield said
        except ConnectionError as error:
            raise EOFError from error

    def serve(self) -> None:
        """Hand over what has come, where there is time for it."""
        if self._ready is None:
            return
        come = {name: client for name, client in self.clients.items() if client.inbox.changed}
        if not (come or self._left or self._ready.more):
            return
        parcel = _Parcel(self._left, {name: one.inbox.emptied() for name, one in come.items()})
        self._left, self._ready = [], None
        with suppress(ConnectionError):  # `said` tells
            self.line.send(parcel)

    def close(self) -> None:
        """End it once the update that is under way is over."""
        self.line.close()
        if isinstance(self._worker, Thread):
            self._worker.join()
            return
        self._worker.join(END_S)
        self._worker.kill()
        self._worker.join()


def _process(config: Config, line: Connection) -> None:
    """Work until the server closes the line; a signal to all of a group is for the server."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)
    _work(config, line)


def _work(config: Config, line: Connection) -> None:
    def tell(session: str, message: LinkMessage) -> None:
        line.send((session, message.pack()))

    with line:
        set_up_arithmetic(config.calibrator.threads)
        workshop = Workshop(partial(_desk, config, model_in_use(config).muscle_names), tell)
        with suppress(EOFError, ConnectionError):  # the server has closed the line
            _serve(workshop, line)


def _serve(workshop: Workshop, line: Connection) -> None:
    worked = False
    while True:
        line.send(_Ready(worked))
        left, deliveries = line.recv()
        for session in left:
            workshop.leave(session)
        for session, delivery in deliveries.items():
            workshop.take(session, delivery)
        before, worked = worked, workshop.turn()
        if before and not worked:
            give_back_memory()


def _desk(config: Config, muscles: tuple[str, ...], join: Join) -> CalibratorDesk:
    start = join.subject(muscles)
    return CalibratorDesk(build_calibrator(config, start, join.version, stranger=join.stranger))
