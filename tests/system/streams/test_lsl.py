"""Real LSL on this machine; channel 0 counts samples, which proves what arrived."""

import os
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pylsl
import pytest
from listener import PASSING
from numpy.testing import assert_allclose, assert_array_equal
from places import ROOT

from pipeline.errors import UserError
from pipeline.streams import clock
from pipeline.streams.base import SourceState, StreamSpec
from pipeline.streams.lsl.link import Clock
from pipeline.streams.lsl.outlet import LslOutlet
from pipeline.streams.lsl.source import LslSource

pytestmark = pytest.mark.system
SPEC = StreamSpec("emg", ("count", "b"), 1000.0)
CHANNELS = ("b", "other", "count")


class Sender:
    """Sends samples with a counter, on demand."""

    def __init__(self, name, source_id=None, channels=CHANNELS, unit="V", rate_hz=1000.0):
        self.outlet = LslOutlet(name, "Test", channels, unit, rate_hz, source_id)
        self.count = 0
        self.t = clock.now()

    def send(self, n=1, **columns):
        rows = np.zeros((n, 3))
        rows[:, 2] = self.count + np.arange(n)
        rows[:, 0] = -rows[:, 2]
        self.count += n
        self.t = max(self.t + 0.001, clock.now() - 0.001 * n)
        t = self.t + 0.001 * np.arange(n)
        self.t = float(t[-1])
        self.outlet.push(t, rows)
        return t


class Receiver:
    """Keeps everything a source returns."""

    def __init__(self, source):
        self.source = source
        self.chunks = []

    def poll(self):
        if chunk := self.source.poll():
            self.chunks.append(chunk)
        return self.source.health(clock.now())

    @property
    def t(self):
        return np.concatenate([chunk.t for chunk in self.chunks] or [np.empty(0)])

    @property
    def x(self):
        return np.concatenate([chunk.x for chunk in self.chunks] or [np.empty((0, 2))])


@pytest.fixture
def stack():
    """Close in the right order: sources before outlets."""
    sources, senders = [], []
    yield sources, senders
    for source in sources:
        source.close()
    for sender in senders:
        sender.outlet.close()


@pytest.fixture
def send(stack):
    def make(*args, **kwargs):
        sender = Sender(*args, **kwargs)
        stack[1].append(sender)
        return sender

    return make


@pytest.fixture
def receive(stack):
    def make(spec=SPEC, **kwargs):
        source = LslSource(spec, **kwargs)
        stack[0].append(source)
        source.open()
        return Receiver(source)

    return make


def connected(receiver, sender):
    """Send single samples until one has arrived."""

    def condition():
        sender.send()
        return receiver.poll().state is SourceState.LIVE

    return condition


def test_samples_arrive_whole_in_order_and_by_channel_name(unique_name, send, receive, wait_until):
    sender, receiver = send(unique_name), receive(name=unique_name)
    wait_until(connected(receiver, sender))
    sent = np.concatenate([sender.send(7) for _ in range(20)])
    wait_until(lambda: receiver.poll() and receiver.x[-1, 0] == sender.count - 1)
    counts = receiver.x[:, 0]
    assert_array_equal(counts, np.arange(counts[0], counts[0] + len(counts)))
    assert_array_equal(receiver.x[:, 1], -counts)
    assert_allclose(receiver.t[-len(sent) :], sent, atol=1e-9)
    assert receiver.source.health(clock.now()).out_of_order == 0


def test_the_clock_of_a_sender_on_this_machine_is_ours(unique_name, send, receive, wait_until):
    sender, receiver = send(unique_name), receive(name=unique_name)
    wait_until(connected(receiver, sender))
    health = receiver.poll()
    assert abs(health.clock_offset_s) < 1e-3
    assert 0 < health.clock_uncertainty_s < 1e-2
    before, lsl, after = clock.now(), pylsl.local_clock(), clock.now()
    assert before - 1e-3 < lsl < after + 1e-3


def test_samples_sent_before_the_connection_are_not_served(unique_name, send, receive, wait_until):
    sender = send(unique_name)
    sender.send(500)
    receiver = receive(name=unique_name)
    wait_until(connected(receiver, sender))
    assert receiver.x[0, 0] >= 500


