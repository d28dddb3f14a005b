import ast
import json
import math
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from types import ModuleType
from typing import Any

import msgpack
import numpy as np
import pytest
import zmq
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from places import ROOT, TOOLS

from pipeline.output.message import MetaMessage, MomentMessage, Status
from pipeline.output.publisher import Publisher
from pipeline.output.zmq import ZmqPublisher
from pipeline.streams import clock

TOOL = TOOLS / "clients" / "exo_client.py"
BOTH = np.array([True, True])


class Bench:
    """A publisher and a client in one thread, so that every message and every read is ours."""

    def __init__(self, publisher: Publisher, client: Any, wait_until: Callable[..., None]) -> None:
        self.publisher, self.client, self.wait_until = publisher, client, wait_until

    def publish(
        self,
        moment: tuple[float, float] = (10.0, -20.0),
        ok: np.ndarray = BOTH,
        emg_age_s: float = 0.0,
        stiffness: np.ndarray | None = None,
    ) -> MomentMessage:
        t = clock.now() - emg_age_s
        self.publisher.tend()
        return self.publisher.publish_moment(
            np.array(moment), ok, Status.NOMINAL, t, stiffness=stiffness
        )

    def turn(self, **message: Any) -> list[float]:
        """Publish, give the message time to arrive, and return the torque."""
        self.publish(**message)
        self.client._moments.poll(100)
        return self.read()

    def read(self) -> list[float]:
        torque: list[float] = self.client.read(clock.now())
        return torque

    def follow(self) -> float:
        """Go on until the torque is the newest message's; return the time of that message."""
        self.wait_until(lambda: self.turn() == [10.0, -20.0])
        published: float = self.client.message["tp"]
        return published


@pytest.fixture
def bench(
    meta: MetaMessage, zmq_publisher: ZmqPublisher, exo_client: ModuleType, wait_until: Any
) -> Iterator[Bench]:
    client = exo_client.MomentClient(zmq_publisher.address)
    bench = Bench(Publisher(meta, [zmq_publisher]), client, wait_until)
    yield bench
    bench.client.close()


def test_it_follows_moments(bench: Bench) -> None:
    assert bench.read() == []
    assert bench.client.state == "no message yet"
    bench.follow()
    assert bench.client.state == "ok"
    assert bench.client.names == ["knee", "ankle"]
    assert (bench.client.refused, bench.client.restarts) == (0, 0)


def test_it_fades_in(bench: Bench) -> None:
    """The reader tells the time, so that what is read does not depend on when."""
    last = bench.follow()
    bench.client.read(last - 0.2)  # the loop was away: the next begins at zero
    torques = [bench.client.read(last + 0.005 * i)[0] for i in range(15)]
    assert torques == sorted(torques)
    assert 0.0 <= torques[0] < torques[3] < torques[-1] == 10.0


def test_messages_that_nobody_read_are_skipped(
    bench: Bench, zmq_publisher: ZmqPublisher, subscribe: Any
) -> None:
    """Fewer and slower than a socket without CONFLATE needs to keep them all, one by one."""
    witness = subscribe(zmq_publisher.address, b"moment ")
    bench.wait_until(lambda: bench.publish() and witness.hear(0.01))
    bench.follow()
    bench.client.skipped = 0
    for i in range(200):
        sent = bench.publish()
        bench.wait_until(lambda sent=sent: witness.hear(1.0) == sent)
        if i % 5 == 0:
            bench.read()
    assert bench.client.skipped > 0


def test_without_messages_it_holds_until_the_limit_then_fades_within_50_ms(bench: Bench) -> None:
    last = bench.follow()
    young = [bench.client.read(last + 0.01 * i) for i in range(10)]
    assert young == [[10.0, -20.0]] * 10
    fading = [bench.client.read(last + 0.101 + 0.01 * i) for i in range(6)]
    assert bench.client.state.startswith("no message in time")
    knee = np.array([torque[0] for torque in fading])
    assert (np.diff(knee) <= 0).all()
    assert (np.abs(np.diff(knee)) <= 10.0 * 0.01 / 0.05 + 1e-9).all()
    assert fading[-1] == [0.0, 0.0]


def test_stiffness_fades_with_its_torque(bench: Bench) -> None:
    def follows() -> bool:
        return bench.turn(stiffness=np.array([5.0, -8.0])) == [10.0, -20.0]

    bench.wait_until(follows)
    assert bench.client.stiffness == [5.0, -8.0]
    last = bench.client.message["tp"]
    for i in range(12):
        torque = bench.client.read(last + 0.06 + 0.01 * i)
        assert bench.client.stiffness == pytest.approx([torque[0] / 2.0, torque[1] / 2.5])
    assert bench.client.stiffness == [0.0, 0.0]


