"""Where several calibrators take turns on one machine; what fails in one stops no other."""

from __future__ import annotations

import logging
import threading
from collections import deque
from collections.abc import Callable

from daemon.calibration.desk import CalibratorDesk
from daemon.calibration.rota import Rota
from daemon.calibration.wire import Refusal
from daemon.ipc.messages import LinkMessage
from daemon.ipc.orders import Order
from pipeline.timebase.rows import PairedRows

MOST_ORDERS = 100
"""Orders that wait for one calibrator; of more, the oldest are lost."""
WAIT_S = 0.5

logger = logging.getLogger(__name__)

Build = Callable[[], CalibratorDesk]
Tell = Callable[[str, LinkMessage], None]
"""Given a client's session and what there is to tell it."""


class Inbox:
    """What has come for a calibrator that is busy: orders, and the newest rows.

    Parameters
    ----------
    most_rows
        Rows that are kept; of more, the oldest are lost, as they would leave the window anyway.
    """

    def __init__(self, most_rows: int) -> None:
        self._lock = threading.Lock()
        self._most_rows = most_rows
        self._orders: deque[Order] = deque(maxlen=MOST_ORDERS)
        self._rows: deque[PairedRows] = deque()
        self.waiting = 0
        """Rows that wait."""
        self.whole = False
        """Whether all has come that its client had when it joined: no update is due before."""

    def order(self, order: Order) -> None:
        """Take an order."""
        with self._lock:
            self._orders.append(order)

    def add(self, rows: PairedRows) -> None:
        """Take rows."""
        with self._lock:
            self._rows.append(rows)
            self.waiting += len(rows.t)
            while self.waiting - len(self._rows[0].t) >= self._most_rows:
                self.waiting -= len(self._rows.popleft().t)

    def emptied(self) -> tuple[list[Order], list[PairedRows]]:
        """Hand over what has come, each in its order."""
        with self._lock:
            orders, rows = list(self._orders), list(self._rows)
            self._orders.clear()
            self._rows.clear()
            self.waiting = 0
        return orders, rows


class _Seat:
    def __init__(self, build: Build, inbox: Inbox) -> None:
        self.build, self.inbox = build, inbox
        self.desk: CalibratorDesk | None = None


class Workshop:
    """Calibrators by the session of their client, served in turn.

    Parameters
    ----------
    tell
        Called, by whoever calls `turn`, with everything that a client is to be told.
    """

    def __init__(self, tell: Tell) -> None:
        self._tell = tell
        self._lock = threading.Lock()
        self._seats: dict[str, _Seat] = {}
        self._rota: Rota[str] = Rota()
        self._wake = threading.Event()

    def seat(self, session: str, build: Build, inbox: Inbox) -> None:
        """Give a client a calibrator, which is built at the next turn; from any thread.

        It takes the place of one that the client had.
        """
        with self._lock:
            self._seats[session] = _Seat(build, inbox)
        self.wake()

    def leave(self, session: str) -> None:
        """Forget a client and its calibrator; from any thread."""
        with self._lock:
            self._seats.pop(session, None)
            self._rota.leave(session)

    def wake(self) -> None:
        """End a `wait`: something has come."""
        self._wake.set()

    def wait(self) -> None:
        """Wait until something has come, or for a moment."""
        self._wake.wait(WAIT_S)
        self._wake.clear()

    def turn(self) -> bool:
        """Let all take what has come for them, and one whose turn it is update; tell if one did."""
        with self._lock:
            seats = dict(self._seats)
        due = [session for session, seat in seats.items() if self._takes(session, seat)]
        with self._lock:
            chosen = self._rota.next(due)
        if chosen is None:
            return False
        self._guarded(chosen, lambda: self._update(chosen, seats[chosen]))
        return True

    def _takes(self, session: str, seat: _Seat) -> bool:
        """Let a calibrator take its orders and rows; tell whether an update is due."""
        return self._guarded(session, lambda: self._taken(session, seat))

    def _taken(self, session: str, seat: _Seat) -> bool:
        seat.desk = seat.desk or seat.build()
        orders, batches = seat.inbox.emptied()
        for order in orders:
            for told in seat.desk.obey(order):
                self._tell(session, told)
        for rows in batches:
            seat.desk.take(rows)
        return seat.inbox.whole and seat.desk.due()

    def _update(self, session: str, seat: _Seat) -> bool:
        assert seat.desk is not None
        self._tell(session, seat.desk.update())
        return True

    def _guarded(self, session: str, work: Callable[[], bool]) -> bool:
        """Work for one client; whatever fails, it alone is put out, and told why."""
        try:
            return work()
        except Exception as error:
            logger.exception("The calibrator of a client failed; the others go on")
            self.leave(session)
            said = str(error).splitlines() or [""]
            self._tell(session, Refusal(sentence=_failed(type(error).__name__, said[0])))
            return False


def _failed(kind: str, said: str) -> str:
    return (
        f"its calibrator failed ({kind}: {said[:300]}) and begins anew; the calibrator's log says "
        "more."
    )