def test_values_are_converted_and_latency_is_taken_off(unique_name, send, receive, wait_until):
    sender = send(unique_name, unit="mV")
    receiver = receive(replace(SPEC, to_si=1e-3, latency_s=0.02), name=unique_name)
    wait_until(connected(receiver, sender))
    sent = sender.send(3)
    wait_until(lambda: receiver.poll() and len(receiver.x) >= 4)
    wait_until(lambda: receiver.poll() and receiver.t[-1] >= sent[-1] - 0.0201)
    assert_allclose(receiver.t[-3:], sent - 0.02, atol=1e-9)
    assert_allclose(receiver.x[-1, 0], (sender.count - 1) * 1e-3)


def test_a_stated_unit_that_nobody_knows_is_refused(unique_name, send, receive, wait_until):
    sender, receiver = send(unique_name, unit="turns"), receive(name=unique_name)
    wait_until(lambda: "states the unit turns" in receiver.poll().note)
    sender.send(10)
    health = receiver.poll()
    assert health.state is SourceState.RESOLVING
    assert "V or mV or uV or nV or 1 or counts" in health.note


def test_a_sender_that_restarts_is_found_again_by_its_source_id(
    unique_name, send, receive, wait_until
):
    first = send(unique_name, source_id=f"id-{unique_name}")
    receiver = receive(name=unique_name)
    wait_until(connected(receiver, first))
    first.outlet.close()
    wait_until(lambda: receiver.poll().state is SourceState.LOST)
    wait_until(lambda: "went away" in receiver.poll().note)
    second = send(unique_name, source_id=f"id-{unique_name}")
    wait_until(connected(receiver, second))

    def is_well():
        second.send()
        health = receiver.poll()
        return (health.state, health.reconnects, health.note) == (SourceState.LIVE, 1, "")

    wait_until(is_well)
    assert np.all(np.diff(receiver.t) > 0)


def test_a_renamed_sender_is_found_by_its_source_id(unique_name, send, receive, wait_until):
    sender = send(f"{unique_name}-b", source_id=f"id-{unique_name}")
    receiver = receive(name=unique_name, source_id=f"id-{unique_name}")
    wait_until(connected(receiver, sender))


def test_a_silent_stream_is_stale_not_live(unique_name, send, receive, wait_until):
    sender, receiver = send(unique_name), receive(name=unique_name)
    wait_until(connected(receiver, sender))
    wait_until(lambda: receiver.poll().state is SourceState.STALE)
    wait_until(connected(receiver, sender))


@pytest.mark.parametrize(
    ("spec", "note"),
    [
        (
            replace(SPEC, rate_hz=100.0),
            "nominal rate of 1000 Hz, but the configuration says 100 Hz",
        ),
        (
            replace(SPEC, channels=("count", "Others")),
            r"has no channel 'Others' \(did you mean 'other'\?\); it has b, other, count",
        ),
        (replace(SPEC, to_si=1e-6), "states the unit V for channel 'count', but .* says uV"),
    ],
)
def test_a_stream_that_is_not_as_wanted_is_refused_with_the_reason(
    unique_name, send, receive, wait_until, spec, note
):
    sender, receiver = send(unique_name), receive(spec, name=unique_name)
    notes = [""]

    def is_refused():
        notes.append(receiver.poll().note)
        return notes[-1] and not any(passing in notes[-1] for passing in PASSING)

    wait_until(is_refused)
    sender.send(10)
    health = receiver.poll()
    assert health.state is SourceState.RESOLVING
    with pytest.raises(AssertionError, match=note):
        raise AssertionError(notes[-1])
    assert unique_name in notes[-1]


def test_a_stream_that_is_not_there_is_told(unique_name, receive, wait_until):
    receiver = receive(name=unique_name)
    wait_until(lambda: receiver.poll().note)
    health = receiver.poll()
    assert health.state is SourceState.RESOLVING
    assert health.note == f"LSL stream '{unique_name}' is not on the network."
    assert health.age_s is None


