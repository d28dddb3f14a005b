"""OpenSim files as they really come: degrees nobody states, folders that tell, columns as paths."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

from pipeline.errors import UserError
from pipeline.streams.recordings.load import KnownStream, load_recording

T = np.arange(20) / 100


def table(path, columns, header=("Data", "version=1"), scale=1.0):
    """Write a table in which each column counts from its own number."""
    path.parent.mkdir(parents=True, exist_ok=True)
    lines = [*header, "endheader", "\t".join(["time", *columns])]
    for k, t in enumerate(T):
        lines.append(
            "\t".join(f"{v:.9g}" for v in (t, *(scale * k + i for i in range(len(columns)))))
        )
    path.write_text("\n".join(lines) + "\n")
    return path


@pytest.mark.parametrize("name", ["no_key", "sentence"])
def test_a_motion_that_does_not_state_its_unit_as_today_is_in_degrees(shared_cases, name):
    angles = load_recording(shared_cases / "no_statement_of_degrees" / f"{name}.mot").streams[
        "angles"
    ]
    assert angles.unit == "deg"
    assert np.abs(angles.x).max() == pytest.approx(55.0, abs=0.1)


@pytest.mark.parametrize(
    ("name", "header", "unit"),
    [
        ("a.mot", ["x"], "deg"),
        ("a.mot", ["x", "version=1"], "rad"),
        ("a.sto", ["x"], "rad"),
        ("a.sto", ["x", "version=1", "Angles are in degrees."], "deg"),
        ("a.mot", ["x", "Angles are in radians."], "rad"),
        ("a.mot", ["x", "inDegrees=no"], "rad"),
        ("a.mot", ["x", "inDegrees=no", "Angles are in degrees."], "rad"),
    ],
)
def test_the_header_says_whether_angles_are_in_degrees(tmp_path, name, header, unit):
    path = table(tmp_path / name, ["knee"], header, scale=0.1)
    assert load_recording(f"angles={path}").streams["angles"].unit == unit


def test_angles_of_no_stated_unit_that_cannot_be_radians_are_refused(tmp_path):
    path = table(tmp_path / "ik.sto", ["pelvis_tx", "knee"])
    with pytest.raises(
        UserError, match="whether its angles are in degrees, and 'knee' reaches 20,"
    ):
        load_recording(path)
    stated = table(tmp_path / "ik.sto", ["pelvis_tx", "knee"], ["x", "version=1", "inDegrees=no"])
    assert load_recording(stated).streams["angles"].unit == "rad"
    table(tmp_path / "ik.sto", ["pelvis_tx"])  # metres
    assert load_recording(tmp_path / "ik.sto").streams["angles"].x.max() == 19


def test_the_folders_name_tells_the_role(shared_cases):
    streams = load_recording(shared_cases / "recordings" / "by_folder").streams
    assert list(streams) == ["emg", "angles", "moments"]
    assert streams["emg"].channels == ("SOL", "TA")
    assert streams["angles"].channels == streams["moments"].channels
    assert streams["moments"].x[0, 0] == 10.0


def test_one_file_of_such_a_folder_tells_its_role_too(shared_cases):
    folder = shared_cases / "recordings" / "by_folder"
    path = f"{folder / 'EMGData' / 'trial_1.sto'},{folder / 'IKData' / 'trial_1.sto'}"
    assert list(load_recording(path).streams) == ["emg", "angles"]


def test_folders_may_hold_folders_and_what_a_file_says_goes_before_them(tmp_path):
    table(tmp_path / "emg study" / "day1" / "IKResults" / "trial.sto", ["knee"], scale=0.1)
    table(tmp_path / "emg study" / "day1" / "s_emg.sto", ["SOL"])
    table(tmp_path / "emg study" / "day1" / "notes.sto", ["fx"])
    streams = load_recording(tmp_path / "emg study").streams
    assert {key: s.channels for key, s in streams.items()} == {"emg": ("SOL",), "angles": ("knee",)}


@pytest.mark.parametrize("person", ["ID12", "SubjectID_3"])
def test_the_folder_of_a_person_is_no_inverse_dynamics(tmp_path, person):
    table(tmp_path / person / "emg.sto", ["SOL"])
    table(tmp_path / person / "notes.sto", ["fx"])
    assert list(load_recording(tmp_path / person).streams) == ["emg"]


def test_two_trials_in_the_folders_are_refused_and_chosen_by_hand(tmp_path):
    files = [table(tmp_path / "EMGData" / f"trial_{n}.sto", ["SOL"]) for n in (1, 2)]
    with pytest.raises(UserError, match=r"both hold emg; .* as in 'emg=FILE'"):
        load_recording(tmp_path)
    joints = table(tmp_path / "trial_1.mot", ["knee"], ["x"])
    streams = load_recording(f"emg={files[1]},angles={joints}").streams
    assert {key: s.channels for key, s in streams.items()} == {"emg": ("SOL",), "angles": ("knee",)}


def test_a_role_given_by_hand_goes_before_what_the_file_says(tmp_path):
    path = table(tmp_path / "s_emg.sto", ["knee_moment"])
    streams = load_recording(f"external={path}").streams
    assert (list(streams), streams["external"].channels) == (["external"], ("knee",))


def test_states_of_newer_opensim_are_angles_named_by_coordinate(shared_cases):
    streams = load_recording(shared_cases / "recordings" / "paths" / "states.sto").streams
    assert list(streams) == ["angles"]
    angles = streams["angles"]
    assert angles.channels == ("hip_flexion_r", "knee_angle_r")
    assert angles.unit == "rad"
    assert_allclose(angles.x[:3], [[0, 0.959931], [0.021918, 0.95907], [0.04375, 0.95649]])


def test_other_columns_may_be_paths_too(tmp_path):
    path = table(tmp_path / "id.sto", ["/jointset/knee_r/knee_angle_r_moment"])
    assert load_recording(path).streams["moments"].channels == ("knee_angle_r",)


@pytest.mark.parametrize("title", ["Speeds", "Moment Arm"])
def test_speeds_and_moment_arms_are_no_angles(tmp_path, title):
    table(tmp_path / "s_Kinematics_q.sto", ["knee"], ["Coordinates", "version=1"], scale=0.1)
    table(tmp_path / "s_Kinematics_u.sto", ["knee"], [title, "version=1"])
    assert load_recording(tmp_path).streams["angles"].x.max() == pytest.approx(1.9)


def test_emg_without_a_unit_has_the_set_ups(tmp_path):
    path = table(tmp_path / "emg.sto", ["SOL"])
    assert load_recording(path).streams["emg"].unit == "1"
    assert load_recording(path, {"emg": KnownStream(unit="mV")}).streams["emg"].unit == "mV"


@pytest.mark.parametrize("stem", ["AdjustedEmgs", "emgFilt", "trial_EMGs", "electromyography"])
def test_camel_case_names_tell_a_role(tmp_path, stem):
    assert list(load_recording(table(tmp_path / f"{stem}.sto", ["SOL"])).streams) == ["emg"]
