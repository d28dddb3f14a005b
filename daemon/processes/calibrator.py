"""The calibrator's process: rows and orders in, updates out."""

from __future__ import annotations

import logging

from daemon.assembly.calibrator import build_calibrator
from daemon.calibration.desk import CalibratorDesk
from daemon.config import Config
from daemon.host.memory import give_back_memory
from daemon.host.realtime import claim_for_calibrator
from daemon.ipc.messages import RowsMessage, UpdateMessage
from daemon.ipc.orders import ORDERS, DealerSocket, Hello
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
        self._desk = CalibratorDesk(calibrator)
        self._rows = Listener(addresses["rows"], RowsMessage)
        self._updates = Speaker(addresses["updates"])
        self._line = DealerSocket(addresses["calibrator"], ORDERS, bind=False)
        self._line.send(Hello())

    def turn(self) -> None:
        """Wait for rows for a moment; then do what is due."""
        self._obey()
        self._take()
        if self._desk.due():
            self._updates.send(self._desk.update())
            give_back_memory()

    def _obey(self) -> None:
        while (order := self._line.receive()) is not None:
            for told in self._desk.obey(order):
                if isinstance(told, UpdateMessage):
                    self._updates.send(told)
                else:
                    self._line.send(told)

    def _take(self) -> None:
        """Wait for rows and take all that have come."""
        message = self._rows.receive(POLL_S)
        while isinstance(message, RowsMessage):
            try:
                self._desk.take(message.rows())
            except ValueError as error:
                logger.warning("The calibrator left rows out: %s", error)
            message = self._rows.receive()

    def close(self) -> None:
        """Release the connections."""
        self._rows.close()
        self._updates.close()
        self._line.close()
