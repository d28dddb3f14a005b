import re
from pathlib import Path

import numpy as np
import psutil
import pytest
import zmq

from pipeline.errors import UserError
from pipeline.output.message import (
    MetaMessage,
    MomentMessage,
    ParametersMessage,
    Status,
    StatusMessage,
)
from pipeline.output.publisher import Publisher
from pipeline.output.zmq import META_EVERY_S, ZmqPublisher

OK = np.array([True, True])
BIG = StatusMessage(session="first", t=1.0, status=Status.NOMINAL, uptime_s=3.0, note="x" * 50_000)


def publish(publisher: Publisher, knee: float = 1.0) -> MomentMessage:
    publisher.tend()
    return publisher.publish_moment(np.array([knee, 2.0]), OK, Status.NOMINAL, 5.0)


@pytest.fixture
def publisher(meta: MetaMessage, zmq_publisher: ZmqPublisher) -> Publisher:
    return Publisher(meta, [zmq_publisher])


@pytest.fixture
def greeting(zmq_publisher, wait_until):
    """Return the first message that an ear is sent while time stands still: only to newcomers."""
    zmq_publisher.tend(0.0)

    def greeting(ear) -> object:
        heard = []
        wait_until(lambda: zmq_publisher.tend(0.0) or heard.append(ear.hear(0.01)) or heard[-1])
        return heard[-1]

    return greeting


def test_a_late_joiner_is_sent_the_meta_at_once(
    publisher, zmq_publisher, subscribe, meta, greeting
) -> None:
    publish(publisher)
    assert greeting(subscribe(zmq_publisher.address)) == meta


def test_a_second_joiner_of_the_same_topic_is_greeted_too(
    zmq_publisher, subscribe, meta, greeting
) -> None:
    for _ in range(2):
        assert greeting(subscribe(zmq_publisher.address, b"meta ")) == meta


def test_the_meta_is_repeated_every_second(zmq_publisher, subscribe, meta, greeting) -> None:
    ear = subscribe(zmq_publisher.address)
    greeting(ear)
    for i in range(31):
        zmq_publisher.tend(i * META_EVERY_S / 10)
    assert list(iter(lambda: ear.hear(0.5), None)) == [meta] * 3


def joined(publisher, zmq_publisher, ear, wait_until) -> None:
    """Publish until the ear hears moments, then empty it."""

    def hears() -> bool:
        publish(publisher)
        return isinstance(ear.hear(0.01), MomentMessage)

    wait_until(hears)
    last = publish(publisher)
    wait_until(lambda: ear.hear(1.0) == last)


def test_moments_come_numbered_stamped_and_in_order(
    publisher, zmq_publisher, subscribe, wait_until
) -> None:
    ear = subscribe(zmq_publisher.address, b"moment ")
    joined(publisher, zmq_publisher, ear, wait_until)
    sent = [publish(publisher, float(i)) for i in range(5)]
    heard = [ear.hear(10.0) for _ in sent]
    assert heard == sent
    assert np.diff([m.seq for m in sent]).tolist() == [1] * 4
    assert all(m.valid_until == pytest.approx(m.t_published + 0.1) for m in sent)


def test_status_and_parameters_come_through(
    publisher, zmq_publisher, subscribe, wait_until
) -> None:
    moments = subscribe(zmq_publisher.address)
    joined(publisher, zmq_publisher, moments, wait_until)
    status = StatusMessage(session="first", t=1.0, status=Status.DEGRADED, uptime_s=3.0)
    values = {"strength": np.array([1.0, 2.0])}
    parameters = ParametersMessage(
        session="first", version=1, t=2.0, values=values, muscles=("soleus", "vastus")
    )
    publisher.publish_status(status)
    publisher.publish_parameters(parameters)
    assert [moments.hear(10.0), moments.hear(10.0)] == [status, parameters]


def test_the_last_messages_say_stopped(publisher, zmq_publisher, subscribe, wait_until) -> None:
    ear = subscribe(zmq_publisher.address)
    joined(publisher, zmq_publisher, ear, wait_until)
    publisher.close()
    publisher.close()
    heard = [message for message in iter(lambda: ear.hear(0.5), None) if message.topic != "meta"]
    moment, status = heard[-2:]
    assert moment.status is Status.STOPPED
    assert moment.moment == (0.0, 0.0)
    assert moment.ok == (False, False)
    assert (status.status, status.note) == (Status.STOPPED, Status.STOPPED.sentence)


