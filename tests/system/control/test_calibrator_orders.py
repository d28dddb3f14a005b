"""Orders to the calibrator's process, on real sockets but without a process of its own."""

from contextlib import closing

import numpy as np
import pytest

from daemon.assembly.calibrator import build_calibrator
from daemon.assembly.model import model_in_use
from daemon.assembly.subject import starting_subject
from daemon.config import load_config
from daemon.ipc.messages import RowsMessage, UpdateMessage
from daemon.ipc.orders import (
    ANSWERS,
    Answer,
    DealerSocket,
    ForgetOrder,
    Hello,
    PauseOrder,
    RestoreOrder,
)
from daemon.ipc.sockets import Listener, Speaker
from daemon.processes.calibrator import CalibratorWorker
from pipeline.timebase.rows import PairedRows
from pipeline.update import Result

pytestmark = pytest.mark.system


class Office:
    """The supervisor's and the predictor's ends of a calibrator's connections."""

    def __init__(self, address: str, wait_until) -> None:
        addresses = {name: f"{address}-{name}" for name in ("rows", "updates", "calibrator")}
        config = load_config("walking")
        self.start = starting_subject(config, model_in_use(config))
        self.line = DealerSocket(addresses["calibrator"], ANSWERS, bind=True)
        self.rows = Speaker(addresses["rows"])
        self.worker = CalibratorWorker(build_calibrator(config, self.start), addresses)
        self.updates = Listener(addresses["updates"], UpdateMessage)
        self.wait_until = wait_until
        self.t = 100.0

    def close(self) -> None:
        for part in (self.updates, self.worker, self.rows, self.line):
            part.close()

    def answer(self) -> object:
        found = []

        def answered() -> bool:
            self.worker.turn()
            found.append(self.line.receive())
            return found[-1] is not None

        self.wait_until(answered)
        return found[-1]

    def send_rows(self) -> None:
        """Send half a stride of rows on which nothing can be learnt."""
        t = self.t + np.arange(50) / 100.0
        self.t = t[-1] + 0.01
        n, muscles, dofs = 50, len(self.start.muscles), 3
        rest, arms = np.zeros((n, muscles)), np.zeros((n, dofs, muscles))
        valid = np.ones(n, dtype=bool)
        rows = PairedRows(t, rest, rest + 0.3, arms, np.zeros((n, dofs)), valid, rest >= 0)
        self.rows.send(RowsMessage.of(rows))

    def update(self, wanted: Result) -> UpdateMessage:
        """Feed rows until an update with a result comes."""
        found = []

        def told() -> bool:
            self.send_rows()
            self.worker.turn()
            update = self.updates.receive()
            if isinstance(update, UpdateMessage) and update.result is wanted:
                found.append(update)
            return bool(found)

        self.wait_until(told)
        return found[0]


def test_a_calibrator_obeys_its_orders(ipc_address, wait_until):
    """What a calibrator is told, in the order of a day.

    1. It says hello.
    2. It is paused: its updates say so.
    3. It goes back to version 0: that is version 1, published and answered.
    4. It goes on and is told to forget: its window begins anew with rows that are new enough.
    """
    with closing(Office(ipc_address, wait_until)) as office:
        assert isinstance(office.answer(), Hello)

        office.line.send(PauseOrder(number=1, paused=True))
        assert office.answer() == Answer(
            number=1, ok=True, sentence="Paused: no parameter changes."
        )
        assert office.update(Result.PAUSED).version == 0

        office.line.send(RestoreOrder.of(0, office.start).model_copy(update={"number": 2}))
        restored = office.answer()
        assert isinstance(restored, Answer)
        assert (restored.number, restored.ok) == (2, True)
        update = office.update(Result.ROLLED_BACK)
        assert (update.version, update.restored) == (1, 0)
        assert update.values["strength"] == office.start.strength.tolist()

        office.line.send(PauseOrder(number=3, paused=False))
        office.answer()
        office.update(Result.NOT_EXCITED)
        before = office.t + 3.0
        office.line.send(ForgetOrder(before=before))
        begun = office.update(Result.TOO_FEW_SAMPLES)
        assert begun.t >= before
        assert "s so far" in begun.sentence
