"""The joints of a set-up, and the channels that carry them."""

import pytest

from daemon.drafting.joints import channel_for, chosen, side_of
from pipeline.errors import UserError

KNOWN = ("pelvis_tilt", "hip_flexion_r", "knee_angle_r", "ankle_angle_r", "knee_angle_l")


@pytest.mark.parametrize(
    ("dof", "channels", "channel"),
    [
        ("knee_angle_r", ["knee_angle_r", "KNEE ANGLE R"], "knee_angle_r"),
        ("knee_angle_r", ["Knee angle R", "hip"], "Knee angle R"),
        ("knee_angle_r", ["RKneeAngles_X", "RKneeAngles_Y", "LKneeAngles_X"], "RKneeAngles_X"),
        ("hip_flexion_r", ["RHipAngles_X"], "RHipAngles_X"),
        ("hip_adduction_r", ["RHipAngles_X"], None),
        ("knee_angle_r", ["Knee angle R", "KNEE_ANGLE_R"], None),
    ],
)
def test_a_channel_is_found_by_name_or_by_joint_side_and_axis(dof, channels, channel):
    assert channel_for(dof, channels) == channel


def test_without_a_wish_all_that_have_angle_and_reference_are_taken():
    joints = chosen((), KNOWN, KNOWN, ["knee_angle_l", "knee_angle_r"], "")
    assert joints.dofs == ("knee_angle_r", "knee_angle_l")
    assert chosen((), KNOWN, KNOWN, ["knee_angle_l", "knee_angle_r"], "l").dofs == ("knee_angle_l",)


def test_a_channel_of_another_name_is_an_origin():
    joints = chosen(("knee_angle_r",), KNOWN, ["RKneeAngles_X"], ["knee_angle_r"], "")
    assert joints.origins == {"angles": {"knee_angle_r": "RKneeAngles_X"}, "moments": {}}


@pytest.mark.parametrize(
    ("wanted", "angles", "said"),
    [
        (("knee_angle",), KNOWN, "'knee_angle' is no coordinate of the model (did you mean"),
        (("knee_angle_r",), ["hip"], "the angles have no channel for 'knee_angle_r'"),
        ((), ["hip"], "No coordinate of the model has an angle and a reference"),
    ],
)
def test_what_cannot_be_is_refused_with_what_there_is(wanted, angles, said):
    with pytest.raises(UserError, match=said.replace("(", r"\(")):
        chosen(wanted, KNOWN, angles, KNOWN, "")


def test_a_side_is_read_from_the_end_of_a_name():
    assert [side_of(name) for name in ("knee_r", "elbow_flexion", "hip_left")] == ["r", "", "l"]
    assert [side_of(name) for name in ("elbow_flexor", "wrist_radial", "knee angle R")] == [
        "",
        "",
        "r",
    ]
