"""What is on the network against a configuration, on real streams."""

import threading

import numpy as np
import pytest

from daemon.config import load_config
from daemon.diagnostics.discovery import StreamVerdict, compare
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


@pytest.fixture
def lsl():
    outlets = []

    def make(name, like):
        outlets.append(LslOutlet(name, "Test", tuple(like.channels), like.unit, like.rate_hz))

    yield make
    for outlet in outlets:
        outlet.close()


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
    unused = {finding.name for finding in others if finding.verdict is StreamVerdict.UNUSED}
    assert f"{unique_name}-other" in unused


def test_a_misspelt_name_is_guessed(unique_name, lsl):
    lsl(f"{unique_name}-EMG", WALKING.streams.emg)
    emg, *_ = compare(configured(unique_name))
    assert emg.verdict is StreamVerdict.MISSING
    assert f"(did you mean '{unique_name}-EMG'?)" in emg.detail


def test_a_stream_that_does_not_fit_is_refused_with_the_reason(unique_name, lsl):
    channels = [c.upper() if c == "soleus_r" else c for c in WALKING.streams.emg.channels]
    lsl(f"{unique_name}-emg", WALKING.streams.emg.model_copy(update={"channels": channels}))
    lsl(f"{unique_name}-angles", WALKING.streams.angles.model_copy(update={"rate_hz": 50.0}))
    emg, angles, *_ = compare(configured(unique_name))
    assert (emg.verdict, angles.verdict) == (StreamVerdict.REFUSED, StreamVerdict.REFUSED)
    assert "'soleus_r' (did you mean 'SOLEUS_R'?)" in emg.detail
    assert "50 Hz, but the configuration says 100 Hz" in angles.detail


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
    assert "has sent nothing yet" in silent.detail
