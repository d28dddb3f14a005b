"""Commands that need no network: a recording made, scored and played."""

import json

import numpy as np
import pytest


@pytest.fixture
def recording(hillstream, tmp_path):
    file = tmp_path / "arm.npz"
    truth = tmp_path / "truth.json"
    result = hillstream("simulate", "--record", file, "--seconds", "3", "--truth", truth)
    assert result.exit_code == 0, result.output
    assert f"Next: hillstream score arm {file}" in result.output
    assert json.loads(truth.read_text())
    return file


def test_a_simulated_recording_is_scored(hillstream, recording, tmp_path):
    assert np.load(recording)["time"].size == 300
    file = tmp_path / "score.json"
    result = hillstream("score", "arm", recording, "--json", file)
    assert result.exit_code == 0, result.output
    score = json.loads(file.read_text())
    assert score["nonfinite"] == 0
    assert score["seconds"] == pytest.approx(3.0, abs=0.1)
    taken, scored = result.output.split("scored", 1)
    assert all(f"{row['rate_hz']:g}" in taken for row in score["recording"]["streams"])
    for dof, overall in score["rmse_overall"].items():
        assert f"{overall:.2f}" in next(x for x in scored.splitlines() if dof in x)


def test_json_on_stdout_has_stdout_for_itself(hillstream, recording):
    result = hillstream("score", "arm", recording, "--json", "-")
    assert json.loads(result.stdout)["nonfinite"] == 0
    assert "RMSE, N*m" in result.stderr


def test_a_recording_of_another_person_is_refused(hillstream, recording):
    result = hillstream("score", "walking", recording)
    assert result.exit_code == 2
    assert "Traceback" not in result.output


@pytest.mark.parametrize("command", [("score", "arm"), ("play",)])
def test_a_recording_that_does_not_exist_is_refused(hillstream, command, tmp_path):
    result = hillstream(*command, tmp_path / "nothing.npz")
    assert result.exit_code == 2
    assert "nothing.npz' does not exist" in result.output


def test_a_recording_needs_a_length(hillstream, tmp_path):
    result = hillstream("simulate", "--record", tmp_path / "arm.npz")
    assert result.exit_code == 2
    assert "--seconds 60" in result.output


@pytest.mark.system
def test_a_recording_is_played_to_its_end(hillstream, recording, unique_name):
    result = hillstream("play", recording, "--speed", "6", "--prefix", unique_name)
    assert result.exit_code == 0, result.output
    assert "3000 of emg, 300 of angles, 300 of moments" in result.output


@pytest.mark.system
def test_the_simulated_lab_streams_for_as_long_as_asked(hillstream, changed_config, unique_name):
    path = changed_config("arm", {'"hillstream-': f'"{unique_name}-'})
    result = hillstream("simulate", path, "--seconds", "0.5")
    assert result.exit_code == 0, result.output
    assert "500 of emg, 50 of angles, 50 of moments" in result.output


@pytest.mark.system
def test_nobody_on_the_address_is_said(hillstream, ipc_address):
    result = hillstream("listen", ipc_address, "--seconds", "0.2")
    assert result.exit_code == 1
    assert f"Nothing was heard on {ipc_address}" in result.output
