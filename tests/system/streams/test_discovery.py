"""What is on the network against a configuration, on real streams."""

import re
import threading
from contextlib import closing

import numpy as np
import pytest

from daemon.config import load_config
from daemon.diagnostics.discovery import compare
from daemon.diagnostics.verdict import StreamVerdict
from pipeline.streams import clock
from pipeline.streams.lsl.outlet import LslOutlet
from pipeline.streams.zeromq.outlet import ZmqOutlet

pytestmark = pytest.mark.system
WALKING = load_config("walking")


def configured(name, emg=None, angles=None):
    """Return the walking set-up with streams of these names and these changes."""
    streams = WALKING.streams

    def renamed(key, changes):
        stream = getattr(streams, key)
        return stream.model_copy(update={"name": f"{name}-{key}"} | (changes or {}))

    changed = {"emg": renamed("emg", emg), "angles": renamed("angles", angles), "moments": None}
    return WALKING.model_copy(update={"streams": streams.model_copy(update=changed)})


class Sending:
    """Outlets that send waves from a thread until they are closed."""

    def __init__(self):
        self.outlets = []
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._send)
        self._thread.start()

    def add(self, name, like, late_s=0.0, factor=1.0):
        channels = tuple(like.channels)
        outlet = LslOutlet(name, "Test", channels, like.unit, like.rate_hz)
        self.outlets.append((outlet, late_s, factor * np.ones(len(channels))))

    def _send(self):
        due = clock.now()
        while not self._end.wait(max(0.0, due - clock.now())):
            for outlet, late_s, size in list(self.outlets):
                outlet.push(np.array([due - late_s]), (size * (2.0 + np.sin(due)))[None])
            due += 0.01

    def close(self):
        self._end.set()
        self._thread.join()
        for outlet, *_ in self.outlets:
            outlet.close()


@pytest.fixture
def lsl():
    with closing(Sending()) as sending:
        yield sending.add


def test_found_and_unused_streams_are_told_apart(unique_name, lsl):
    config = configured(unique_name)
    lsl(f"{unique_name}-emg", config.streams.emg)
    lsl(f"{unique_name}-angles", config.streams.angles)
    lsl(f"{unique_name}-other", config.streams.angles)
    emg, angles, *others = compare(config)
    assert (emg.key, emg.verdict, angles.verdict) == (
        "emg",
        StreamVerdict.FOUND,
        StreamVerdict.FOUND,
    )
    assert "9 channels, 100 Hz" in emg.detail
    assert re.search(r"samples, (99|100|101)[.\d]* Hz; \d+ ms old on arrival; values", emg.detail)
    assert re.search(r"states rad\. In \d\.\d s", angles.detail)
    assert angles.detail.count(" rad") == 2
    unused = {finding.name for finding in others if finding.verdict is StreamVerdict.UNUSED}
    assert f"{unique_name}-other" in unused


def test_a_stream_whose_samples_are_all_dropped_is_not_called_found(unique_name, lsl):
    config = configured(unique_name)
    lsl(f"{unique_name}-emg", config.streams.emg, factor=1e9)
    lsl(f"{unique_name}-angles", config.streams.angles, late_s=20.0)
    emg, angles, *_ = compare(config)
    assert (emg.verdict, angles.verdict) == (StreamVerdict.REFUSED, StreamVerdict.REFUSED)
    assert re.search(r"100% dropped \(\d+ too old on arrival\)", angles.detail)
    assert re.search(r"\d+ with a value that is not finite or cannot be; .* no value", emg.detail)


def test_a_stream_with_few_values_that_are_numbers_is_not_called_found(unique_name, lsl):
    config = configured(unique_name)
    channels = len(config.streams.emg.channels)
    lsl(f"{unique_name}-emg", config.streams.emg, factor=np.array([1.0] + (channels - 1) * [1e9]))
    lsl(f"{unique_name}-angles", config.streams.angles)
    emg, angles, *_ = compare(config)
    assert (emg.verdict, angles.verdict) == (StreamVerdict.REFUSED, StreamVerdict.FOUND)


