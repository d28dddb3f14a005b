"""The table `from` of a stream: which of the sender's channels is which of ours."""

import pytest

from daemon.config import load_config
from daemon.simulation.live import run_lab
from pipeline.errors import UserError

ONE_STREAM = {
    'name = "hillstream-angles"': 'name = "all"',
    'name = "hillstream-moments"': 'name = "all"',
}


@pytest.fixture
def walking(changed_config):
    return lambda more, replaced: load_config(changed_config("walking", replaced, more))


def test_a_label_a_place_or_both_with_a_factor_are_taken(walking):
    table = (
        "[streams.angles.from]\nhip_flexion_r = 'RHipAngles_X'\nknee_angle_r = 7\n"
        "ankle_angle_r = { channel = 'RAnkleAngles_X', factor = -1.0, offset = 3 }\n"
    )
    angles = walking(table, {}).streams.angles
    sought = [angles.sender_channels(name) for name in angles.channels]
    assert sought == [("RHipAngles_X",), (7,), ("RAnkleAngles_X",)]
    ankle = angles.origins["ankle_angle_r"]
    assert (ankle.factor, ankle.offset) == (-1.0, 3.0)


def test_several_electrodes_and_pairs_are_taken(walking):
    table = (
        "[streams.emg.from]\nsoleus_r = ['HD-1', 2]\nmed_gas_r = 'HD-3*'\n"
        "tib_ant_r = { channel = 'TA+', minus = 'TA-' }\n"
    )
    emg = walking(table, {}).streams.emg
    assert emg.sender_channels("soleus_r") == ("HD-1", 2)
    assert emg.origins["tib_ant_r"].minus == "TA-"


@pytest.mark.parametrize(
    ("table", "sentence"),
    [
        ("knee = 7", r"'from' names \['knee'\], which are not among the channels"),
        ("knee_angle_r = 0", "greater than or equal to 1"),
        ("knee_angle_r = true", "knee_angle_r"),
        ("knee_angle_r = 'hip_flexion_r'", "two channels come from the sender's hip_flexion_r"),
        ("knee_angle_r = { channel = 1, factor = 0.0 }", "a factor of 0 leaves nothing"),
        ("knee_angle_r = { channel = 1, scale = 2.0 }", "scale"),
    ],
)
def test_a_table_that_cannot_be_meant_is_refused(walking, table, sentence):
    with pytest.raises(UserError, match=sentence):
        walking(f"[streams.angles.from]\n{table}\n", {})


def test_one_channel_of_a_stream_is_not_taken_for_angle_and_moment(walking):
    with pytest.raises(UserError, match=r"angles and moments take .*'knee_angle_r'.* of one strea"):
        walking("", ONE_STREAM)
    places = "hip_flexion_r = 4\nknee_angle_r = 5\nankle_angle_r = 6\n"
    config = walking(f"[streams.moments.from]\n{places}", ONE_STREAM)
    assert config.streams.angles.sender == config.streams.moments.sender


def test_the_simulated_lab_refuses_to_send_under_other_names(walking):
    arm = load_config("arm")
    table = {"elbow_flexion": {"channel": 3}}
    angles = type(arm.streams.angles).model_validate(
        arm.streams.angles.model_dump(exclude={"origins"}) | {"from": table}
    )
    streams = arm.streams.model_copy(update={"angles": angles})
    with pytest.raises(UserError, match="but the simulated lab sends them under their own names"):
        run_lab(arm.model_copy(update={"streams": streams}), seconds=0.1)
    assert not streams.under_own_names().angles.origins
