"""What has come from a client for its calibrator, until that has time for it."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field

from daemon.calibration.wire import Join
from daemon.ipc.orders import Order
from pipeline.timebase.rows import PairedRows

MOST_ORDERS = 100
"""Orders that wait for one calibrator; of more, the oldest are lost."""


@dataclass
class Delivery:
    """What is handed over to a calibrator at once."""

    join: Join | None = None
    """Of a client that is to get a calibrator, which takes the place of one that it had."""
    orders: list[Order] = field(default_factory=list)
    rows: list[PairedRows] = field(default_factory=list)
    whole: bool = False
    """Whether no rows are under way that an update has to wait for."""


class Inbox:
    """Orders and the newest rows of a client; pure.

    Parameters
    ----------
    most_rows
        Rows that are kept; of more, the oldest are lost, as they would leave the window anyway.
    join
        How the client came, for who builds its calibrator.
    """

    def __init__(self, most_rows: int, join: Join | None = None) -> None:
        self.most_rows = most_rows
        self._join = join
        self._orders: deque[Order] = deque(maxlen=MOST_ORDERS)
        self._rows: deque[PairedRows] = deque()
        self._whole = False
        self._changed = join is not None
        self.waiting = 0
        """Rows that wait."""

    @property
    def changed(self) -> bool:
        """Whether there is anything that has not been handed over."""
        return self._changed

    def order(self, order: Order) -> None:
        """Take an order."""
        self._orders.append(order)
        self._changed = True

    def add(self, rows: PairedRows) -> None:
        """Take rows."""
        self._rows.append(rows)
        self._changed = True
        self.waiting += len(rows.t)
        while self.waiting - len(self._rows[0].t) >= self.most_rows:
            self.waiting -= len(self._rows.popleft().t)

    def set_whole(self, whole: bool) -> None:
        """Take note of whether the client has said that these are all the rows it has."""
        self._changed |= whole != self._whole
        self._whole = whole

    def emptied(self) -> Delivery:
        """Hand over what has come, each in its order."""
        delivery = Delivery(self._join, list(self._orders), list(self._rows), self._whole)
        self._join = None
        self._orders.clear()
        self._rows.clear()
        self.waiting = 0
        self._changed = False
        return delivery
