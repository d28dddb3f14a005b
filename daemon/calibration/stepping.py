"""A calibrator elsewhere that is waited for: its updates are those of one here."""

from __future__ import annotations

import time

from daemon.assembly.subject import is_stranger
from daemon.calibration.link import Standing, configured_link
from daemon.config import Config
from daemon.ipc.messages import UpdateMessage
from pipeline.errors import UserError
from pipeline.model.subject import Subject
from pipeline.timebase.rows import PairedRows
from pipeline.update import Update

PATIENCE_S = 15.0
"""A calibrator that is not there after this is not waited for any longer, s."""
WAIT_S = 0.1


class SteppedCalibrator:
    """What `Calibrator` is to who adds rows and asks for updates, but elsewhere.

    An update that is due is waited for, so that no row can come between.

    Parameters
    ----------
    config
        The set-up; says where.
    start
        Parameters to start from, version 0.

    Raises
    ------
    UserError
        If the calibrator is not there, or refuses.
    """

    def __init__(self, config: Config, start: Subject) -> None:
        section = config.calibrator
        self._stride = round(section.stride_s * config.model.rate_hz)
        self._link = configured_link(config, f"score of {config.title}", in_step=True)
        self._standing = Standing(start, 0, is_stranger(config, 0))
        self._fresh = 0
        try:
            self._join()
        except BaseException:
            self._link.close()
            raise

    def _join(self) -> None:
        until = time.monotonic() + PATIENCE_S
        while not self._link.joined:
            self._heard()
            trouble = self._link.trouble
            if trouble and (self._link.refused or time.monotonic() > until):
                raise UserError(trouble)

    def add(self, rows: PairedRows) -> None:
        """Send paired rows."""
        if len(rows.t):
            self._link.add(rows)
            self._fresh += len(rows.t)

    def due(self) -> bool:
        """Tell whether a stride's worth of rows has come since the last update."""
        return self._fresh >= self._stride

    def update(self) -> Update:
        """Wait for the update that is due; raises UserError where the link is lost meanwhile."""
        self._fresh = 0
        while (update := self._heard()) is None:
            if not self._link.joined:
                raise UserError(
                    f"The calibrator at {self._link.address} was lost, so that what follows would "
                    "not be what it is with one here; score again."
                )
        self._standing = self._standing._replace(subject=update.subject, version=update.version)
        return update

    def _heard(self) -> Update | None:
        """Send what there is to send, and return an update that has come."""
        found = None
        for message in self._link.turn(self._standing):
            if isinstance(message, UpdateMessage):
                found = message.update(self._standing.subject)
        if found is None:
            self._link.wait(WAIT_S)
        return found

    def close(self) -> None:
        """Take leave."""
        self._link.close()
