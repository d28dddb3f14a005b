"""Where several calibrators take turns; what fails in one stops no other."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass

from daemon.calibration.desk import CalibratorDesk
from daemon.calibration.inbox import Delivery
from daemon.calibration.rota import Rota
from daemon.calibration.wire import Join, Refusal
from daemon.ipc.messages import LinkMessage

logger = logging.getLogger(__name__)

Build = Callable[[Join], CalibratorDesk]
Tell = Callable[[str, LinkMessage], None]
"""Given a client's session and what there is to tell it."""


@dataclass
class _Seat:
    desk: CalibratorDesk
    whole: bool = False


class Workshop:
    """Calibrators by the session of their client, served in turn.

    Parameters
    ----------
    build
        Makes the calibrator of a client that has come.
    tell
        Called with everything that a client is to be told.
    """

    def __init__(self, build: Build, tell: Tell) -> None:
        self._build, self._tell = build, tell
        self._seats: dict[str, _Seat] = {}
        self._rota: Rota[str] = Rota()

    def leave(self, session: str) -> None:
        """Forget a client and its calibrator."""
        self._seats.pop(session, None)
        self._rota.leave(session)

    def take(self, session: str, delivery: Delivery) -> None:
        """Let a calibrator take what has come for it; what comes for one put out is lost."""
        self._guarded(session, lambda: self._taken(session, delivery))

    def _taken(self, session: str, delivery: Delivery) -> None:
        if delivery.join is not None:
            self._seats[session] = _Seat(self._build(delivery.join))
        seat = self._seats.get(session)
        if seat is None:
            return
        seat.whole = delivery.whole
        for order in delivery.orders:
            for told in seat.desk.obey(order):
                self._tell(session, told)
        for rows in delivery.rows:
            seat.desk.take(rows)

    def turn(self) -> bool:
        """Let one whose turn it is update; tell whether anyone did."""
        due = [name for name, seat in self._seats.items() if seat.whole and seat.desk.due()]
        chosen = self._rota.next(due)
        if chosen is None:
            return False
        desk = self._seats[chosen].desk
        self._guarded(chosen, lambda: self._tell(chosen, desk.update()))
        return True

    def _guarded(self, session: str, work: Callable[[], None]) -> None:
        """Work for one client; whatever fails, it alone is put out, and told why."""
        try:
            work()
        except ConnectionError:
            raise  # who is to be told has gone
        except Exception as error:
            logger.exception("The calibrator of a client failed; the others go on")
            self.leave(session)
            said = str(error).splitlines() or [""]
            self._tell(session, Refusal(sentence=_failed(type(error).__name__, said[0])))


def _failed(kind: str, said: str) -> str:
    return (
        f"its calibrator failed ({kind}: {said[:300]}) and begins anew; the calibrator's log says "
        "more."
    )
