"""What the commands say of ROS 2 where the extra is missing, and where it is there."""

import os
import subprocess
import sys
import uuid

import pytest
from places import ROOT

pytestmark = pytest.mark.system
WITHOUT = "import sys; sys.modules['cyclonedds'] = None\nfrom daemon.cli import main; main()"
SENTENCE = "ROS 2 cannot be used without the package cyclonedds"
FIX = "pip install 'hillstream[ros2]'"


@pytest.fixture
def ros2_config(changed_config, unique_name):
    """The walking set-up with angles over ROS 2, on a topic of this test's own."""

    def write(more=""):
        topic = f'transport = "ros2"\ntopic = "/test_{uuid.uuid4().hex}"'
        names = {'"hillstream-': f'"{unique_name}-'}
        return changed_config("walking", {'name = "hillstream-angles"': topic} | names, more)

    return write


def without(*arguments):
    """Run a command in a process in which cyclonedds cannot be imported."""
    done = subprocess.run(
        [sys.executable, "-c", WITHOUT, *map(str, arguments)],
        env=os.environ | {"COLUMNS": "300"},
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    return done.returncode, " ".join((done.stdout + done.stderr).split())


@pytest.mark.parametrize("command", ["check", "run"])
def test_a_set_up_that_needs_it_is_refused_with_the_way_to_get_it(ros2_config, command):
    status, said = without(command, ros2_config())
    assert status == 2
    assert SENTENCE in said
    assert FIX in said


def test_an_output_that_needs_it_is_refused_likewise(changed_config):
    status, said = without("check", changed_config("walking", {}, "[output.ros2]\n"))
    assert status == 2
    assert FIX in said


def test_streams_tells_of_it_beside_the_others(ros2_config):
    status, said = without("streams", ros2_config())
    assert status == 1
    assert "missing ros2" in said
    assert FIX in said


def test_a_set_up_without_ros2_needs_nothing():
    status, said = without("check", "walking")
    assert (status, SENTENCE in said) == (0, False)


def test_doctor_calls_a_machine_without_it_fit():
    status, said = without("doctor")
    assert (status, FIX in said) == (0, True)


def test_streams_and_check_name_the_topic_where_it_is_there(hillstream, ros2_config, ros2_domain):
    config = ros2_config(f"[output.ros2]\ndomain_id = {ros2_domain}\n")
    checked = hillstream("check", config)
    assert checked.exit_code == 0, checked.output
    assert "ROS 2 /hillstream/joint_states" in checked.output
    assert "over ROS 2 (/test_" in " ".join(checked.output.split())
    seen = hillstream("streams", config)
    assert seen.exit_code == 1
    assert "Nobody publishes" in " ".join(seen.output.split())
