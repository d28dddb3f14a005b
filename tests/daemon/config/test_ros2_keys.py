"""What a configuration may say of ROS 2."""

import pytest

from daemon.config import load_config
from pipeline.errors import UserError

ANGLES = 'name = "hillstream-angles"'
OVER_ROS2 = 'transport = "ros2"\ntopic = "joint_states"'


@pytest.fixture
def loaded(changed_config):
    """Load the walking set-up with angles over ROS 2, changed."""

    def load(more="", **changes):
        replaced = {ANGLES: OVER_ROS2, **changes.pop("replaced", {})}
        return load_config(changed_config("walking", replaced, more))

    return load


def test_angles_over_ros2_have_a_topic_with_its_slash_and_the_domain_of_the_environment(loaded):
    angles = loaded().streams.angles
    assert (angles.transport, angles.sought, angles.domain_id) == ("ros2", "/joint_states", None)
    assert loaded(replaced={ANGLES: f"{OVER_ROS2}\ndomain_id = 3"}).streams.angles.domain_id == 3


def test_an_empty_table_turns_the_output_on(loaded):
    assert loaded().output.ros2 is None
    output = loaded("\n[output.ros2]\n").output.ros2
    assert (output.topic, output.diagnostics) == ("/hillstream/joint_states", "/diagnostics")
    assert (output.reliability, output.durability, output.depth) == ("reliable", "volatile", 10)
    assert output.not_ok == "fade"


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        (ANGLES, 'transport = "ros2"', "a ROS 2 stream needs a topic"),
        (ANGLES, 'transport = "ros2"\ntopic = "a b"', "'a b' is no ROS 2 topic"),
        (ANGLES, f"{OVER_ROS2}\ndomain_id = 233", "less than or equal to 232"),
        (ANGLES, f'{OVER_ROS2}\nserver_key = "k"', "ROS 2 knows no keys"),
        (ANGLES, f'{OVER_ROS2}\nhost = "h"', "host chooses among LSL streams"),
        (ANGLES, f'{ANGLES}\ntopic = "/a"', "topic and domain_id are for ROS 2 streams"),
        ('name = "hillstream-emg"', OVER_ROS2, "ROS 2 carries joint angles only"),
        ('unit = "rad"', 'unit = "deg"', "positions of a JointState are in rad"),
    ],
)
def test_what_ros2_cannot_carry_is_refused_with_a_sentence(loaded, old, new, sentence):
    with pytest.raises(UserError, match=sentence):
        loaded(replaced={old: new})


@pytest.mark.parametrize(
    ("table", "sentence"),
    [
        ('topic = "/diagnostics"', "are both '/diagnostics'"),
        ('topic = "/joint_states"', "is the topic the moments go out on"),
        ("depth = 0", "greater than or equal to 1"),
        ('not_ok = "send"', "'fade' or 'withhold'"),
        ('reliability = "sometimes"', "'reliable' or 'best_effort'"),
    ],
)
def test_an_output_that_cannot_be_is_refused_with_a_sentence(loaded, table, sentence):
    with pytest.raises(UserError, match=sentence):
        loaded(f"\n[output.ros2]\n{table}\n")
