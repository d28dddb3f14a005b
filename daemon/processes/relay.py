"""In the calibrator's place where it works elsewhere: passes rows, orders and updates on."""

from __future__ import annotations

import logging
import time
from typing import NamedTuple

from daemon.assembly.subject import is_stranger
from daemon.calibration.link import Standing, configured_link
from daemon.calibration.rota import PACE_S
from daemon.calibration.wire import Welcome
from daemon.config import Config
from daemon.ipc.messages import RowsMessage, UpdateMessage
from daemon.ipc.orders import (
    ORDERS,
    Answer,
    ConcernOrder,
    DealerSocket,
    ForgetOrder,
    Hello,
    Order,
    PauseOrder,
    RestoreOrder,
)
from daemon.ipc.sockets import Listener, Speaker
from daemon.processes.signs import Stop
from pipeline.model.subject import Subject
from pipeline.update import Result, Update

POLL_S = 0.05
OVERLOADED = 0.6
"""A calibrator that makes less than this share of the updates that the rows allow is told of."""
SETTLED_S = PACE_S + 5.0
"""Before this after joining, the pace is that of rows that were sent again, s."""

logger = logging.getLogger(__name__)


def main(
    config: Config, addresses: dict[str, str], start: Subject, version: int, stop: Stop
) -> None:
    """Stand in for the calibrator until told to stop; as `daemon.processes.calibrator.main`."""
    relay = Relay(config, addresses, start, version)
    try:
        stop.announce_ready()
        while not stop.requested():
            relay.turn()
    finally:
        relay.close()


class _Told(NamedTuple):
    """What the status tells of the link, until it is over."""

    trouble: str = ""
    load: str = ""


class Relay:
    """The calibrator's connections within the daemon, and the link to where it is.

    Parameters
    ----------
    config, addresses, start, version
        As for `daemon.processes.calibrator.main`.
    """

    def __init__(
        self, config: Config, addresses: dict[str, str], start: Subject, version: int
    ) -> None:
        self._config = config
        self._link = configured_link(config, config.title)
        self._rows = Listener(addresses["rows"], RowsMessage)
        self._updates = Speaker(addresses["updates"])
        self._line = DealerSocket(addresses["calibrator"], ORDERS, bind=False)
        self._line.send(Hello())
        self._subject, self._version = start, version
        self._newest_t = 0.0
        self._paused = False
        self._forget: ForgetOrder | None = None
        self._told = _Told()
        self._settled_at = 0.0

    def turn(self) -> None:
        """Wait for rows for a moment; then pass on what has come."""
        self._take()
        while (order := self._line.receive()) is not None:
            if isinstance(order, Order):
                self._pass_on(order)
        stranger = is_stranger(self._config, self._version)
        for message in self._link.turn(Standing(self._subject, self._version, stranger)):
            self._hear(message)
        self._tell()

    def _take(self) -> None:
        message = self._rows.receive(POLL_S)
        while isinstance(message, RowsMessage):
            try:
                rows = message.rows()
            except ValueError as error:
                logger.warning("Rows for the calibrator were left out: %s", error)
            else:
                if len(rows.t):
                    self._newest_t = float(rows.t[-1])
                    self._link.add(rows)
            message = self._rows.receive()

    def _pass_on(self, order: Order) -> None:
        """Pass an order on; where nobody is there, do what can be done without a calibrator."""
        if isinstance(order, PauseOrder):
            self._paused = order.paused
        elif isinstance(order, ForgetOrder):
            self._forget = order
        if self._link.send(order):
            return
        if isinstance(order, RestoreOrder):
            self._restore(order)
        elif isinstance(order, PauseOrder):
            will = "pause" if order.paused else "go on"
            said = f"The calibrator is not there; it will {will} once it is."
            self._line.send(Answer(number=order.number, ok=True, sentence=said))

    def _restore(self, order: RestoreOrder) -> None:
        """Go back to an earlier set at once; the calibrator will begin with it."""
        subject = order.subject(self._subject)
        version = self._version + 1
        said = (
            f"Version {version} has the parameters of version {order.version}; the calibrator is "
            "not there and will go on from it."
        )
        update = Update(Result.ROLLED_BACK, said, version, self._newest_t, subject)
        self._publish(UpdateMessage.of(update, order.version, order.certainty))
        self._link.begin_anew()
        self._line.send(Answer(number=order.number, ok=True, sentence=said))

    def _hear(self, message: UpdateMessage | Answer | Welcome) -> None:
        if isinstance(message, UpdateMessage):
            self._publish(message)
        elif isinstance(message, Answer):
            self._line.send(message)
        else:
            self._settled_at = time.monotonic() + SETTLED_S
            self._link.send(PauseOrder(paused=self._paused))
            if self._forget is not None:
                self._link.send(self._forget)

    def _publish(self, update: UpdateMessage) -> None:
        """Publish an update, and keep what a calibrator that begins anew has to begin with."""
        if update.version > self._version:
            self._subject, self._version = update.subject(self._subject), update.version
        self._updates.send(update)

    def _tell(self) -> None:
        """Have the status tell of what ails the link, and no longer once it is over."""
        now = _Told(self._trouble(), self._load())
        if now.trouble != self._told.trouble:
            self._concern("calibrator link", now.trouble, degrades=True)
        if now.load != self._told.load:
            self._concern("calibrator load", now.load, degrades=False)
        self._told = now

    def _trouble(self) -> str:
        trouble = self._link.trouble
        return trouble and f"{trouble} Prediction goes on with parameter set {self._version}."

    def _load(self) -> str:
        """Return that the calibrator has too little time for this daemon; empty where it has."""
        taken = self._link.taken
        if taken is None or time.monotonic() < self._settled_at:
            return ""
        if self._told.load and taken.updates_per_s < 0.9 * taken.wanted_per_s:
            return self._told.load
        if taken.updates_per_s >= OVERLOADED * taken.wanted_per_s:
            return ""
        return (
            f"The calibrator at {self._link.address} serves {taken.clients} daemons and makes "
            f"{taken.updates_per_s:.2g} updates/s for this one, which could have "
            f"{taken.wanted_per_s:.2g}; raise calibrator.stride_s, or serve fewer there."
        )

    def _concern(self, cause: str, sentence: str, *, degrades: bool) -> None:
        self._line.send(ConcernOrder(cause=cause, sentence=sentence, degrades=degrades))

    def close(self) -> None:
        """Take leave, and release the connections."""
        self._link.close()
        self._rows.close()
        self._updates.close()
        self._line.close()
