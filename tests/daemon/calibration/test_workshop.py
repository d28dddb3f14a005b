"""Calibrators that take turns: real ones, and one that fails."""

from collections import Counter
from collections.abc import Callable

import drifting
import numpy as np
import pytest
from rows import rows_at

from daemon.assembly.calibrator import build_calibrator
from daemon.assembly.model import model_in_use
from daemon.assembly.subject import starting_subject
from daemon.calibration.desk import CalibratorDesk
from daemon.calibration.inbox import Inbox
from daemon.calibration.wire import Refusal
from daemon.calibration.workshop import Workshop
from daemon.ipc.messages import UpdateMessage
from daemon.ipc.orders import Answer, ForgetOrder, PauseOrder, RestoreOrder
from pipeline.drift.statistics import Drift
from pipeline.update import Result, Update


class Office:
    """A workshop, and what it has told each client."""

    def __init__(self, config, join) -> None:
        self.told: list[tuple[str, object]] = []
        tell = lambda session, message: self.told.append((session, message))  # noqa: E731
        self.workshop = Workshop(self._desk, tell)
        self.config, self._join = config, join
        self.start = starting_subject(config, model_in_use(config))
        self.inboxes: dict[str, Inbox] = {}
        self._builds: dict[str, Callable[[], CalibratorDesk]] = {}

    def own(self) -> CalibratorDesk:
        return CalibratorDesk(build_calibrator(self.config, self.start))

    def _desk(self, join) -> CalibratorDesk:
        return self._builds[join.name]()

    def seat(self, session: str, build=None) -> Inbox:
        inbox = self.inboxes[session] = Inbox(1000, self._join(session))
        inbox.set_whole(True)
        self._builds[session] = build or self.own
        return inbox

    def turn(self) -> bool:
        """Hand over what has come, and let one update."""
        for session, inbox in self.inboxes.items():
            if inbox.changed:
                self.workshop.take(session, inbox.emptied())
        return self.workshop.turn()

    def feed(self, start: float, seconds: float = 1.0) -> None:
        t = start + np.arange(round(100 * seconds)) / 100
        for inbox in self.inboxes.values():
            inbox.add(rows_at(t, 4, 2, self.start.optimal_fibre_length * 2))

    def of(self, session: str, kind: type) -> list:
        return [m for s, m in self.told if s == session and isinstance(m, kind)]


@pytest.fixture
def office(make_config, join) -> Office:
    changes = {"steps": 1, "window_s": 4, "min_data_s": 1, "holdout_s": 0.5}
    return Office(make_config(calibrator=changes), join)


def test_all_get_the_same_number_of_updates_where_there_is_no_time_for_all(office):
    """Three are always due, and there is time for two updates a second."""
    for session in "abc":
        office.seat(session)
    for second in range(30):
        office.feed(float(second))
        assert office.turn()
        assert office.turn()
    counts = Counter(session for session, _ in office.told)
    assert counts == {"a": 20, "b": 20, "c": 20}


def test_no_update_is_made_before_all_has_come_that_there_was(office):
    inbox = office.seat("a")
    inbox.set_whole(False)
    office.feed(0.0)
    office.feed(1.0)
    assert not office.turn()
    office.feed(2.0)
    inbox.set_whole(True)
    assert office.turn()
    (update,) = office.of("a", UpdateMessage)
    assert update.t == pytest.approx(2.99)
    assert not office.turn()


def test_one_that_fails_is_put_out_with_a_sentence_and_the_others_go_on(office):
    class Failing(CalibratorDesk):
        def update(self) -> UpdateMessage:
            raise FloatingPointError("a number\nand more")

    office.seat("a")
    office.seat("bad", lambda: Failing(build_calibrator(office.config, office.start)))
    office.seat("unborn", lambda: 1 / 0)
    for second in range(5):
        office.feed(float(second))
        while office.turn():
            pass
    assert len(office.of("a", UpdateMessage)) == 5
    assert [said for _, said in office.told if isinstance(said, Refusal)] != []
    (refusal,) = office.of("bad", Refusal)
    assert refusal.sentence.startswith("its calibrator failed (FloatingPointError: a number)")
    assert len(office.of("unborn", Refusal)) == 1
    assert office.of("bad", UpdateMessage) == []


def test_rows_without_any_number_put_nobody_out_but_are_told(office):
    office.seat("a")
    bad = office.seat("nan")
    for second in range(4):
        office.feed(float(second))
        delivery = bad.emptied()
        (rows,) = delivery.rows
        delivery.rows[0] = rows._replace(moment=np.full_like(rows.moment, np.nan))
        office.workshop.take("nan", delivery)
        while office.turn():
            pass
    assert {update.result for update in office.of("nan", UpdateMessage)} == {"no_reference"}
    assert office.of("a", UpdateMessage)[-1].loss is not None


def test_orders_are_for_one_client_alone_and_a_wrong_one_harms_nobody(office):
    for session in "ab":
        office.seat(session)
    office.inboxes["a"].order(PauseOrder(number=1, paused=True))
    office.feed(0.0, 2.0)
    while office.turn():
        pass
    assert [answer.number for answer in office.of("a", Answer)] == [1]
    assert office.of("a", UpdateMessage)[-1].result == "paused"
    assert office.of("b", UpdateMessage)[-1].result != "paused"

    office.inboxes["b"].order(ForgetOrder(before=2.5))
    office.feed(2.0)
    while office.turn():
        pass
    office.inboxes["b"].order(ForgetOrder(before=2.5))  # again, as after a loss of the link
    office.feed(3.0, 0.6)
    while office.turn():
        pass
    last = office.of("b", UpdateMessage)[-1]
    assert last.t == pytest.approx(3.59)
    assert last.loss is not None

    wrong = RestoreOrder.of(0, office.start).model_copy(update={"number": 2, "bones": {"x": 1.0}})
    office.inboxes["a"].order(wrong)
    office.turn()
    (answer,) = [one for one in office.of("a", Answer) if one.number == 2]
    assert not answer.ok
    assert office.of("a", Refusal) == []


def test_a_loss_goes_along_with_the_update(office):
    """The calibrator is a stand-in whose muscle gives 40 % less from 70 s to 80 s on."""
    courses = [drifting.ramp(70, 80, -0.4), drifting.steady]
    strides = iter(drifting.session(courses, seconds=110))

    class Tiring:
        version = 0

        def __init__(self) -> None:
            self._fresh = False

        def add(self, rows) -> None:
            self._fresh = True

        def due(self) -> bool:
            return self._fresh

        def update(self) -> Update:
            self._fresh = False
            told = next(strides)
            drift = Drift(("a", "b"), np.ones(2), np.ones(2), np.ones(2), told)
            return Update(Result.REJECTED, "Said.", 0, told.t, office.start, drift=drift)

    office.seat("a", lambda: CalibratorDesk(Tiring()))
    for second in range(110):
        office.feed(float(second))
        assert office.turn()
    losses = [update.drift.losses for update in office.of("a", UpdateMessage)]
    assert not any(losses[:70])
    (loss,) = losses[-1]
    assert loss.unit == "a"
    assert loss.share == pytest.approx(-0.4, abs=0.1)
