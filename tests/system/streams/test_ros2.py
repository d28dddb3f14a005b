"""Joint angles from ROS 2: bytes that rosbags has made, sent by cyclonedds alone."""

import logging
import time

import numpy as np
import pytest
from listener import Listener
from ros2_network import typestore

from pipeline.streams import clock
from pipeline.streams.base import Origin, SourceState, StreamSpec
from pipeline.streams.ros2.outlet import Ros2Outlet
from pipeline.streams.ros2.source import Ros2Source

pytestmark = pytest.mark.system
SPEC = StreamSpec("angles", ("knee", "ankle"), 100.0)
KIND = "sensor_msgs/msg/JointState"
SPOILT = "???"
"""On the way it becomes bytes that are no text."""
NAMES = ("ankle", "elbow", "knee")


class Node:
    """What a ROS 2 node does: publishes joint states whose bytes are made by rosbags."""

    def __init__(self, domain, topic="/joint_states", reliable=True):
        from cyclonedds.domain import DomainParticipant
        from cyclonedds.pub import DataWriter
        from cyclonedds.qos import Policy, Qos
        from cyclonedds.topic import Topic
        from ros2_witness import Head, JointState, Stamp

        self._made = lambda: JointState(Head(Stamp(0, 0), ""), [], [], [], [])
        self._store = typestore("ROS2_HUMBLE")
        self._participant = DomainParticipant(domain)
        qos = Qos(
            Policy.Reliability.Reliable(0) if reliable else Policy.Reliability.BestEffort,
            Policy.History.KeepLast(100),
            Policy.DataRepresentation(use_cdrv0_representation=True),
        )
        self._writer = DataWriter(
            self._participant, Topic(self._participant, f"rt{topic}", JointState), qos=qos
        )
        self.count = 0

    def send(self, names=NAMES, position=None, stamp=None):
        """Send the next message: the ankle's angle is its number, the knee's the negative."""
        position = [self.count, 0.5, -self.count] if position is None else position
        stamp = time.time() if stamp is None else stamp
        types, empty = self._store.types, np.empty(0)
        at = types["builtin_interfaces/msg/Time"](int(stamp), int(1e9 * (stamp % 1.0)))
        state = types[KIND](
            types["std_msgs/msg/Header"](at, "base"), list(names),
            np.array(position, dtype=np.float64), empty, empty,
        )  # fmt: skip
        message = self._made()
        message.raw = bytes(self._store.serialize_cdr(state, KIND))
        message.raw = message.raw.replace(SPOILT.encode(), b"\xff\xfe\xfd")
        self._writer.write(message)
        self.count += 1

    def close(self):
        self._writer = self._participant = None


@pytest.fixture
def receive(ros2_domain, opened):
    """Make a source and what it returns."""

    def make(spec=SPEC, topic="/joint_states"):
        return Listener.opening(opened(Ros2Source(spec, topic=topic, domain_id=ros2_domain)))

    return make


@pytest.fixture
def node(ros2_domain, opened):
    return lambda *args, **more: opened(Node(ros2_domain, *args, **more))


def connected(receiver, node):
    def condition():
        node.send()
        return receiver.poll().state is SourceState.LIVE

    return condition


@pytest.mark.parametrize("reliable", [True, False])
def test_angles_arrive_by_joint_name_and_in_order(receive, node, wait_until, reliable):
    receiver, sender = receive(), node(reliable=reliable)
    wait_until(connected(receiver, sender))
    before, first = len(receiver.x), sender.count
    for _ in range(50):
        sender.send()
    wait_until(lambda: receiver.poll() and receiver.x[-1, 1] == sender.count - 1)
    angles = receiver.x[before:]
    assert set(range(first, sender.count)) <= set(angles[:, 1])
    np.testing.assert_array_equal(angles[:, 0], -angles[:, 1])
    assert np.all(np.diff(receiver.t) > 0)
    assert receiver.poll().refused == 0


def test_stamps_in_ros_time_come_on_the_lsl_clock(receive, node, wait_until):
    receiver, sender = receive(), node()
    wait_until(connected(receiver, sender))
    wait_until(lambda: not receiver.source.poll())
    receiver.chunks.clear()
    before = clock.now() - time.time()
    stamp = time.time()
    after = -time.time() + clock.now()
    sender.send(stamp=stamp)
    wait_until(lambda: receiver.poll() and receiver.chunks)
    # A clock that is slewed meanwhile moves by half a thousandth of the time that has passed.
    assert before - 1e-3 <= receiver.t[-1] - stamp <= after + 1e-3


def test_states_without_a_stamp_are_stamped_on_arrival(receive, node, wait_until):
    receiver, sender = receive(), node()

    def ten():
        sender.send(stamp=0.0)
        return receiver.poll().received >= 10

    before = clock.now()
    wait_until(ten)
    assert before < receiver.t[-1] <= clock.now() + 0.1


def test_simulated_time_is_named(receive, node, wait_until):
    receiver, sender = receive(), node()

    def told():
        sender.send(stamp=12.5)
        return "its stamps are" in receiver.poll().note

    wait_until(told)
    assert receiver.chunks == []
    assert "no simulated time" in receiver.poll().note
    assert "pylsl" not in receiver.poll().note


def test_a_table_of_origins_counts_as_over_other_transports(receive, node, wait_until):
    spec = StreamSpec("angles", ("knee_angle_r",), 100.0, origins={
        "knee_angle_r": Origin("knee", factor=-1.0, offset=0.25)
    })  # fmt: skip
    receiver, sender = receive(spec), node()
    wait_until(connected(receiver, sender))
    assert receiver.x[-1, 0] == sender.count - 1 + 0.25


