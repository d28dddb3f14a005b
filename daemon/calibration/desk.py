"""A calibrator that obeys orders: the same beside the daemon and on another machine."""

from __future__ import annotations

import numpy as np

from daemon.ipc.messages import UpdateMessage
from daemon.ipc.orders import Answer, ForgetOrder, PauseOrder, RestoreOrder
from pipeline.calibrate.calibrator import Calibrator
from pipeline.drift.following import DriftFollower
from pipeline.timebase.rows import PairedRows

Told = UpdateMessage | Answer
"""What there is to say after an order."""


class CalibratorDesk:
    """What a calibrator is told, and what it then says.

    Parameters
    ----------
    calibrator
        What does the work.
    """

    def __init__(self, calibrator: Calibrator) -> None:
        self._calibrator = calibrator
        self._paused = False
        self._drift = DriftFollower()
        self._forgotten = -np.inf
        """Rows before this time are not taken, s."""

    @property
    def version(self) -> int:
        """Version of the parameters in force."""
        return self._calibrator.version

    def obey(self, order: object) -> tuple[Told, ...]:
        """Carry out an order; return what there is to say of it."""
        if isinstance(order, PauseOrder):
            self._paused = order.paused
            said = "Paused: no parameter changes" if order.paused else "Calibration goes on"
            return (Answer(number=order.number, ok=True, sentence=f"{said}."),)
        if isinstance(order, RestoreOrder):
            return self._restore(order)
        if isinstance(order, ForgetOrder) and order.before > self._forgotten:
            self._forgotten = order.before
            self._calibrator.forget()
        return ()

    def _restore(self, order: RestoreOrder) -> tuple[Told, ...]:
        try:
            subject = order.subject(self._calibrator.subject)
        except ValueError as error:
            said = f"Version {order.version} is not of this person: {error}."
            return (Answer(number=order.number, ok=False, sentence=said),)
        update = self._calibrator.restore(subject, order.version)
        message = UpdateMessage.of(update, order.version, order.certainty)
        return message, Answer(number=order.number, ok=True, sentence=update.sentence)

    def take(self, rows: PairedRows) -> None:
        """Take rows to learn from, but those that are to be forgotten."""
        self._calibrator.add(rows.part(slice(rows.t.searchsorted(self._forgotten), None)))

    def due(self) -> bool:
        """Tell whether an update is due."""
        return self._calibrator.due()

    def update(self) -> UpdateMessage:
        """Make the update that is due; return what became of it."""
        update = self._calibrator.skip() if self._paused else self._calibrator.update()
        return UpdateMessage.of(update, followed=self._drift.add(update.drift))
