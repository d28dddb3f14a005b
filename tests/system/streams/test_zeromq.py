"""Real ZeroMQ sockets; channel 0 counts samples, which proves what arrived."""

import re
import socket
from contextlib import suppress

import msgpack
import numpy as np
import pytest
import zmq
from hypothesis import given
from hypothesis import strategies as st
from listener import Listener
from numpy.testing import assert_allclose, assert_array_equal

from pipeline.errors import UserError
from pipeline.streams import clock
from pipeline.streams.arrival import ArrivalStamper
from pipeline.streams.base import SourceState, StreamSpec
from pipeline.streams.zeromq import wire
from pipeline.streams.zeromq.outlet import ZmqOutlet
from pipeline.streams.zeromq.source import ZmqSource

pytestmark = pytest.mark.system
SPEC = StreamSpec("emg", ("count", "b"), 1000.0)
CHANNELS = ("b", "other", "count")


class Sender:
    """Sends samples with a counter, on demand."""

    def __init__(self, address, unit="V", key="emg", rate_hz=1000.0):
        self.outlet = ZmqOutlet(address, key, CHANNELS, unit, rate_hz)
        self.count = 0
        self.t = clock.now()

    def send(self, n=1):
        x = np.zeros((n, 3))
        x[:, 2] = self.count + np.arange(n)
        x[:, 0] = -x[:, 2]
        self.count += n
        t = max(self.t + 1e-3, clock.now() - 1e-3 * n) + 1e-3 * np.arange(n)
        self.t = float(t[-1])
        self.outlet.push(t, x)
        return t


@pytest.fixture
def receiver(ipc_address, opened):
    return Listener.opening(opened(ZmqSource(SPEC, address=ipc_address)))


@pytest.fixture
def raw(ipc_address, opened):
    """A publisher of whatever bytes."""
    publisher = opened(zmq.Context.instance().socket(zmq.PUB))
    publisher.setsockopt(zmq.LINGER, 0)
    publisher.bind(ipc_address)
    return publisher


def connected(receiver, sender):
    def condition():
        sender.send()
        return receiver.poll().state is SourceState.LIVE

    return condition


def message(**changes):
    fields = {
        "v": 1, "stream": "emg", "seq": 0, "channels": ["count", "b"], "unit": "V",
        "rate_hz": 1000, "x": [[1.0, 2.0]],
    }  # fmt: skip
    return b"emg " + msgpack.packb(fields | changes)


def test_samples_arrive_whole_in_order_and_by_channel_name(
    ipc_address, opened, receiver, wait_until
):
    sender = Sender(ipc_address)
    opened(sender.outlet)
    assert receiver.poll().state is SourceState.RESOLVING
    wait_until(connected(receiver, sender))
    sent = np.concatenate([sender.send(7) for _ in range(20)])
    wait_until(lambda: receiver.poll() and receiver.x[-1, 0] == sender.count - 1)
    counts = receiver.x[:, 0]
    assert_array_equal(counts, np.arange(counts[0], counts[0] + len(counts)))
    assert_array_equal(receiver.x[:, 1], -counts)
    assert_array_equal(receiver.t[-len(sent) :], sent)
    assert "lost" not in receiver.poll().note


def test_the_unit_of_the_message_counts(ipc_address, opened, receiver, wait_until):
    sender = Sender(ipc_address, unit="uV")
    opened(sender.outlet)
    wait_until(connected(receiver, sender))
    wait_until(lambda: receiver.poll() and receiver.x[-1, 0] > (sender.count - 1.5) * 1e-6)
    assert_allclose(receiver.x[-1, 0], (sender.count - 1) * 1e-6)