@pytest.mark.parametrize(
    ("wrong", "reason"),
    [
        ({"names": ("knee", "angle"), "position": [1.0, 2.0]}, r"no channel 'ankle' \(did you"),
        ({"position": []}, "position has 0 values for 3 joints"),
        ({"names": tuple(map(str, range(1025))), "position": []}, "more than 1024"),
        ({"names": ("x" * 70_000,), "position": [1.0]}, "it is no sensor_msgs/msg/JointState"),
        ({"names": ("knee", "ankle", SPOILT)}, "it is no sensor_msgs/msg/JointState"),
    ],
)
def test_a_bad_message_is_dropped_with_its_reason_and_the_next_is_read(
    receive, node, wait_until, wrong, reason
):
    receiver, sender = receive(), node()

    def refused():
        sender.send(**wrong)
        return "dropped" in receiver.poll().note

    wait_until(refused)
    with pytest.raises(AssertionError, match=reason):
        raise AssertionError(receiver.poll().note)
    assert receiver.chunks == []
    wait_until(connected(receiver, sender))
    assert receiver.poll().refused > 0


def test_joint_states_of_other_parts_are_passed_over(receive, node, wait_until):
    receiver, sender = receive(), node()

    def both():
        sender.send(names=("gripper",), position=[0.1])
        sender.send()
        return receiver.poll().received >= 5

    wait_until(both)
    assert receiver.poll().refused == 0
    assert set(receiver.x[:, 1] % 2) == {1.0}


def test_a_value_that_is_not_finite_is_dropped_and_counted(receive, node, wait_until):
    receiver, sender = receive(), node()
    wait_until(connected(receiver, sender))

    def counted():
        sender.send(position=[np.nan, 0.0, 1.0])
        return receiver.poll().nonfinite

    wait_until(counted)
    assert np.isfinite(receiver.x).all()


def test_of_two_nodes_the_first_is_listened_to_until_it_is_silent(receive, node, wait_until):
    receiver, first, second = receive(), node(), node()
    wait_until(connected(receiver, first))

    def rivals():
        first.send()
        second.send(position=[1000.0, 0.0, -1000.0])
        return "more than one node" in receiver.poll().note

    wait_until(rivals)
    assert receiver.x[:, 1].max() < 1000.0
    assert receiver.poll().reconnects == 0

    def taken_over():
        second.send(position=[50.0, 0.0, -50.0])
        return receiver.poll().reconnects

    wait_until(taken_over)
    wait_until(lambda: receiver.poll() and receiver.x[-1, 0] == -50.0)


def test_a_node_that_restarts_is_found_again(receive, node, wait_until):
    receiver, first = receive(), node()
    wait_until(connected(receiver, first))
    first.close()
    wait_until(lambda: receiver.poll().state is SourceState.STALE)
    assert receiver.source.health(clock.now() + 10.0).state is SourceState.LOST
    wait_until(connected(receiver, node()))
    assert receiver.poll().reconnects == 1


def test_while_nobody_publishes_it_says_what_there_is(receive, node, ros2_domain, wait_until):
    receiver = receive(topic="joint_state")
    health = receiver.poll()
    assert health.state is SourceState.RESOLVING
    nobody = f"Nobody publishes {KIND} on '/joint_state' in domain {ros2_domain}"
    assert health.note == f"{nobody}."
    assert receiver.source.poll(0.01) is None
    node()
    wait_until(lambda: receiver.poll().note == f"{nobody}; there is /joint_states.")


def test_a_topic_of_another_type_is_named(receive, ros2_domain, opened, wait_until):
    from pipeline.streams.ros2 import dds
    from pipeline.streams.ros2.quality import Quality

    kind = dds.messages.DiagnosticArray
    opened(dds.Publication("/diagnostics", kind, Quality(), ros2_domain))
    receiver = receive(topic="/diagnostics")
    told = f"ROS 2 topic '/diagnostics' carries diagnostic_msgs/msg/DiagnosticArray, not {KIND}."
    wait_until(lambda: receiver.poll().note == told)


def test_a_source_wakes_when_a_message_comes(receive, node, wait_until):
    receiver, sender = receive(), node()
    wait_until(connected(receiver, sender))
    sender.send()
    assert receiver.source.poll(wait_s=60.0) is not None


def test_our_outlet_is_heard_by_our_source(receive, ros2_domain, opened, wait_until):
    receiver = receive()
    outlet = opened(Ros2Outlet("joint_states", NAMES, ros2_domain))
    count = iter(range(10_000))

    def heard():
        t = clock.now() + np.array([-0.01, 0.0])
        outlet.push(t, np.array([[0.0, 0.0, next(count)], [0.0, 0.0, next(count)]]))
        return receiver.poll().received >= 20

    wait_until(heard)
    assert receiver.x[-1, 0] % 2 == 1
    outlet.close()
    outlet.push(np.zeros(1), np.zeros((1, 3)))


def test_spelling_is_told_once(receive, node, wait_until, caplog):
    caplog.set_level(logging.WARNING)
    receiver, sender = receive(StreamSpec("angles", ("Knee",), 100.0)), node()
    wait_until(lambda: connected(receiver, sender)() and receiver.poll().received > 3)
    assert caplog.text.count("without case and blanks") == 1


def test_closing_twice_does_no_harm(receive):
    source = receive().source
    source.close()
    source.close()
    assert source.poll() is None
    assert source.health(clock.now()).note == "The stream is not open."
