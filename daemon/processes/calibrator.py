"""The calibrator's process: rows and orders in, updates out."""

from __future__ import annotations

import logging

import numpy as np

from daemon.assembly.calibrator import build_calibrator
from daemon.config import Config
from daemon.host.memory import give_back_memory
from daemon.host.realtime import claim_for_calibrator
from daemon.ipc.messages import RowsMessage, UpdateMessage
from daemon.ipc.orders import (
    ORDERS,
    Answer,
    DealerSocket,
    ForgetOrder,
    Hello,
    PauseOrder,
    RestoreOrder,
)
from daemon.ipc.sockets import Listener, Speaker
from daemon.processes.signs import Stop
from pipeline.calibrate.calibrator import Calibrator
from pipeline.model.arithmetic import set_up_arithmetic
from pipeline.model.subject import Subject

POLL_S = 0.1

logger = logging.getLogger(__name__)


def main(
    config: Config, addresses: dict[str, str], start: Subject, version: int, stop: Stop
) -> None:
    """Calibrate until told to stop.

    Parameters
    ----------
    config
        The set-up.
    addresses
        Link addresses: ``rows`` to listen on, ``updates`` to publish on, ``calibrator`` to take
        orders on.
    start, version
        Parameters to start from, and their version.
    stop
        Tells when to end.
    """
    claim_for_calibrator(config.realtime)
    set_up_arithmetic(config.calibrator.threads)
    worker = CalibratorWorker(build_calibrator(config, start, version), addresses)
    try:
        stop.announce_ready()
        while not stop.requested():
            worker.turn()
    finally:
        worker.close()


class CalibratorWorker:
    """The calibrator with its connections.

    Parameters
    ----------
    calibrator
        What does the work.
    addresses
        As for `main`.
    """

    def __init__(self, calibrator: Calibrator, addresses: dict[str, str]) -> None:
        self._calibrator = calibrator
        self._rows = Listener(addresses["rows"], RowsMessage)
        self._updates = Speaker(addresses["updates"])
        self._line = DealerSocket(addresses["calibrator"], ORDERS, bind=False)
        self._line.send(Hello())
        self._paused = False
        self._forgotten = -np.inf
        """Rows before this time are not taken, s."""

    def turn(self) -> None:
        """Wait for rows for a moment; then do what is due."""
        self._obey()
        self._take()
        if self._calibrator.due():
            update = self._calibrator.skip() if self._paused else self._calibrator.update()
            self._updates.send(UpdateMessage.of(update))
            give_back_memory()

    def _obey(self) -> None:
        while (order := self._line.receive()) is not None:
            if isinstance(order, PauseOrder):
                self._paused = order.paused
                said = "Paused: no parameter changes" if order.paused else "Calibration goes on"
                self._line.send(Answer(number=order.number, ok=True, sentence=f"{said}."))
            elif isinstance(order, RestoreOrder):
                update = self._calibrator.restore(
                    order.subject(self._calibrator.subject), order.version
                )
                message = UpdateMessage.of(update, order.version, order.certainty)
                self._updates.send(message)
                self._line.send(Answer(number=order.number, ok=True, sentence=update.sentence))
            elif isinstance(order, ForgetOrder):
                self._forgotten = order.before
                self._calibrator.forget()

    def _take(self) -> None:
        """Wait for rows and take all that have come."""
        message = self._rows.receive(POLL_S)
        while isinstance(message, RowsMessage):
            try:
                rows = message.rows()
                self._calibrator.add(rows.part(slice(rows.t.searchsorted(self._forgotten), None)))
            except ValueError as error:
                logger.warning("The calibrator left rows out: %s", error)
            message = self._rows.receive()

    def close(self) -> None:
        """Release the connections."""
        self._rows.close()
        self._updates.close()
        self._line.close()
