"""Moments over ROS 2, heard by another process and decoded by rosbags, without any ROS here."""

import itertools
import time

import numpy as np
import pytest
from ros2_network import typestore

from pipeline.output.message import (
    MomentMessage,
    ParametersMessage,
    Status,
    StatusMessage,
)
from pipeline.output.publisher import Publisher
from pipeline.output.ros2 import Ros2Publisher
from pipeline.streams import clock
from pipeline.streams.base import SourceState, StreamHealth
from pipeline.streams.ros2.quality import Quality

pytestmark = pytest.mark.system
YES, NO = np.array([True, True]), np.array([True, False])
STORES = ("ROS2_HUMBLE", "ROS2_JAZZY")
JOINTS = "rt/hillstream/joint_states"
EMG = StreamHealth(
    "emg", SourceState.LOST, 3.0, 100, 1000.0, 0, 0, 0, 0, 0, 0.0, None, "It went away."
)


def decoded(heard, kind):
    """Return what each ROS release makes of the bytes, which has to be the same."""
    stores = [typestore(name) for name in STORES]
    messages = [store.deserialize_cdr(bytes.fromhex(heard["raw"]), kind) for store in stores]
    again = [
        bytes(store.serialize_cdr(one, kind)) for store, one in zip(stores, messages, strict=True)
    ]
    assert again[0] == again[1]
    assert bytes.fromhex(heard["raw"])[: len(again[0])] == again[0]
    return messages[0]


@pytest.fixture
def ros2(ros2_domain, meta):
    """Make a way out over ROS 2."""
    made = []

    def make(fade_s=0.0, withhold=False, **quality):
        quality = Quality(**{"depth": 1000, **quality})
        out = Ros2Publisher(
            meta,
            topic="/hillstream/joint_states",
            diagnostics="/diagnostics",
            domain_id=ros2_domain,
            quality=quality,
            fade_s=fade_s,
            withhold=withhold,
        )
        made.append(out)
        return out

    yield make
    for out in made:
        out.close()


@pytest.fixture
def heard_by(witness, wait_until):
    """Connect a witness to a way out, so that it misses nothing."""

    def connect(out, topic=JOINTS, kind="JointState", reliability="reliable"):
        one = witness(topic, kind, reliability)
        publication = out._efforts if kind == "JointState" else out._diagnoses
        wait_until(lambda: publication.subscribers and one.heard)
        assert one.heard.pop() == {}
        return one

    return connect


def at(t_published, *moment, ok=(True, True), status=Status.NOMINAL, t=5.0):
    """Return a moment message of a certain time, for what depends on time alone."""
    return MomentMessage(
        session="first", seq=0, t=t, t_published=t_published, valid_until=t_published + 0.1,
        status=status, ok=ok, moment=moment, parameter_version=0, parameter_age_s=0.0,
    )  # fmt: skip


def test_every_moment_arrives_as_it_was_published(meta, ros2, heard_by, wait_until):
    out = ros2()
    witness = heard_by(out)
    publisher = Publisher(meta, [out])
    rng = np.random.default_rng(1)
    sent = rng.normal(scale=50.0, size=(200, 2))
    stamps = clock.now() - 0.003 + 0.005 * np.arange(200)
    for moment, t in zip(sent, stamps, strict=True):
        publisher.publish_moment(moment, YES, Status.NOMINAL, t)
    wait_until(lambda: len(witness.heard) == 200)
    messages = [decoded(one, "sensor_msgs/msg/JointState") for one in witness.heard]
    np.testing.assert_array_equal([one.effort for one in messages], sent)
    assert all(tuple(one.name) == meta.dofs for one in messages)
    assert all(len(one.position) == len(one.velocity) == 0 for one in messages)
    assert publisher.counts.lost_ros2_messages == 0
    independent = [one["effort"] for one in witness.heard]
    np.testing.assert_array_equal(independent, sent)
    publisher.close()
    wait_until(lambda: len(witness.heard) == 201)
    assert witness.heard[-1]["effort"] == [0.0, 0.0]


def test_the_stamp_is_the_time_of_the_emg_in_unix_time(meta, ros2, heard_by, wait_until):
    out = ros2()
    witness = heard_by(out)
    t = clock.now() - 0.25
    earliest = time.time() - (clock.now() - t)
    Publisher(meta, [out]).publish_moment(np.ones(2), YES, Status.NOMINAL, t)
    latest = -(clock.now() - t) + time.time()
    Publisher(meta, [out]).publish_moment(np.ones(2), YES, Status.STARTING, None)
    wait_until(lambda: len(witness.heard) == 2)
    stamp = decoded(witness.heard[0], "sensor_msgs/msg/JointState").header.stamp
    assert earliest - 1e-4 <= stamp.sec + 1e-9 * stamp.nanosec <= latest + 1e-4
    assert witness.heard[1]["header"]["stamp"] == {"sec": 0, "nanosec": 0}


