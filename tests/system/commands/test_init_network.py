"""A set-up drafted from what is on the network, with devices as they label and stamp."""

from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from threading import Event

import numpy as np
import pylsl
import pytest
from places import MODELS

from daemon.config import load_config
from pipeline.streams import clock

DOFS = ["hip_flexion_r", "knee_angle_r", "ankle_angle_r"]


@pytest.fixture
def sending(unique_name):
    """Send streams until the test ends: ``sending(kind, labels, rate_hz, unit, scale)``."""
    done = Event()
    with ThreadPoolExecutor(4) as pool, ExitStack() as stack:
        stack.callback(done.set)

        def send(kind, labels, rate_hz, unit="", scale=1.0, number="float32"):
            source = f"{unique_name}-{kind}"
            info = pylsl.StreamInfo(source, kind, len(labels), rate_hz, number, source)
            channels = info.desc().append_child("channels")
            for label in labels:
                channel = channels.append_child("channel")
                channel.append_child_value("label", label)
                channel.append_child_value("unit", unit)
            outlet = pylsl.StreamOutlet(info)
            pool.submit(_send, outlet, done, rate_hz, len(labels), scale)
            return source

        yield send


def _send(outlet, done, rate_hz, columns, scale):
    random, sent, start = np.random.default_rng(1), 0, clock.now()
    while not done.wait(0.02):
        count = int((clock.now() - start) * rate_hz) - sent
        if count > 0:
            outlet.push_chunk((scale * random.normal(size=(count, columns))).tolist())
            sent += count


def test_streams_of_a_laboratory_become_a_set_up_that_is_sound(sending, hillstream, tmp_path):
    emg = sending("EMG", ["R SOL", "R TA", "R VL", "Sensor 4"], 2148.148, "uV", 200.0)
    angles = sending(
        "JointAngle", ["RHipAngles_X", "RKneeAngles_X", "RAnkleAngles_X"], 100.0, "deg"
    )
    moments = sending("JointMoment", DOFS, 100.0, "Nm", 30.0)
    out = tmp_path / "lab.toml"
    model = MODELS / "gait2392_right_leg.json"
    names = ["--emg-stream", emg, "--angles-stream", angles, "--moments-stream", moments]
    result = hillstream("init", "--model", model, *names, "-o", out, "--yes")
    assert result.exit_code == 0, result.output
    assert "'RKneeAngles_X'; check its sign" in result.output
    config = load_config(out)
    assert (config.streams.emg.source_id, config.streams.emg.unit) == (emg, "uV")
    assert config.streams.emg.rate_hz == pytest.approx(2148.148)
    assert config.streams.angles.origins["knee_angle_r"].channel == "RKneeAngles_X"
    assert config.streams.moments.unit == "N*m"
    assert 1e-4 < config.envelope.mvc["R SOL"] < 5e-4  # of 200 uV, a third of the peak


def test_two_of_one_role_are_refused_until_one_is_named(sending, hillstream, tmp_path):
    first = sending("EMG", ["R SOL"], 1000.0, "V", 1e-4)
    info = pylsl.StreamInfo(f"{first}-twin", "EMG", 1, 1000.0, "float32", f"{first}-twin")
    outlet = pylsl.StreamOutlet(info)
    model = MODELS / "gait2392_right_leg.json"
    result = hillstream("init", "--model", model, "-o", tmp_path / "lab.toml", "--yes")
    del outlet
    assert result.exit_code != 0
    assert "LSL streams could be the emg" in result.output
    assert "--emg-stream NAME" in result.output