def test_a_nonfinite_moment_is_refused_before_anything_is_sent(
    publisher, zmq_publisher, subscribe, wait_until
) -> None:
    ear = subscribe(zmq_publisher.address, b"moment ")
    joined(publisher, zmq_publisher, ear, wait_until)
    before = publish(publisher)
    with pytest.raises(ValueError, match="finite"):
        publish(publisher, float("nan"))
    after = publish(publisher)
    assert [ear.hear(10.0), ear.hear(10.0)] == [before, after]
    assert after.seq == before.seq + 1


def test_a_subscriber_that_never_reads_costs_neither_messages_nor_memory(
    publisher, zmq_publisher, subscribe, wait_until
) -> None:
    """100 MB go past a reader that sleeps; it finds a handful, and the other one all it reads."""
    sleeper = subscribe(zmq_publisher.address, b"", RCVHWM=1, RCVBUF=4096)
    reader = subscribe(zmq_publisher.address, b"moment ")
    joined(publisher, zmq_publisher, reader, wait_until)
    process = psutil.Process()
    before = process.memory_info().rss
    for i in range(2000):
        publisher.publish_status(BIG)
        if i % 100 == 0:
            sent = publish(publisher, float(i))
            wait_until(lambda sent=sent: reader.hear(1.0) == sent)
    assert process.memory_info().rss - before < 30e6
    found = len(list(iter(lambda: sleeper.hear(0.2), None)))
    assert 0 < found < 200


def test_a_conflating_client_gets_the_newest(
    publisher, zmq_publisher, subscribe, wait_until
) -> None:
    conflating = subscribe(zmq_publisher.address, b"moment ", CONFLATE=1)
    witness = subscribe(zmq_publisher.address, b"moment ")
    joined(publisher, zmq_publisher, witness, wait_until)
    wait_until(lambda: publish(publisher) and conflating.hear(0.01))
    for i in range(5):
        last = publish(publisher, float(i))
    heard = []
    wait_until(lambda: heard.append(conflating.hear(1.0)) or heard[-1] == last)
    assert conflating.hear(0.05) is None


def test_a_subscriber_that_dies_is_not_noticed(
    publisher, zmq_publisher, subscribe, wait_until
) -> None:
    ear = subscribe(zmq_publisher.address)
    joined(publisher, zmq_publisher, ear, wait_until)
    ear.socket.close()
    for _ in range(100):
        publish(publisher)


def test_a_taken_port_is_told(zmq_publisher, meta) -> None:
    with pytest.raises(UserError, match=re.escape(zmq_publisher.address) + ".* is in use"):
        ZmqPublisher(zmq_publisher.address, meta)


def test_a_taken_path_is_told_and_a_left_over_one_reused(meta, ipc_address: str) -> None:
    first = ZmqPublisher(ipc_address, meta)
    with pytest.raises(UserError, match="is in use"):
        ZmqPublisher(ipc_address, meta)
    first.close()
    Path(ipc_address.removeprefix("ipc://")).touch()
    ZmqPublisher(ipc_address, meta).close()


@pytest.mark.parametrize(
    "address",
    [
        "tcp://*:5556",
        "tcp://0.0.0.0:5556",
        "tcp://192.168.1.5:5556",
        "tcp://127.0.0.1.example.org:5556",
        "tcp://127.0.0.1",
        "udp://127.0.0.1:5556",
        "5556",
    ],
)
def test_only_this_machine_is_published_on(address: str, meta) -> None:
    with pytest.raises(UserError, match=re.escape(f"'{address}' is refused")):
        ZmqPublisher(address, meta)


def test_a_port_out_of_range_is_refused(meta) -> None:
    with pytest.raises(UserError, match="65535"):
        ZmqPublisher("tcp://127.0.0.1:70000", meta)


def test_a_path_that_cannot_be_bound_is_told(meta, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="moments are published, cannot be bound"):
        ZmqPublisher(f"ipc://{tmp_path}/no/such/folder", meta)


def test_noise_from_a_subscriber_is_ignored(zmq_publisher, wait_until, meta) -> None:
    """An XSUB may send anything upstream; only subscriptions are answered."""
    zmq_publisher.tend(0.0)
    with zmq.Context() as context, context.socket(zmq.XSUB) as noisy:
        noisy.connect(zmq_publisher.address)
        noisy.send(b"\x01meta ")
        wait_until(lambda: zmq_publisher.tend(0.0) or noisy.poll(10))
        assert noisy.recv() == meta.pack()
        for noise in (b"", b"\x00unsubscribe", b"hello"):
            noisy.send(noise)
        for _ in range(20):
            zmq_publisher.tend(0.0)
            assert not noisy.poll(10)