def test_a_stream_without_labels_has_numbers_for_names(unique_name, receive, wait_until):
    outlet = pylsl.StreamOutlet(pylsl.StreamInfo(unique_name, "EMG", 2, 1000, "int16", unique_name))
    receiver = receive(replace(SPEC, channels=("2", "1")), name=unique_name)

    def arrived():
        outlet.push_sample([7, 8], clock.now())
        return receiver.poll().state is SourceState.LIVE

    wait_until(arrived)
    assert_array_equal(receiver.x[0], [8, 7])
    receiver.source.close()


def test_an_irregular_stream_is_taken_with_a_remark(unique_name, send, receive, wait_until):
    sender, receiver = send(unique_name, rate_hz=0.0), receive(name=unique_name)
    wait_until(connected(receiver, sender))

    def is_told():
        sender.send()
        return "states no rate; 1000 Hz is taken" in receiver.poll().note

    wait_until(is_told)


def test_a_stream_of_text_is_refused(unique_name, receive, wait_until):
    outlet = pylsl.StreamOutlet(pylsl.StreamInfo(unique_name, "M", 1, 0, "string", unique_name))
    receiver = receive(name=unique_name)
    wait_until(lambda: "carries text" in receiver.poll().note)
    receiver.source.close()
    del outlet


def test_nan_and_stamps_that_jump_are_dropped_and_counted(unique_name, send, receive, wait_until):
    sender, receiver = send(unique_name), receive(name=unique_name)
    wait_until(connected(receiver, sender))
    now = sender.t
    t = np.array([now + 0.01, now - 5.0, now + 500.0, now + 0.02, now + 0.03])
    x = np.arange(15.0).reshape(5, 3)
    x[3, 2] = np.nan
    sender.outlet.push(t, x)
    sender.t = t[-1]
    wait_until(lambda: receiver.poll().nonfinite)
    health = receiver.poll()
    assert (health.out_of_order, health.nonfinite, health.from_future) == (1, 1, 1)
    assert_array_equal(receiver.x[-2:, 0], x[[0, 4], 2])

    def is_told():
        sender.send()
        return "1 samples were refused" in receiver.poll().note

    wait_until(is_told)


def test_closing_while_it_looks_does_no_harm(unique_name):
    source = LslSource(SPEC, name=unique_name)
    source.open()
    assert source.poll() is None
    source.close()
    source.close()
    assert source.poll() is None
    assert source.health(clock.now()).note == "The stream is not open."


def test_the_clock_correction_moves_only_beyond_its_uncertainty():
    here = Clock().follow(3e-5, 8e-5)
    assert here == Clock(0.0, 8e-5)
    assert here.follow(0.5, 1e-3) == Clock(0.5, 1e-3)


WITHOUT_LIBLSL = """
import pipeline.streams.lsl.source, pipeline.streams.zeromq.source
import pipeline.streams.recordings.replay
from pipeline.errors import UserError
from pipeline.streams.base import StreamSpec
source = pipeline.streams.lsl.source.LslSource(StreamSpec("emg", ("a",), 100.0), name="x")
try:
    source.open()
except UserError as error:
    print(error)
"""


def test_without_liblsl_only_opening_a_stream_fails_and_says_what_to_do(tmp_path):
    broken = tmp_path / "liblsl.so"
    broken.write_text("not a library")
    done = subprocess.run(
        [sys.executable, "-c", WITHOUT_LIBLSL],
        env=os.environ | {"PYLSL_LIB": str(broken)},
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.startswith("LSL cannot be used (liblsl library")
    assert "conda install -c conda-forge liblsl" in done.stdout
    assert "PYLSL_LIB" in done.stdout


def test_user_error_is_what_a_missing_library_gives(monkeypatch):
    monkeypatch.setitem(sys.modules, "pylsl", None)
    with pytest.raises(UserError, match="ZeroMQ streams work without it"):
        LslSource(SPEC, name="x").open()


def test_a_stream_that_stays_silent_is_opened_anew(
    unique_name, send, receive, wait_until, monkeypatch
):
    monkeypatch.setattr("pipeline.streams.lsl.source.SILENCE_S", (0.2, 1.0))
    sender, receiver = send(unique_name), receive(name=unique_name)
    wait_until(connected(receiver, sender))
    wait_until(lambda: receiver.poll().reconnects)
    wait_until(connected(receiver, sender))
    assert receiver.poll().reconnects >= 1