def test_the_effort_of_a_joint_that_is_not_ok_fades_to_zero_and_comes_back(
    ros2, heard_by, wait_until
):
    out = ros2(fade_s=0.05)
    witness = heard_by(out)
    flags = [True] * 10 + [False] * 8 + [True] * 8
    for i, ok in enumerate(flags):
        status = Status.NOMINAL if ok else Status.DEGRADED
        out.send(at(0.01 * i, 10.0, -20.0, ok=(True, ok), status=status))
    wait_until(lambda: len(witness.heard) == len(flags))
    knee, ankle = np.transpose([one["effort"] for one in witness.heard])
    np.testing.assert_allclose(knee[5:], 10.0)
    np.testing.assert_allclose(ankle[9:15], [-20.0, -16.0, -12.0, -8.0, -4.0, 0.0], atol=1e-9)
    np.testing.assert_allclose(ankle[15:18], 0.0)
    np.testing.assert_allclose(ankle[18:24], [-4.0, -8.0, -12.0, -16.0, -20.0, -20.0], atol=1e-9)


def test_withheld_moments_are_not_sent_but_the_last_zero_is(ros2, heard_by, wait_until):
    out = ros2(withhold=True)
    witness = heard_by(out)
    out.send(at(0.0, 1.0, 2.0))
    out.send(at(0.01, 3.0, 4.0, ok=(True, False), status=Status.DEGRADED))
    out.send(at(0.02, 5.0, 6.0))
    out.send(at(0.03, 0.0, 0.0, ok=(False, False), status=Status.STOPPED))
    wait_until(lambda: len(witness.heard) == 3)
    assert [one["effort"] for one in witness.heard] == [[1.0, 2.0], [5.0, 6.0], [0.0, 0.0]]


def test_diagnostics_tell_at_once_which_joint_may_be_used_and_why_not(ros2, heard_by, wait_until):
    out = ros2()
    witness = heard_by(out, "rt/diagnostics", "DiagnosticArray")
    out.send(at(0.0, 1.0, 2.0))
    out.send(at(0.01, 1.0, 2.0))  # nothing new
    out.send(at(0.02, 1.0, 2.0, ok=(True, False), status=Status.DEGRADED))
    out.send(
        StatusMessage(
            session="first", t=0.5, status=Status.DEGRADED, note="An electrode is off.",
            uptime_s=3.0, streams=(EMG,),
        )
    )  # fmt: skip
    out.send(ParametersMessage(session="first", version=1, t=0.5, values={}, muscles=()))
    wait_until(lambda: len(witness.heard) == 3)
    arrays = [decoded(one, "diagnostic_msgs/msg/DiagnosticArray") for one in witness.heard]
    moments = [one.status[0] for one in arrays]
    assert [one.level for one in moments] == [0, 1, 1]
    assert [one.name for one in moments] == ["hillstream: moments"] * 3
    flags = [{pair.key: pair.value for pair in one.values} for one in moments]
    assert [one["ok ankle"] for one in flags] == ["True", "False", "False"]
    assert [one["ok knee"] for one in flags] == ["True"] * 3
    assert moments[1].message == Status.DEGRADED.sentence
    assert moments[2].message == "An electrode is off."
    emg = arrays[2].status[1]
    assert (emg.level, emg.name, emg.message) == (2, "hillstream: emg", "It went away.")


def test_ros_finds_topics_types_and_quality_as_it_names_them(ros2, ros2_domain, wait_until):
    from cyclonedds.builtin import BuiltinDataReader, BuiltinTopicDcpsPublication
    from cyclonedds.domain import DomainParticipant
    from cyclonedds.qos import Policy

    store = typestore("ROS2_JAZZY")
    ros2(reliable=False, depth=7, keeps_last=True, valid_for_s=0.1)
    participant = DomainParticipant(ros2_domain)
    reader = BuiltinDataReader(participant, BuiltinTopicDcpsPublication)
    found = {}

    def both():
        found.update({one.topic_name: one for one in reader.take(100)})
        return {JOINTS, "rt/diagnostics"} <= found.keys()

    wait_until(both)
    efforts, diagnoses = found[JOINTS], found["rt/diagnostics"]
    assert efforts.type_name == "sensor_msgs::msg::dds_::JointState_"
    assert diagnoses.type_name == "diagnostic_msgs::msg::dds_::DiagnosticArray_"
    for one, kind in (
        (efforts, "sensor_msgs/msg/JointState"),
        (diagnoses, "diagnostic_msgs/msg/DiagnosticArray"),
    ):
        stated = one.qos[Policy.Userdata].data.decode()
        assert stated == f"typehash={store.hash_rihs01(kind)};"
        assert one.qos[Policy.DataRepresentation].use_cdrv0_representation
        assert not one.qos[Policy.DataRepresentation].use_xcdrv2_representation
    assert efforts.qos[Policy.Reliability] == Policy.Reliability.BestEffort
    assert efforts.qos[Policy.Durability] == Policy.Durability.TransientLocal
    assert efforts.qos[Policy.Deadline].deadline == 100_000_000
    assert efforts.qos[Policy.Lifespan].lifespan == 100_000_000
    assert isinstance(diagnoses.qos[Policy.Reliability], Policy.Reliability.Reliable)


