"""The command on real recordings, as a person uses it."""

import json
import re

import numpy as np
import pytest
from click.testing import CliRunner
from places import CONFIGS

from daemon.commands.offline.calibrate import calibrate
from daemon.terminal.command import Commands
from pipeline.model.subject import CALIBRATED, load_subject

CYCLES = "1317:1433,1892:2007,2921:3036"


@pytest.fixture
def run():
    """Run the command with some arguments."""
    group = Commands(commands={"calibrate": calibrate})
    return lambda *arguments: CliRunner().invoke(group, ["calibrate", *map(str, arguments)])


@pytest.fixture
def walk(shared_data):
    return shared_data / "walking" / "walk36.npz"


@pytest.mark.system
def test_three_cycles_of_walking_predict_the_others_and_running(run, walk, tmp_path):
    out, me = tmp_path / "out.json", tmp_path / "me.json"
    run81 = walk.with_name("run81.npz")
    result = run(
        *("walking", walk, "--frames", CYCLES, "--json", out, "--subject-out", me),
        *("--heldout", run81, "--stance"),
    )
    assert result.exit_code == 0, result.output
    found = json.loads(out.read_text())
    heldout, running = found["heldout"]["r2"], found["heldout_files"][str(run81)]["r2"]
    assert heldout["ankle_angle_r"] >= 0.95
    assert heldout["knee_angle_r"] >= 0.79
    assert heldout["hip_flexion_r"] >= 0.60
    assert running["ankle_angle_r"] >= 0.87
    assert running["knee_angle_r"] >= 0.76
    for now, before in (
        (found["heldout"], found["start"]["heldout"]),
        (found["heldout_files"][str(run81)], found["start"]["heldout_files"][str(run81)]),
    ):
        _errors_stand_beside_those_to_beat(now, before)
    assert found["loss"] < 2.0
    assert found["loss"] < 0.95 * found["loss_history"][0][1]
    assert found["iterations"] == len(found["loss_history"])
    _the_parameters_are_those_of_the_subject(found["parameters"], load_subject(me))


def _errors_stand_beside_those_to_beat(now, before):
    assert now["rmse_uncalibrated"] == pytest.approx(before["rmse"], rel=1e-3)
    for dof, error in now["rmse"].items():
        r2 = 1.0 - (error / now["rmse_of_mean"][dof]) ** 2
        assert r2 == pytest.approx(now["r2"][dof])


def _the_parameters_are_those_of_the_subject(parameters, subject):
    for kind in CALIBRATED:
        owners = [muscle for one in parameters if one["name"] == kind for muscle in one["muscles"]]
        assert sorted(owners) == sorted(subject.muscles)
    for parameter in parameters:
        low, high = parameter["bounds"]
        assert low <= parameter["value"] <= high
        for muscle in parameter["muscles"]:
            value = getattr(subject, parameter["name"])[subject.muscles.index(muscle)]
            assert value == pytest.approx(parameter["value"])


@pytest.mark.system
def test_cycles_and_frames_say_the_same(run, walk, tmp_path):
    results = []
    for choice in (("--cycles", "15:16"), ("--frames", "1892:2007"), ("--seconds", "18.92:20.07")):
        out = tmp_path / "out.json"
        assert run("walking", walk, *choice, "--json", out).exit_code == 0
        results.append(json.loads(out.read_text()))
    assert results[0]["loss"] == results[1]["loss"] == results[2]["loss"]
    assert results[0]["heldout"] == results[1]["heldout"]