def test_an_unknown_stiffness_is_zero(bench: Bench) -> None:
    bench.follow()
    assert bench.client.stiffness == [0.0, 0.0]


@pytest.mark.parametrize("stiffness", [[1.0], [1.0, math.nan], [1.0, 1e300], [1.0, "2"], 3.0, {}])
def test_a_message_whose_stiffness_cannot_be_used_is_refused(
    exo_client: ModuleType, bench: Bench, stiffness: Any
) -> None:
    fields = msgpack.unpackb(bench.publish().pack().split(b" ", 1)[1])
    exo_client.decode(b"moment " + msgpack.packb(fields | {"k": [1.0, 2.0]}))
    with pytest.raises((ValueError, TypeError)):
        exo_client.decode(b"moment " + msgpack.packb(fields | {"k": stiffness}))


def test_old_emg_in_new_messages_is_not_followed(bench: Bench) -> None:
    bench.follow()

    def is_let_go() -> bool:
        torque = bench.turn(emg_age_s=0.15)
        return torque == [0.0, 0.0] and bench.client.state.startswith("no young EMG")

    bench.wait_until(is_let_go)


def test_emg_of_another_clock_is_not_followed(bench: Bench) -> None:
    bench.follow()
    bench.wait_until(lambda: bench.turn(emg_age_s=-50.0) == [0.0, 0.0])


def test_a_joint_that_is_not_ok_fades_alone(bench: Bench) -> None:
    bench.follow()
    bench.wait_until(lambda: bench.turn(ok=np.array([False, True])) == [0.0, -20.0])
    bench.wait_until(lambda: bench.turn() == [10.0, -20.0])


def test_moments_of_an_uncalibrated_person_are_not_driven_on(bench: Bench) -> None:
    for _ in range(20):
        assert not any(bench.turn(ok=np.array([False, False])))
    bench.wait_until(
        lambda: bench.turn(ok=np.array([False, False])) and "no moment is ok" in bench.client.state
    )
    bench.wait_until(lambda: bench.turn() == [10.0, -20.0])
    assert bench.client.state == "ok"
    bench.wait_until(lambda: bench.turn(ok=np.array([False, False])) == [0.0, 0.0])


def test_after_a_pause_of_the_controller_it_begins_from_zero(bench: Bench) -> None:
    bench.follow()
    bench.client._read_at -= 1.0  # as if the last read had been a second ago
    assert bench.read() == [0.0, 0.0]


def test_stopping_fades(bench: Bench) -> None:
    bench.follow()
    bench.publisher.close()
    bench.wait_until(lambda: bench.read() == [0.0, 0.0])
    bench.wait_until(lambda: bench.read() and "STOPPED" in bench.client.state)


def test_joints_are_picked_and_ordered_by_name(
    bench: Bench, exo_client: ModuleType, zmq_publisher: ZmqPublisher
) -> None:
    bench.client.close()
    bench.client = exo_client.MomentClient(zmq_publisher.address, joints=["ankle"])
    bench.wait_until(lambda: bench.turn() == [-20.0])


def test_a_joint_that_is_not_published_gets_no_torque_and_is_told(
    bench: Bench, exo_client: ModuleType, zmq_publisher: ZmqPublisher
) -> None:
    bench.client.close()
    bench.client = exo_client.MomentClient(zmq_publisher.address, joints=["knee", "hip"])
    bench.wait_until(lambda: bench.turn() == [0.0, 0.0] and "['hip']" in bench.client.state)


def test_what_is_not_a_message_is_counted_and_ignored(
    exo_client: ModuleType, wait_until: Any
) -> None:
    with zmq.Context() as context, context.socket(zmq.PUB) as sender:
        port = sender.bind_to_random_port("tcp://127.0.0.1")
        client = exo_client.MomentClient(f"tcp://127.0.0.1:{port}")
        for frame in (
            b"moment ",
            b"moment \xc1",
            b"meta \x90",
            b"moment " + msgpack.packb({"v": 2}),
        ):
            before = client.refused

            def refuses(frame: bytes = frame, before: int = before) -> bool:
                sender.send(frame)
                assert client.read(clock.now()) == []
                return client.refused > before

            wait_until(refuses)
        client.close()


