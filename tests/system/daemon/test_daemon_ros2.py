"""The daemon between ROS 2 nodes: angles come from one topic, moments go out on another."""

import numpy as np
import pytest

from daemon.config import Ros2OutputConfig, StreamConfig

pytestmark = [pytest.mark.system, pytest.mark.timeout(600)]
PATIENCE_S = 150.0


@pytest.fixture
def config(walking, ros2_domain):
    """The walking set-up with angles from ROS 2, and moments to it."""
    plain = walking("zmq")
    angles = plain.streams.angles.model_dump(by_alias=True) | {
        "transport": "ros2", "address": None, "topic": "/joint_states", "domain_id": ros2_domain
    }  # fmt: skip
    streams = plain.streams.model_copy(update={"angles": StreamConfig(**angles)})
    # What the ear's process does not take while it is valid never comes; it may stand still.
    ros2 = Ros2OutputConfig(domain_id=ros2_domain)
    output = plain.output.model_copy(update={"ros2": ros2, "valid_for_s": 1.0})
    return plain.model_copy(update={"streams": streams, "output": output})


def test_angles_from_ros_drive_moments_to_ros_which_fade_when_the_angles_stop(
    config, lab, running, witness, wait_until
):
    ear = witness("rt/hillstream/joint_states", "JointState")
    doctor = witness("rt/diagnostics", "DiagnosticArray")
    streams, daemon = lab(config), running(config)
    wait_until(lambda: daemon.status() == "NOMINAL", PATIENCE_S)
    wait_until(lambda: any(any(one.get("effort", ())) for one in ear.heard), PATIENCE_S)
    assert ear.heard[-1]["name"] == list(config.model.dofs)
    wait_until(lambda: "NOMINAL" in told(doctor), PATIENCE_S)

    streams.silent.add("angles")
    wait_until(lambda: daemon.status() == "STALE", PATIENCE_S)
    wait_until(lambda: not any(ear.heard[-1]["effort"]), PATIENCE_S)
    wait_until(lambda: told(doctor)[-1] == "STALE", PATIENCE_S)

    streams.silent.clear()
    wait_until(lambda: daemon.status() == "NOMINAL", PATIENCE_S)
    wait_until(lambda: all(ear.heard[-1]["effort"]), PATIENCE_S)
    summary = daemon.end()
    assert summary["streams"]["angles"]["refused"] == 0
    wait_until(lambda: told(doctor)[-1] == "STOPPED", PATIENCE_S)
    wait_until(lambda: not any(ear.heard[-1]["effort"]), PATIENCE_S)
    efforts = np.array([one["effort"] for one in ear.heard[1:]])
    assert np.isfinite(efforts).all()
    assert not efforts[-1].any()
    assert daemon.statuses[-1].output.lost_ros2_messages == 0


def told(doctor):
    """Return the state of the moments in every diagnosis so far."""
    return [
        {pair["key"]: pair["value"] for pair in one["status"][0]["values"]}["status"]
        for one in doctor.heard
        if "status" in one
    ]
