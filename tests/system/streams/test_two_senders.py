"""Two LSL outlets that could both be meant, on real LSL: none is taken before it is decided."""

import os
import socket
import subprocess
import sys

import numpy as np
import pylsl
import pytest

from pipeline.streams import clock
from pipeline.streams.base import SourceState, StreamSpec
from pipeline.streams.lsl.outlet import LslOutlet, linger
from pipeline.streams.lsl.source import LslSource

pytestmark = pytest.mark.system
SPEC = StreamSpec("emg", ("a",), 1000.0)


class Anonymous:
    """An outlet that states no source_id."""

    def __init__(self, name):
        info = pylsl.StreamInfo(name, "EMG", 1, 1000.0, "float32", "")
        channel = info.desc().append_child("channels").append_child("channel")
        channel.append_child_value("label", "a")
        self._outlet = pylsl.StreamOutlet(info)

    def push(self, t, x):
        self._outlet.push_chunk(x, t.tolist())

    def close(self):
        if self._outlet is not None:
            linger(self._outlet)
        self._outlet = None


@pytest.fixture
def sender(opened):
    return lambda name, source_id: opened(LslOutlet(name, "EMG", ("a",), "V", 1000.0, source_id))


@pytest.fixture
def receiver(opened):
    def make(**sought):
        source = opened(LslSource(SPEC, **sought))
        source.open()
        return source

    return make


def note(source):
    source.poll()
    return source.health(clock.now()).note


@pytest.fixture
def value_from(wait_until):
    """Send each outlet's own value until one has arrived; return that one."""

    def value_from(source, values):
        came = []

        def arrived():
            for outlet, value in values.items():
                outlet.push(np.array([clock.now()]), np.full((1, 1), value))
            if (chunk := source.poll()) is not None:
                came.append(float(chunk.x[-1, 0]))
            return came

        wait_until(arrived)
        return came[0]

    return value_from


def test_of_two_of_one_name_none_is_taken_until_a_source_id_decides(
    unique_name, sender, receiver, wait_until, value_from
):
    first, second = sender(unique_name, f"{unique_name}-1"), sender(unique_name, f"{unique_name}-2")
    undecided = receiver(name=unique_name)
    wait_until(lambda: "could be" in note(undecided))
    told = note(undecided)
    assert f"2 LSL streams could be LSL stream '{unique_name}', so none is taken" in told
    for which in (1, 2):
        assert f"1000 Hz, on {socket.gethostname()}, source_id '{unique_name}-{which}'" in told
    assert told.endswith("Say which with streams.emg.source_id.")
    assert undecided.health(clock.now()).state is SourceState.RESOLVING

    decided = receiver(name=unique_name, source_id=f"{unique_name}-2")
    assert value_from(decided, {first: 1.0, second: 2.0}) == 2.0


def test_two_without_a_source_id_on_one_machine_are_refused_until_one_has_gone(
    unique_name, opened, receiver, wait_until, value_from
):
    first, second = opened(Anonymous(unique_name)), opened(Anonymous(unique_name))
    source = receiver(name=unique_name)
    wait_until(lambda: "could be" in note(source))
    assert note(source).count("no source_id") == 2
    assert "Give each sender a source_id of its own" in note(source)
    first.close()
    assert value_from(source, {second: 2.0}) == 2.0


OF_ANOTHER_SESSION = """
import sys, pylsl
outlet = pylsl.StreamOutlet(pylsl.StreamInfo(sys.argv[1], "EMG", 1, 1000.0, "float32", "theirs"))
print(len(pylsl.resolve_byprop("name", sys.argv[1], timeout=15.0)), flush=True)
sys.stdin.read()
"""


def test_a_sender_of_another_lab_session_is_not_seen(unique_name, receiver, wait_until, tmp_path):
    """LSL keeps laboratories that share a network apart by the SessionID of their lsl_api.cfg."""
    file = tmp_path / "lsl_api.cfg"
    file.write_text("[multicast]\nResolveScope = link\n[lab]\nSessionID = theirs\n")
    other = subprocess.Popen(
        [sys.executable, "-c", OF_ANOTHER_SESSION, unique_name],
        env=os.environ | {"LSLAPICFG": str(file)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert other.stdout.readline() == "1\n"  # it is seen in its own session
        source = receiver(name=unique_name, source_id="ours")
        wait_until(lambda: note(source))
        assert "is not on the network" in note(source)
        assert "one of that name is" not in note(source)
    finally:
        other.communicate("")


def test_the_host_is_a_condition(unique_name, sender, receiver, wait_until, value_from):
    outlet = sender(unique_name, None)
    elsewhere = receiver(name=unique_name, host="another-machine")
    wait_until(lambda: "but one" in note(elsewhere))
    assert "from host 'another-machine' is not on the network, but one" in note(elsewhere)
    here = receiver(name=unique_name, host=socket.gethostname().upper())
    assert value_from(here, {outlet: 1.0}) == 1.0


def test_another_source_id_is_not_taken_for_the_one_that_is_wanted(
    unique_name, sender, receiver, wait_until
):
    sender(unique_name, f"{unique_name}-other")
    source = receiver(name=unique_name, source_id=f"{unique_name}-mine")
    wait_until(lambda: f"source_id '{unique_name}-other'" in note(source))
    assert f"with source_id '{unique_name}-mine' is not on the network" in note(source)
    assert f"source_id '{unique_name}-other'. Correct streams.emg, or start" in note(source)


def test_a_sender_that_comes_back_under_another_source_id_is_found_again(
    unique_name, sender, receiver, wait_until, value_from
):
    first = sender(unique_name, f"{unique_name}-1")
    source = receiver(name=unique_name)
    assert value_from(source, {first: 1.0}) == 1.0
    first.close()
    wait_until(lambda: "went away" in note(source))
    second = sender(unique_name, f"{unique_name}-2")
    assert value_from(source, {second: 2.0}) == 2.0


def test_of_two_the_one_we_had_is_found_again(
    unique_name, sender, receiver, wait_until, value_from, monkeypatch
):
    monkeypatch.setattr("pipeline.streams.lsl.link.BESIDE_S", 0.0)
    monkeypatch.setattr("pipeline.streams.lsl.link.REFUSED_S", 0.1)
    first = sender(unique_name, f"{unique_name}-1")
    source = receiver(name=unique_name)
    assert value_from(source, {first: 1.0}) == 1.0
    stranger = sender(unique_name, f"{unique_name}-2")
    first.close()
    wait_until(lambda: "was there beside it and is not taken for it" in note(source))
    again = sender(unique_name, f"{unique_name}-1")
    assert value_from(source, {stranger: 2.0, again: 3.0}) == 3.0