@pytest.fixture
def tcp_address():
    """A port that was free a moment ago; a file of ipc:// may vanish late after a restart."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return f"tcp://127.0.0.1:{probe.getsockname()[1]}"


def test_a_sender_that_restarts_is_counted(tcp_address, opened, wait_until):
    receiver = Listener.opening(opened(ZmqSource(SPEC, address=tcp_address)))
    first = Sender(tcp_address)
    wait_until(connected(receiver, first))
    first.outlet.close()
    wait_until(lambda: receiver.poll().state is SourceState.STALE)
    restarted = []

    def bound():
        with suppress(UserError):  # the closed socket may hold the port for a moment
            restarted.append(Sender(tcp_address))
        return restarted

    wait_until(bound)
    opened(restarted[0].outlet)
    wait_until(connected(receiver, restarted[0]))
    assert receiver.poll().reconnects == 1
    assert np.all(np.diff(receiver.t) > 0)


def test_a_message_that_comes_twice_or_late_is_no_restart(
    ipc_address, opened, receiver, wait_until
):
    sender = Sender(ipc_address)
    opened(sender.outlet)
    wait_until(connected(receiver, sender))
    sender.send(3)
    sender.outlet._seq -= 2
    sender.send(3)
    sender.outlet._seq += 1
    sender.send(3)
    wait_until(lambda: receiver.poll() and receiver.x[-1, 0] == sender.count - 1)
    assert receiver.poll().reconnects == 0


def test_a_restart_shows_although_its_first_messages_were_lost(
    ipc_address, opened, receiver, wait_until
):
    """The number of the first message that arrives may be beyond the one that was expected."""
    sender = Sender(ipc_address)
    opened(sender.outlet)
    wait_until(connected(receiver, sender))
    sender.outlet._run += 1
    sender.send(3)
    wait_until(lambda: receiver.poll() and receiver.x[-1, 0] == sender.count - 1)
    assert receiver.poll().reconnects == 1


def test_silence_is_first_stale_then_lost(ipc_address, opened, receiver, wait_until):
    sender = Sender(ipc_address)
    opened(sender.outlet)
    wait_until(connected(receiver, sender))
    wait_until(lambda: receiver.poll().state is SourceState.STALE)
    assert receiver.source.health(clock.now() + 10.0).state is SourceState.LOST


@pytest.mark.parametrize(
    ("frame", "reason"),
    [
        (b"emg \xc1", "not msgpack"),
        (message(v=9), "v is 9"),
        (message(rate_hz=500), "rate of 500 Hz, but the configuration says 1000 Hz"),
        (message(unit="kg"), "unit 'kg' is not one the emg stream may have"),
        (message(channels=["counts", "b"]), r"no channel 'count' \(did you mean 'counts'\?\)"),
        (message(t=[float("inf")]), "not finite"),
    ],
)
def test_a_bad_message_is_dropped_with_its_reason_and_the_next_is_read(
    receiver, raw, wait_until, frame, reason
):
    def refused():
        raw.send(frame)
        return "dropped" in receiver.poll().note

    wait_until(refused)
    with pytest.raises(AssertionError, match=reason):
        raise AssertionError(receiver.poll().note)
    assert receiver.chunks == []

    def read():
        raw.send(message(seq=receiver.poll().received))
        return receiver.poll().received

    wait_until(read)


def test_samples_without_stamps_are_stamped_on_arrival(receiver, raw, wait_until):
    seq = iter(range(10_000))

    def ten():
        raw.send(message(seq=next(seq)))
        return receiver.poll().received >= 10

    before = clock.now()
    wait_until(ten)
    assert before < receiver.t[-1] <= clock.now() + 0.1
    assert np.all(np.diff(receiver.t) > 0)


def test_messages_lost_on_the_way_are_told(receiver, raw, wait_until):
    seq = iter(range(0, 10_000, 2))

    def several():
        raw.send(message(seq=next(seq)))
        return receiver.poll().received >= 3

    wait_until(several)

    def is_told():
        several()
        return "messages on the way" in receiver.poll().note

    wait_until(is_told)


def test_old_stamps_are_told(receiver, raw, wait_until):
    def received():
        raw.send(message(t=[clock.now() - 60.0]))
        return receiver.poll().received

    wait_until(received)
    health = receiver.poll()
    assert health.state is SourceState.STALE
    assert re.search(r"its stamps are 6\d[.\d]* s behind this machine's LSL clock", health.note)


@pytest.mark.parametrize("make", [
    lambda: ZmqSource(SPEC, address="nonsense").open(),
    lambda: ZmqOutlet("tcp://127.0.0.1:no", "emg", CHANNELS, "V", 1000.0),
])  # fmt: skip
def test_a_wrong_address_is_told(make):
    with pytest.raises(UserError, match=r"give an address such as tcp://127.0.0.1:5561"):
        make()


def test_closing_twice_does_no_harm(receiver):
    receiver.source.close()
    receiver.source.close()
    assert receiver.source.poll() is None


@given(st.lists(st.tuples(st.integers(1, 50), st.floats(-0.02, 0.02)), min_size=2, max_size=100))
def test_arrival_stamps_are_even_and_near_the_arrival(arrivals):
    stamper = ArrivalStamper(1000.0)
    due, newest = 10.0, -np.inf
    for n, jitter in arrivals:
        due += n / 1000.0
        t = stamper.stamps(n, due + jitter)
        assert t[0] > newest
        assert abs(t[-1] - due) < 0.05
        newest = t[-1]


def test_the_topic_is_part_of_the_message():
    samples = wire.Samples("emg", 0, ("a",), "V", 100.0, None, np.ones((1, 1)))
    assert wire.encode(samples).startswith(wire.topic("emg"))
