import math
import threading

import msgpack
import numpy as np
import pytest
import zmq

from daemon.terminal.lines import Lines
from pipeline.errors import UserError
from pipeline.model.quantities import QUANTITIES
from pipeline.output.message import (
    FatigueMessage,
    Message,
    MetaMessage,
    MomentMessage,
    MuscleChange,
    MusclesMessage,
    ParametersMessage,
    SignalsMessage,
    Status,
    StatusMessage,
)
from pipeline.output.publisher import Publisher
from pipeline.output.subscriber import MessageStatistics, listen
from pipeline.output.zmq import ZmqPublisher
from pipeline.streams import clock


def moment(seq: int = 0, **changes: object) -> MomentMessage:
    fields: dict[str, object] = {
        "session": "first",
        "seq": seq,
        "t": 10.0,
        "t_published": 10.008,
        "valid_until": 10.108,
        "status": Status.NOMINAL,
        "ok": (True, False),
        "moment": (12.345, -0.5),
        "parameter_version": 0,
        "parameter_age_s": 0.0,
    }
    return MomentMessage.model_validate(fields | changes)


@pytest.mark.system
def test_it_hears_what_is_published_and_counts_it(
    meta: MetaMessage, zmq_publisher: ZmqPublisher
) -> None:
    publisher, heard, done = Publisher(meta, [zmq_publisher]), [], threading.Event()

    def on_message(message: Message) -> None:
        heard.append(message)
        if sum(isinstance(m, MomentMessage) for m in heard) == 20:
            done.set()

    summary: dict[str, object] = {}
    thread = threading.Thread(
        target=lambda: summary.update(
            listen(zmq_publisher.address, on_message, seconds=60, stop=done.is_set)
        )
    )
    thread.start()
    while thread.is_alive():
        publisher.tend()
        publisher.publish_moment(np.zeros(2), np.ones(2) > 0, Status.NOMINAL, clock.now())
        thread.join(0.01)
    assert summary["messages"] == len(heard)
    assert summary["moments"] == 20
    assert summary["statuses"] == {"NOMINAL": 20}
    assert [summary[key] for key in ("seq_gaps", "missing", "invalid", "nonfinite")] == [0] * 4
    assert meta in heard
    age = summary["age_ms"]
    assert isinstance(age, dict)
    assert 0.0 <= age["p50"] <= age["p99"] <= age["max"]


def test_nobody_there_means_nothing_heard(ipc_address: str) -> None:
    summary = listen(ipc_address, lambda message: None, seconds=0.05)
    assert summary["messages"] == 0
    assert summary["age_ms"] == {"p50": None, "p99": None, "max": None}


@pytest.mark.system
def test_what_is_not_a_message_is_counted() -> None:
    heard: list[Message] = []
    frames = [b"noise", b"moment " + msgpack.packb({"v": 1, "m": [math.nan]}), moment().pack()]
    with zmq.Context() as context, context.socket(zmq.XPUB) as sender:
        port = sender.bind_to_random_port("tcp://127.0.0.1")

        def send() -> None:
            sender.recv()  # the subscription
            for frame in frames:
                sender.send(frame)

        thread = threading.Thread(target=send)
        thread.start()
        summary = listen(f"tcp://127.0.0.1:{port}", heard.append, 60, stop=lambda: bool(heard))
        thread.join()
    assert heard == [moment()]
    assert (summary["invalid"], summary["nonfinite"]) == (2, 1)


def test_a_senseless_address_is_told() -> None:
    with pytest.raises(UserError, match="'nonsense' is not an address"):
        listen("nonsense", lambda message: None, seconds=0.0)


def test_gaps_are_counted_within_a_session_only() -> None:
    tally = MessageStatistics()
    for message in (moment(0), moment(1), moment(4), moment(0, session="second")):
        tally.count(message, now=10.02)
    summary = tally.summary()
    assert (summary["seq_gaps"], summary["missing"], summary["moments"]) == (1, 2, 4)
    assert summary["age_ms"]["max"] == pytest.approx(20.0)


def test_lines_speak_by_name_once_the_meta_is_known(meta: MetaMessage) -> None:
    lines = Lines()
    assert lines.line(moment()) == (
        "10.008  NOMINAL  joint 0 +12.35  joint 1 -0.50 ! N*m  age 8.0 ms"
    )
    assert lines.line(meta) == "session first  A test  knee, ankle"
    assert lines.line(moment(sd=(1.0, 2.0))) == (
        "10.008  NOMINAL  knee +12.35 ±1.00  ankle -0.50 ±2.00 ! N*m  age 8.0 ms"
    )
    assert lines.line(moment(sd=(1.0, 2.0), stiffness=(30.0, -4.56))) == (
        "10.008  NOMINAL  knee +12.35 ±1.00 k +30.0  ankle -0.50 ±2.00 k -4.6 ! N*m  age 8.0 ms"
    )
    assert "joint 0" in lines.line(moment(session="second"))
    assert "no EMG yet" in lines.line(moment(t=None, status=Status.STARTING))


def test_lines_tell_status_and_parameters() -> None:
    lines = Lines()
    status = StatusMessage(session="s", t=1.0, status=Status.STALE, uptime_s=2.0)
    assert lines.line(status) == f"1.000  STALE  {Status.STALE.sentence}"
    adopted = ParametersMessage(session="s", version=3, t=2.0, values={}, muscles=())
    assert lines.line(adopted) == "2.000  parameter set 3 adopted"


def test_a_line_on_fatigue_names_those_that_have_changed() -> None:
    changed = MuscleChange(muscle="BRA", verdict="gives less", change=-0.2, since=90.0)
    steady = MuscleChange(muscle="BRD", verdict="stable", change=0.01)
    told = FatigueMessage(
        session="s", t=120.0, t_published=120.1, baseline=45.0, muscles=(changed, steady)
    )
    assert Lines().line(told) == "120.000  force for the same EMG  BRA -20%"
    calm = told.model_copy(update={"muscles": (steady,)})
    assert Lines().line(calm) == "120.000  force for the same EMG  no muscle has changed"


def test_a_line_on_muscles_names_those_that_pull_most(meta: MetaMessage) -> None:
    lines, states = Lines(), dict.fromkeys(QUANTITIES, (0.25, 0.5))
    states["force"] = (300.0, 1200.4)
    shared = moment().model_dump(include={"session", "seq", "t", "t_published", "valid_until"})
    message = MusclesMessage(
        **shared, **states, status=Status.NOMINAL, ok=(), parameter_version=0, moment=()
    )
    assert lines.line(message) == "10.008  muscles  muscle 1 1200 N 50%  muscle 0 300 N 25%"
    lines.line(meta)
    assert lines.line(message) == "10.008  muscles  vastus 1200 N 50%  soleus 300 N 25%"


def test_a_line_on_levels_names_each_channel_with_its_largest(meta: MetaMessage) -> None:
    lines = Lines()
    message = SignalsMessage(
        session="first",
        t=10.0,
        t_published=10.008,
        low=(0.0, 0.0),
        high=(0.25, 1.5),
        level=(0.0, 0.0),
    )
    assert lines.line(message) == "10.008  levels, of MVC  channel 0 25%  channel 1 150%"
    lines.line(meta)
    assert lines.line(message) == "10.008  levels, of MVC  SOL 25%  VAS 150%"
