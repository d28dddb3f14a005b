import numpy as np
import pytest
from xdf_writer import write_xdf

from pipeline.streams.recordings.load import load_recording
from pipeline.streams.roles import ROLES, role_told

T = np.arange(50) / 100.0


@pytest.mark.parametrize("role", ROLES.values(), ids=list(ROLES))
def test_what_is_sent_is_recognised_in_a_recording_by_its_type(tmp_path, role):
    stream = {
        "name": "something",
        "type": role.lsl_type,
        "channels": ["a"],
        "unit": role.si_unit,
        "rate_hz": 100,
        "t": T,
        "x": np.sin(T)[:, None],
    }
    write_xdf(tmp_path / "r.xdf", [stream])
    assert list(load_recording(tmp_path / "r.xdf").streams) == [role.key]


@pytest.mark.parametrize("kind", ["recorded_types", "words"])
def test_no_word_means_two_roles(kind):
    words = [word for role in ROLES.values() for word in getattr(role, kind)]
    assert len(set(words)) == len(words)
    assert all(word == word.lower() for word in words)


@pytest.mark.parametrize("role", ROLES.values(), ids=list(ROLES))
def test_the_si_unit_is_one_of_the_units(role):
    assert role.units[role.si_unit] == 1.0


@pytest.mark.parametrize(
    ("text", "role"),
    [
        ("s_emg", "emg"),
        ("AdjustedEmgs", "emg"),
        ("emgFilt", "emg"),
        ("AdjustedEMGs", "emg"),
        ("EMGData", "emg"),
        ("Electromyography", "emg"),
        ("IKData", "angles"),
        ("q", "angles"),
        ("JointAngles", "angles"),
        ("IDData", "moments"),
        ("qDDot", "accelerations"),
        ("q_ddot", "accelerations"),
        ("joint_angle_accelerations", "accelerations"),
        ("ExternalTorque", "external"),
        ("external_loads", None),
        ("ExternalForces", None),
        ("qDot", None),
        ("joint_velocities", None),
        ("MomentArm_knee_angle_r", None),
        ("idle", None),
        ("emg_angles", None),
        ("", None),
    ],
)
def test_words_tell_a_role(text, role):
    assert role_told(text) == role


def test_the_first_text_that_tells_a_role_decides():
    assert role_told("Data", "s_ik", "EMGData") == "angles"
    assert role_told("Speeds", "s_Kinematics") is None