def test_a_subscriber_that_stands_still_holds_up_nobody(ros2, heard_by, wait_until):
    out = ros2(depth=5)
    halted, other = heard_by(out), heard_by(out)
    wait_until(lambda: out._efforts.subscribers == 2)
    halted.halt()
    number = iter(range(100_000))

    def send_until_heard(one, least):
        def heard():
            out.send(at(0.01 * (i := next(number)), float(i), 0.0))
            return one.heard and one.heard[-1]["effort"][0] >= least

        wait_until(heard)

    send_until_heard(other, 500.0)
    assert out.counts == {"lost_ros2_messages": 0}
    halted.go_on()
    send_until_heard(halted, float(next(number)))
    assert out.counts == {"lost_ros2_messages": 0}


def test_a_subscriber_that_asks_for_more_than_is_offered_is_told_of_once(
    ros2, witness, wait_until, caplog
):
    out = ros2(reliable=False)
    one = witness(JOINTS, "JointState", "reliable")
    due = itertools.count()

    def told():
        out.tend(10.0 * next(due))
        return "asks for another reliability" in caplog.text

    wait_until(told)
    out.tend(1e6)
    assert caplog.text.count("asks for another") == 1
    assert one.heard == []


class Controller:
    """A subscriber in this process that asks for what a careful controller asks for."""

    def __init__(self, domain, *policies):
        from cyclonedds.domain import DomainParticipant
        from cyclonedds.qos import Qos
        from cyclonedds.sub import DataReader
        from cyclonedds.topic import Topic
        from ros2_witness import JointState

        self._participant = DomainParticipant(domain)
        topic = Topic(self._participant, JOINTS, JointState)
        self.reader = DataReader(self._participant, topic, qos=Qos(*policies))

    def missed(self):
        return self.reader.get_requested_deadline_missed_status().total_count

    def heard(self):
        return [one.effort[0] for one in self.reader.take(100) if one.sample_info.valid_data]


def test_a_controller_that_asks_for_the_deadline_is_told_when_moments_stop(
    ros2, ros2_domain, wait_until, caplog
):
    from cyclonedds.qos import Policy

    out = ros2(valid_for_s=0.1)
    controller = Controller(ros2_domain, Policy.Deadline(100_000_000))
    hasty = Controller(ros2_domain, Policy.Deadline(50_000_000))
    number = iter(range(100_000))

    def hears():
        out.send(at(0.01 * (i := next(number)), float(i), 0.0))
        return controller.heard()

    wait_until(hears)
    before = controller.missed()
    wait_until(lambda: controller.missed() > before)  # nothing is sent meanwhile
    turns = itertools.count(1)

    def told():
        out.tend(10.0 * next(turns))
        return "asks for another deadline" in caplog.text

    wait_until(told)
    assert hasty.heard() == []


def test_a_late_subscriber_gets_the_newest_moments_only_while_they_are_valid(
    ros2, ros2_domain, wait_until
):
    from cyclonedds.qos import Policy

    out = ros2(valid_for_s=0.1, keeps_last=True)
    out.send(at(0.0, 1.0, 0.0))
    sent = clock.now()
    wait_until(lambda: clock.now() > sent + 0.2)
    late = Controller(
        ros2_domain,
        Policy.Reliability.Reliable(0),
        Policy.Durability.TransientLocal,
        Policy.History.KeepLast(10),
    )
    wait_until(lambda: out._efforts.subscribers)
    number, heard = iter(range(2, 100_000)), []

    def hears():
        out.send(at(0.01 * (i := next(number)), float(i), 0.0))
        heard.extend(late.heard())
        return heard

    wait_until(hears)
    assert 1.0 not in heard


def test_closing_twice_does_no_harm(ros2):
    out = ros2()
    out.close()
    out.close()
    assert isinstance(out.counts, dict)


def test_a_message_that_dds_does_not_take_is_counted_and_told_of_once(ros2, meta, caplog):
    out = ros2()
    publisher = Publisher(meta, [out])
    out._efforts._writer._delete(out._efforts._writer._ref)  # DDS has lost it, not we
    for _ in range(3):
        publisher.publish_moment(np.ones(2), YES, Status.NOMINAL, 5.0)
    assert publisher.counts.lost_ros2_messages == 3
    assert caplog.text.count("DDS did not take a message") == 1