REFUSALS = (ValueError, TypeError, KeyError, msgpack.UnpackException)
_values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**64 - 1) | st.floats() | st.just("x"),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.just("a"), inner),
    max_leaves=6,
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.sampled_from([b"moment ", b"meta ", b""]),
    st.binary(max_size=50)
    | st.fixed_dictionaries(
        {"v": st.sampled_from([1, 2]) | _values},
        optional=dict.fromkeys(("sid", "seq", "t", "tp", "exp", "st", "ok", "m", "dofs"), _values),
    ).map(msgpack.packb),
)
def test_any_frame_is_refused_in_a_known_way_or_holds_finite_numbers(
    exo_client: ModuleType, topic: bytes, body: bytes
) -> None:
    try:
        message = exo_client.decode(topic + body)
    except REFUSALS:
        return
    numbers = message.get("m", []) if topic == b"moment " else []
    assert all(math.isfinite(number) for number in numbers)


@pytest.mark.parametrize("empty", [[], {}, "", False])
def test_a_time_that_is_empty_is_not_a_time(
    exo_client: ModuleType, bench: Bench, empty: object
) -> None:
    body = msgpack.unpackb(bench.publish().pack().split(b" ", 1)[1])
    bench.client.take(b"moment " + msgpack.packb(body | {"t": empty}))
    assert bench.client.refused == 1
    bench.read()


PUBLISH_FOREVER = """
import sys, time
import numpy as np
from pipeline.output.message import MetaMessage, Status
from pipeline.output.publisher import Publisher
from pipeline.output.zmq import ZmqPublisher
from pipeline.streams import clock
address, session, *dofs = sys.argv[1:]
meta = MetaMessage(session=session, dofs=dofs, rate_hz=100.0, muscles=["m"], valid_for_s=0.1)
publisher = Publisher(meta, [ZmqPublisher(address, meta)])
moment = np.array([10.0 * (1 + ["knee", "ankle"].index(dof)) for dof in dofs])
while True:
    publisher.publish_moment(moment, moment > 0, Status.NOMINAL, clock.now())
    publisher.tend()
    time.sleep(0.01)
"""


def start_daemon(address: str, session: str, *dofs: str) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-c", PUBLISH_FOREVER, address, session, *dofs]
    return subprocess.Popen(command, cwd=ROOT)


@pytest.mark.system
def test_a_killed_daemon_means_zero_torque_and_a_new_one_is_followed_by_name(
    exo_client: ModuleType, wait_until: Any, ipc_address: str
) -> None:
    """The daemon is killed without a word; its successor lists the joints the other way round."""
    client = exo_client.MomentClient(ipc_address, joints=["knee", "ankle"])
    first = start_daemon(ipc_address, "first", "knee", "ankle")
    try:
        wait_until(lambda: client.read(clock.now()) == [10.0, 20.0])
        first.send_signal(signal.SIGKILL)
        wait_until(lambda: client.read(clock.now()) == [0.0, 0.0])
        assert client.state.startswith("no message in time")
    finally:
        first.kill()
        first.wait()
    second = start_daemon(ipc_address, "second", "ankle", "knee")
    try:
        wait_until(lambda: client.read(clock.now()) == [10.0, 20.0])
        assert client.restarts == 1
    finally:
        second.kill()
        second.wait()
        client.close()


@pytest.mark.system
def test_the_program_prints_what_it_does(ipc_address: str, subscribe: Any, wait_until: Any) -> None:
    daemon = start_daemon(ipc_address, "first", "knee", "ankle")
    command = [sys.executable, str(TOOL), "--address", ipc_address, "--seconds", "5", "--json"]
    try:
        ear = subscribe(ipc_address, b"moment ")
        wait_until(lambda: ear.hear(0.1), 60.0)
        ended = subprocess.run(command, capture_output=True, check=True, text=True, timeout=60)
    finally:
        daemon.kill()
        daemon.wait()
    told = [json.loads(line) for line in ended.stdout.splitlines()]
    heard = [line["torque"] for line in told if line["state"] == "ok"]
    assert {"knee": 10.0, "ankle": 20.0} in heard
    assert told[-1]["refused"] == 0


@pytest.mark.system
def test_the_program_fails_when_nobody_publishes(ipc_address: str) -> None:
    command = [sys.executable, str(TOOL), "--address", ipc_address, "--seconds", "3"]
    ended = subprocess.run(command, capture_output=True, check=False, text=True, timeout=60)
    assert ended.returncode == 1
    assert "[no message yet]" in ended.stdout


def test_it_can_be_copied_without_the_rest() -> None:
    tree = ast.parse(TOOL.read_text(encoding="utf-8"))
    imported = {
        n.name for node in ast.walk(tree) if isinstance(node, ast.Import) for n in node.names
    }
    imported |= {n.module for n in ast.walk(tree) if isinstance(n, ast.ImportFrom) and n.module}
    outside = {name.partition(".")[0] for name in imported} - sys.stdlib_module_names
    assert outside == {"msgpack", "zmq"}
