"""From another laboratory's files to a calibrated person in two commands."""

import json

import pytest

from daemon.drafting.sources import coordinates_of

pytest.importorskip("opensim", reason="fitting an OpenSim model needs the extra 'opensim'")


def test_joints_that_are_named_may_be_any_of_the_models(shared_data):
    source = shared_data / "other_person" / "subject_walk_armless_18musc.osim"
    assert "hip_adduction_l" in coordinates_of(source, named=True)
    usual = coordinates_of(source, named=False)
    assert "hip_flexion_l" in usual
    assert not [name for name in usual if name.startswith("pelvis")]


def test_files_of_another_laboratory_become_a_person_in_two_commands(
    hillstream, shared_data, tmp_path
):
    data, set_up, out = shared_data / "other_person", tmp_path / "me.toml", tmp_path / "out.json"
    files = {"emg": "emg.sto", "angles": "coordinates.mot", "moments": "inverse_dynamics.sto"}
    parts = [text for role, name in files.items() for text in (f"--{role}", data / name)]
    model = data / "subject_walk_armless_18musc.osim"
    joints = "hip_flexion_l,knee_angle_l,ankle_angle_l"
    drafted = hillstream(
        "init", "--model", model, *parts, "--joints", joints, "-o", set_up, "--yes"
    )
    assert drafted.exit_code == 0, drafted.output
    assert "No electrode: psoas_l" in drafted.output
    assert "The recording also moves" in drafted.output
    assert "hip_adduction_l" in set_up.read_text()
    calibrated = hillstream("calibrate", set_up, "--seconds", "0.9:1.95", "--json", out)
    assert calibrated.exit_code == 0, calibrated.output
    result = json.loads(out.read_text())
    least = {"hip_flexion_l": 0.64, "knee_angle_l": 0.82, "ankle_angle_l": 0.95}
    assert all(result["calibration"]["r2"][dof] >= r2 for dof, r2 in least.items())
    assert len(result["at_bound"]) <= 2