def test_the_command_does_not_say_that_all_are_there_when_samples_are_dropped(
    unique_name, lsl, hillstream, changed_config
):
    for key in ("emg", "angles", "moments"):
        stream = getattr(WALKING.streams, key)
        lsl(f"{unique_name}-{key}", stream, late_s=20.0 if key == "angles" else 0.0)
    set_up = changed_config("walking", {'"hillstream-': f'"{unique_name}-'})
    result = hillstream("streams", set_up)
    assert result.exit_code == 1
    assert "Not usable yet: angles." in result.output
    assert "All are there" not in result.output
    assert result.output.count("found") == 2


def test_a_stream_that_sends_nothing_is_silent(unique_name):
    config = configured(unique_name)
    angles = config.streams.angles
    with closing(LslOutlet(angles.name, "Test", tuple(angles.channels), "rad", 100.0)):
        _, silent, *_ = compare(config)
    assert silent.verdict is StreamVerdict.SILENT
    assert not silent.verdict.is_of_use
    assert "It sent nothing in 4 s" in silent.detail


def test_two_of_one_name_are_refused_and_listed(unique_name, lsl):
    config = configured(unique_name)
    lsl(f"{unique_name}-emg", config.streams.emg)
    lsl(f"{unique_name}-emg", config.streams.emg)
    emg, *_ = compare(config)
    assert emg.verdict is StreamVerdict.REFUSED
    assert "2 LSL streams could be" in emg.detail


def test_a_misspelt_name_is_guessed(unique_name, lsl):
    lsl(f"{unique_name}-EMG", WALKING.streams.emg)
    emg, *_ = compare(configured(unique_name))
    assert emg.verdict is StreamVerdict.MISSING
    assert f"(did you mean '{unique_name}-EMG'?)" in emg.detail


def test_a_stream_that_does_not_fit_is_refused_with_the_reason(unique_name, lsl):
    channels = ["soleus" if c == "soleus_r" else c for c in WALKING.streams.emg.channels]
    lsl(f"{unique_name}-emg", WALKING.streams.emg.model_copy(update={"channels": channels}))
    lsl(f"{unique_name}-angles", WALKING.streams.angles.model_copy(update={"rate_hz": 50.0}))
    emg, angles, *_ = compare(configured(unique_name))
    assert (emg.verdict, angles.verdict) == (StreamVerdict.REFUSED, StreamVerdict.REFUSED)
    assert "'soleus_r' (did you mean 'soleus'?)" in emg.detail
    assert "50 Hz, but the configuration says 100 Hz" in angles.detail


def test_a_label_of_other_case_is_taken_and_told(unique_name, lsl):
    channels = [c.upper() if c == "soleus_r" else c for c in WALKING.streams.emg.channels]
    lsl(f"{unique_name}-emg", WALKING.streams.emg.model_copy(update={"channels": channels}))
    emg, *_ = compare(configured(unique_name))
    assert emg.verdict is StreamVerdict.FOUND
    assert "'SOLEUS_R' for 'soleus_r'" in emg.detail


def test_zeromq_streams_are_listened_to(unique_name, ipc_address):
    emg = {"transport": "zmq", "address": ipc_address}
    angles = {"transport": "zmq", "address": f"{ipc_address}-silent"}
    config = configured(unique_name, emg, angles)
    wanted = config.streams.emg
    done = threading.Event()

    def send():
        outlet = ZmqOutlet(ipc_address, "emg", tuple(wanted.channels), "1", wanted.rate_hz)
        while not done.wait(0.01):
            outlet.push(np.array([clock.now()]), np.zeros((1, len(wanted.channels))))
        outlet.close()

    sender = threading.Thread(target=send)
    sender.start()
    try:
        heard, silent, *_ = compare(config)
    finally:
        done.set()
        sender.join()
    assert (heard.verdict, silent.verdict) == (StreamVerdict.FOUND, StreamVerdict.MISSING)
    assert heard.detail.startswith("States 1.")
    assert "has sent nothing yet" in silent.detail
