"""The simulated lab with angles over ROS 2, and what of a recording cannot go there."""

import threading

import pytest

from daemon.simulation.live import run_lab
from daemon.simulation.play import play_recording
from daemon.simulation.recording import write_recording
from pipeline.errors import UserError
from pipeline.streams import clock
from pipeline.streams.base import SourceState, StreamSpec
from pipeline.streams.recordings.load import load_recording
from pipeline.streams.ros2.source import Ros2Source

pytestmark = pytest.mark.system


@pytest.fixture
def config(make_config, unique_name, ros2_domain):
    streams = make_config().streams.model_dump()
    streams = {key: streams[key] for key in ("emg", "angles", "moments")}
    for key, stream in streams.items():
        stream["name"] = f"{unique_name}-{key}"
    streams["angles"] |= {
        "transport": "ros2", "topic": "/lab/joint_states", "domain_id": ros2_domain, "unit": "rad"
    }  # fmt: skip
    return make_config(streams=streams)


def test_the_lab_sends_its_angles_as_joint_states(config, wait_until):
    angles = config.streams.angles
    spec = StreamSpec("angles", tuple(angles.channels), angles.rate_hz)
    source = Ros2Source(spec, topic=angles.topic, domain_id=angles.domain_id, stale_after_s=10.0)
    source.open()
    stop = threading.Event()
    lab = threading.Thread(target=run_lab, args=(config,), kwargs={"stop": stop})
    lab.start()

    def enough():
        source.poll(0.01)
        return source.health(clock.now()).received > 50

    try:
        wait_until(enough, 60.0)
        health = source.health(clock.now())
    finally:
        stop.set()
        lab.join()
        source.close()
    assert (health.state, health.refused, health.gaps) == (SourceState.LIVE, 0, 0)


def test_a_recording_is_not_played_over_ros2(config, tmp_path):
    file = tmp_path / "lab.npz"
    write_recording(config, 1.0, file)
    with pytest.raises(UserError, match="not played over ROS 2"):
        play_recording(load_recording(file), transport="ros2")
