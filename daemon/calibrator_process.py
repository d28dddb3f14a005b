"""The calibrator's process: rows from the predictor in, updates out."""

from __future__ import annotations

import logging
import os

import torch

from daemon import assemble
from daemon.config import Config
from daemon.link import Listener, RowsMessage, Speaker, UpdateMessage
from daemon.worker import Stop
from pipeline.calibrate.calibrator import Calibrator
from pipeline.model.subject import Subject

POLL_S = 0.1
NICENESS = 5
"""The predictor comes first where both want the processor."""

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
        Link addresses: ``rows`` to listen on, ``updates`` to publish on.
    start, version
        Parameters to start from, and their version.
    stop
        Tells when to end.
    """
    os.nice(NICENESS)
    torch.set_num_threads(config.calibrator.threads)
    calibrator = assemble.calibrator(config, start, version)
    rows, updates = Listener(addresses["rows"], RowsMessage), Speaker(addresses["updates"])
    try:
        while not stop.requested():
            _take(rows, calibrator)
            if calibrator.due():
                updates.send(UpdateMessage.of(calibrator.update()))
    finally:
        rows.close()
        updates.close()


def _take(rows: Listener, calibrator: Calibrator) -> None:
    """Wait for rows and take all that have come."""
    message = rows.receive(POLL_S)
    while isinstance(message, RowsMessage):
        try:
            calibrator.add(message.rows())
        except ValueError as error:
            logger.warning("The calibrator left rows out: %s", error)
        message = rows.receive()
