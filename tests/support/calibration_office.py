"""Both ends of a link to a calibrator elsewhere, in threads and turns of a test."""

import threading
from collections.abc import Callable
from contextlib import closing

import numpy as np
from rows import rows_at

from daemon.assembly.model import model_in_use
from daemon.assembly.subject import starting_subject
from daemon.calibration.server import CalibratorServer
from daemon.config import Config
from daemon.ipc.messages import LinkMessage, RowsMessage, UpdateMessage
from daemon.ipc.orders import ANSWERS, ConcernOrder, DealerSocket
from daemon.ipc.sockets import Listener, Speaker
from daemon.processes.calibrator import CalibratorWorker
from daemon.processes.relay import Relay

STRIDE = 100
"""Rows of a stride."""
Turned = Relay | CalibratorWorker


class Serving:
    """A calibrator elsewhere in a thread."""

    def __init__(self, server: CalibratorServer) -> None:
        self.server = server
        self.address = server.address
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._work)
        self._thread.start()

    def _work(self) -> None:
        with closing(self.server):
            while not self._end.is_set():
                self.server.turn(0.05)

    def close(self) -> None:
        """End it, as a machine that is switched off would."""
        self._end.set()
        self._thread.join()


class Office:
    """The supervisor's and the predictor's ends of a calibrator's connections."""

    def __init__(self, config: Config, address: str, make: Callable[..., Turned]) -> None:
        addresses = {name: f"{address}-{name}" for name in ("rows", "updates", "calibrator")}
        self.start = starting_subject(config, model_in_use(config))
        self.line = DealerSocket(addresses["calibrator"], (*ANSWERS, ConcernOrder), bind=True)
        self.rows = Speaker(addresses["rows"])
        self.worker = make(config, addresses, self.start)
        self.updates = Listener(addresses["updates"], UpdateMessage)
        self.said: list[LinkMessage] = []
        self.heard: list[UpdateMessage] = []
        self.dofs = len(config.model.dofs)
        self.t = 100.0

    def turn(self) -> None:
        """Let the worker turn once, and hear what it says."""
        self.worker.turn()
        while (update := self.updates.receive()) is not None:
            assert isinstance(update, UpdateMessage)
            self.heard.append(update)
        while (said := self.line.receive()) is not None:
            self.said.append(said)

    def send(self, count: int = STRIDE) -> None:
        """Send rows that go on from the last."""
        t = self.t + np.arange(count) / 100
        self.t += count / 100
        length = 2 * self.start.optimal_fibre_length
        rows = rows_at(np.round(t, 2), len(self.start.muscles), self.dofs, length)
        self.rows.send(RowsMessage.of(rows))

    def concerns(self, cause: str) -> list[str]:
        """Return what the status was to tell of, one after the other."""
        found = [one for one in self.said if isinstance(one, ConcernOrder)]
        return [one.sentence for one in found if one.cause == cause]

    def close(self) -> None:
        for part in (self.updates, self.worker, self.rows, self.line):
            part.close()


def relay(config: Config, addresses: dict[str, str], start: object) -> Relay:
    """Make the relay to a calibrator elsewhere."""
    return Relay(config, addresses, start, 0)
