"""Against ROS 2 itself, where there is one: ROS_PYTHON names a Python that has rclpy."""

import json
import os
import subprocess
import threading

import numpy as np
import pytest
from places import ROOT
from ros2_network import typestore

from pipeline.output.message import Status, StatusMessage
from pipeline.output.publisher import Publisher
from pipeline.output.ros2 import Ros2Publisher
from pipeline.streams import clock
from pipeline.streams.base import SourceState, StreamSpec
from pipeline.streams.ros2.quality import Quality
from pipeline.streams.ros2.source import Ros2Source

pytestmark = pytest.mark.system
NODE = ROOT / "tests" / "support" / "rclpy_node.py"
# As ROS 2 sets up Cyclone DDS for ROS_AUTOMATIC_DISCOVERY_RANGE=LOCALHOST.
LOCALHOST = (
    "<CycloneDDS><Domain><General><Interfaces><NetworkInterface name='lo' multicast='true'/>"
    "</Interfaces></General><Discovery><ParticipantIndex>auto</ParticipantIndex>"
    "<Peers><Peer address='localhost'/></Peers></Discovery></Domain></CycloneDDS>"
)
KIND = "sensor_msgs/msg/JointState"
PATIENCE_S = 30.0


@pytest.fixture
def node(ros2_domain, monkeypatch):
    """Return what a ROS 2 node says, line by line."""
    python = os.environ.get("ROS_PYTHON")
    if not python:
        pytest.skip("no Python with ROS 2: ROS_PYTHON is not set")
    monkeypatch.setenv("CYCLONEDDS_URI", LOCALHOST)
    here = {"ROS_DOMAIN_ID": str(ros2_domain), "ROS_AUTOMATIC_DISCOVERY_RANGE": "LOCALHOST"}
    process = subprocess.Popen(
        [python, NODE],
        env=os.environ | here,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    said = []
    thread = threading.Thread(target=lambda: said.extend(map(json.loads, process.stdout)))
    thread.start()
    yield said
    process.stdin.close()
    process.wait()
    thread.join()
    process.stdout.close()


@pytest.fixture
def out(node, ros2_domain, meta):
    made = Ros2Publisher(
        meta,
        topic="/hillstream/joint_states",
        diagnostics="/diagnostics",
        domain_id=ros2_domain,
        quality=Quality(valid_for_s=meta.valid_for_s),
        fade_s=0.0,
    )
    yield made
    made.close()


def told(node, key):
    return [one[key] for one in list(node) if key in one]


def test_a_node_hears_moments_diagnostics_and_the_end_of_both(node, out, meta, wait_until):
    publisher = Publisher(meta, [out])
    number = iter(range(1, 1_000_000))

    def heard():
        now, moment = clock.now(), np.array([float(next(number)), -2.5])
        publisher.publish_moment(moment, moment != 0.0, Status.NOMINAL, now)
        publisher.publish_status(
            StatusMessage(session="first", t=now, status=Status.NOMINAL, uptime_s=1.0)
        )
        return len(told(node, "effort")) > 50 and told(node, "diagnoses")

    wait_until(heard, PATIENCE_S)
    efforts = np.array(told(node, "effort"))
    assert (efforts[:, 1] == -2.5).all()
    assert (np.diff(efforts[:, 0]) > 0).all()
    assert told(node, "name")[0] == list(meta.dofs)
    assert told(node, "diagnoses")[-1][0][:2] == [0, "hillstream: moments"]

    wait_until(lambda: told(node, "missed"), PATIENCE_S)  # nothing is sent meanwhile
    types = [["sensor_msgs/msg/JointState", typestore("ROS2_JAZZY").hash_rihs01(KIND)]]
    wait_until(lambda: types in told(node, "types"), PATIENCE_S)
    publisher.close()
    wait_until(lambda: told(node, "effort")[-1] == [0.0, 0.0], PATIENCE_S)


def test_angles_of_a_node_are_heard(node, ros2_domain, wait_until):
    spec = StreamSpec("angles", ("knee", "ankle"), 100.0)
    source = Ros2Source(spec, topic="/joint_states", domain_id=ros2_domain)
    source.open()
    chunks = []

    def enough():
        if chunk := source.poll(0.05):
            chunks.append(chunk)
        return source.health(clock.now()).received > 20

    wait_until(enough, PATIENCE_S)
    health = source.health(clock.now())
    source.close()
    assert (health.state, health.refused) == (SourceState.LIVE, 0)
    assert {tuple(row) for chunk in chunks for row in chunk.x.tolist()} == {(-0.5, 0.25)}
