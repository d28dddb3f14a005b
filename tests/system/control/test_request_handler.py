"""The operator's desk on real sockets, with a predictor that only answers."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack

import numpy as np
import pytest
import zmq

from daemon.assembly.model import model_in_use
from daemon.assembly.subject import starting_subject
from daemon.config import load_config
from daemon.control.handler import LOG_LENGTH, RequestHandler
from daemon.control.parameter_history import Versions
from daemon.control.server import ControlServer
from daemon.ipc.orders import ORDERS, Answer, DealerSocket, SamplesOrder
from daemon.ipc.requests import Command, Reply, Request, unpack_reply

pytestmark = pytest.mark.system


class Desk:
    """A handler, a client of its port, and the far end of its line to the predictor."""

    def __init__(self, address: str, wait_until, stack: ExitStack) -> None:
        config = load_config("arm")
        self.start = starting_subject(config, model_in_use(config))
        self.versions = Versions(self.start)
        self.logged: list[Request] = []
        addresses = {name: f"{address}-{name}" for name in ("predictor", "calibrator")}
        server = ControlServer(address)
        stack.callback(server.close)
        self.handler = RequestHandler(
            config, addresses, self.versions, server, self._log, lambda version: ""
        )
        stack.callback(self.handler.close)
        self.predictor = DealerSocket(addresses["predictor"], ORDERS, bind=False)
        stack.callback(self.predictor.close)
        context = stack.enter_context(zmq.Context())
        self._client = stack.enter_context(context.socket(zmq.REQ))
        self._client.setsockopt(zmq.LINGER, 0)
        self._client.connect(address)
        self._wait_until = wait_until

    def _log(self, request: Request, reply: Reply) -> None:
        self.logged.append(request)

    def ask(
        self, command: Command, answer: Callable[[object], Answer] | None = None, **more: object
    ) -> Reply:
        """Return the reply to a command; `answer` makes the predictor's answer of its order."""
        self._client.send(Request(command=command, **more).pack())

        def replied() -> bool:
            self.handler.turn()
            order = self.predictor.receive()
            if order is not None and answer is not None:
                self.predictor.send(answer(order))
            return bool(self._client.poll(1))

        self._wait_until(replied)
        return unpack_reply(self._client.recv())


@pytest.fixture
def desk(ipc_address, wait_until) -> Iterator[Desk]:
    with ExitStack() as stack:
        yield Desk(ipc_address, wait_until, stack)


def test_samples_come_as_the_predictor_has_them_and_nil_where_one_is_not_finite(desk):
    asked: list[object] = []

    def answer(order: object) -> Answer:
        asked.append(order)
        assert isinstance(order, SamplesOrder)
        x = np.array([1e-4, np.nan, -2e-4])
        return Answer(number=order.number, ok=True, sentence="Done.", samples=x.tobytes())

    reply = desk.ask(Command.SAMPLES, answer, channels=["BRA"])
    assert reply.ok
    assert reply.data == {
        "channel": "BRA", "rate_hz": 1000.0, "unit": "V", "x": [1e-4, None, -2e-4]
    }  # fmt: skip
    assert [order.channel for order in asked] == ["BRA"]


def test_an_mvc_that_is_to_be_confirmed_names_its_channels(desk):
    reply = desk.ask(
        Command.MVC_STOP,
        lambda order: Answer(number=order.number, ok=False, sentence="Weak.", fallen=("BRA",)),
    )
    assert (reply.ok, reply.data) == (False, {"fallen": ["BRA"]})


def test_the_newest_commands_are_told_with_the_status_and_questions_are_not(desk):
    for number in range(LOG_LENGTH + 5):
        desk.ask(Command.MARK, text=f"mark {number}", by="Ann")
    refused = desk.ask(Command.ROLLBACK, version=7)
    desk.ask(Command.COMPARE, version=0)
    log = desk.ask(Command.STATUS).data["log"]
    assert len(log) == LOG_LENGTH
    assert [one["argument"] for one in log[:2]] == ["mark 6", "mark 7"]
    assert {one["by"] for one in log[:-1]} == {"Ann"}
    times = [one.pop("t") for one in log]
    assert times == sorted(times)
    assert log[-1] == {
        "command": "rollback", "argument": "7", "ok": False, "sentence": refused.sentence,
        "by": None,
    }  # fmt: skip
    assert len(desk.logged) == LOG_LENGTH + 6


def test_a_comparison_has_both_values_of_each_muscle(desk):
    stronger = desk.start.with_values({"strength": 2.0 * desk.start.strength})
    desk.versions.add(1, stronger)
    data = desk.ask(Command.COMPARE, version=0).data
    assert (data["version"], data["newest"]) == (0, 1)
    assert set(data["parameters"]) == set(desk.start.values())
    for muscle, strength in zip(desk.start.muscles, desk.start.strength.tolist(), strict=True):
        assert data["parameters"]["strength"][muscle] == [2.0 * strength, strength]
        now, then = data["parameters"]["c1"][muscle]
        assert now == then