@pytest.mark.system
def test_the_calibrated_person_is_a_start(run, walk, tmp_path):
    me, out = tmp_path / "me.json", tmp_path / "out.json"
    assert run("walking", walk, "--cycles", "15:16", "--subject-out", me).exit_code == 0
    text = (CONFIGS / "walking.toml").read_text().replace('"models/', f'"{CONFIGS}/models/')
    config = tmp_path / "mine.toml"
    config.write_text(text.replace("[model]", f'[model]\nsubject = "{me}"'))
    assert run(config, walk, "--cycles", "15:16", "--json", out).exit_code == 0
    found = json.loads(out.read_text())
    first = found["loss_history"][0][1]
    assert 0.85 * first < found["loss"] <= 1.01 * first
    assert found["start"]["calibration"]["r2"]["ankle_angle_r"] > 0.9


@pytest.mark.system
def test_annealing_is_scored_in_the_same_way(run, walk, tmp_path):
    out = tmp_path / "out.json"
    choice = ("--cycles", "15:16", "--method", "annealing", "--budget-seconds", "1")
    assert run("walking", walk, *choice, "--json", out).exit_code == 0
    found = json.loads(out.read_text())
    assert found["method"] == "annealing"
    assert found["loss"] <= 1.001 * found["loss_history"][0][1]
    assert found["heldout"]["r2"]["ankle_angle_r"] is not None


@pytest.mark.system
def test_several_recordings_are_learnt_from_together(run, walk, tmp_path):
    copy, out = tmp_path / "copy.npz", tmp_path / "out.json"
    copy.write_bytes(walk.read_bytes())
    assert run("walking", walk, copy, "--cycles", "15:16", "--json", out).exit_code == 0
    both = json.loads(out.read_text())
    assert run("walking", walk, "--cycles", "15:16", "--json", out).exit_code == 0
    one = json.loads(out.read_text())
    assert both["loss"] == pytest.approx(2 * one["loss"], rel=1e-3)
    assert both["heldout"]["rows"] == 2 * one["heldout"]["rows"]


def refused(result) -> str:
    """Return the sentence of a refusal."""
    assert result.exit_code == 2, result.output
    assert "Traceback" not in result.output
    return result.output


def test_the_mistakes_a_person_can_make_are_told_in_a_sentence(run, walk, tmp_path):
    assert "No recording is given" in refused(run("walking"))
    assert "by one of --cycles" in refused(
        run("walking", walk, "--cycles", "1:2", "--frames", "1:2")
    )
    assert "has the cycles 0:48" in refused(run("walking", walk, "--cycles", "2:50"))
    assert "does not exist" in refused(run("walking", tmp_path / "no.npz", "--cycles", "2:3"))
    assert "no valid reference from 6.3" in refused(run("walking", walk, "--seconds", "6.3:6.6"))
    nowhere = tmp_path / "nowhere" / "me.json"
    assert "--subject-out" in refused(
        run("walking", walk, "--cycles", "2:3", "--subject-out", nowhere)
    )


def test_a_recording_without_a_stream_is_refused(run, walk, tmp_path):
    with np.load(walk) as archive:
        kept = {k: archive[k] for k in archive.files if not k.startswith(("moment", "q"))}
    path = tmp_path / "emg.npz"
    np.savez(path, **kept)
    assert "has no angles stream" in refused(run("walking", path, "--seconds", "2:3"))


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (("optimal_fibre_length", -0.05), "optimal_fibre_length of .* must be above zero"),
        (("muscles", "psoas_r"), "is not of the model's muscles: it lacks tib_ant_r"),
    ],
)
def test_a_subject_that_is_impossible_or_has_no_geometry_is_refused(
    run, walk, tmp_path, change, sentence
):
    me = tmp_path / "me.json"
    run("walking", walk, "--cycles", "15:16", "--subject-out", me)
    content = json.loads(me.read_text())
    content[change[0]][0] = change[1]
    me.write_text(json.dumps(content))
    text = (CONFIGS / "walking.toml").read_text().replace('"models/', f'"{CONFIGS}/models/')
    config = tmp_path / "mine.toml"
    config.write_text(text.replace("[model]", f'[model]\nsubject = "{me}"'))
    assert re.search(sentence, refused(run(config, walk, "--cycles", "15:16")))
