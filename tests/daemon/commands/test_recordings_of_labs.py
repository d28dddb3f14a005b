"""`score` on files as LabRecorder and a lab's folders give them, with what the set-up knows."""

import json

import numpy as np
import pytest
from xdf_writer import write_xdf

from pipeline.streams.own import own_source_id

SECONDS = 3


@pytest.fixture(scope="module")
def arrays(tmp_path_factory):
    from daemon.config import load_config
    from daemon.simulation.recording import write_recording

    file = tmp_path_factory.mktemp("arm") / "arm.npz"
    write_recording(load_config("arm"), SECONDS, file)
    with np.load(file) as archive:
        return dict(archive)


@pytest.fixture
def scored(hillstream, tmp_path):
    """Score a recording with the arm's set-up; returns the exit code, the output and the result."""

    def run(recording):
        file = tmp_path / "score.json"
        run = hillstream("score", "arm", recording, "--freeze-after", 0, "--json", file)
        result = json.loads(file.read_text()) if file.exists() else None
        return run.exit_code, " ".join(run.output.split()), result

    return run


def stream(arrays, key, name, kind, unit, labels, rate_key="fs", **changes):
    x = arrays[key]
    rate_hz = float(arrays[rate_key])
    t = 500.0 + np.arange(len(x)) / rate_hz
    made = {"name": name, "type": kind, "unit": unit, "channels": list(labels), "rate_hz": rate_hz}
    return made | {"t": t, "x": x.astype(float)} | changes


def lab(arrays):
    """Return the three streams of the lab as the simulated one sends them."""
    joints = arrays["dof_names"]
    return [
        stream(arrays, "emg", "hillstream-emg", "EMG", "V", arrays["emg_names"], "emg_fs"),
        stream(arrays, "q", "hillstream-angles", "JointAngle", "rad", joints),
        stream(arrays, "moment", "hillstream-moments", "JointMoment", "N*m", joints),
    ]


def test_the_file_of_a_run_scores_as_its_inputs_do(scored, arrays, tmp_path):
    name = "hillstream-predicted-moments"
    own = lab(arrays)[2] | {"name": name, "source_id": own_source_id(name)}
    write_xdf(tmp_path / "run.xdf", [*lab(arrays), own | {"x": 9 * own["x"]}])
    np.savez(tmp_path / "arm.npz", **arrays)
    _, output, of_run = scored(tmp_path / "run.xdf")
    _, _, of_inputs = scored(tmp_path / "arm.npz")
    assert of_run is not None, output
    assert of_run["rmse_overall"] == pytest.approx(of_inputs["rmse_overall"], rel=1e-6)


def test_a_device_that_says_nothing_is_read_by_the_set_up(scored, arrays, tmp_path):
    emg, *others = lab(arrays)
    bare = emg | {"channels": [], "unit": ""}
    write_xdf(tmp_path / "run.xdf", [bare, *others])
    code, output, result = scored(tmp_path / "run.xdf")
    assert code == 0, output
    assert "have no labels; they are taken in the set-up's order: DELT1," in output
    write_xdf(tmp_path / "whole.xdf", [emg, *others])
    assert result["rmse_overall"] == scored(tmp_path / "whole.xdf")[2]["rmse_overall"]


def test_two_devices_of_one_name_are_chosen_between_on_the_command_line(scored, arrays, tmp_path):
    emg, *others = lab(arrays)
    pair = [emg | {"source_id": "left"}, emg | {"source_id": "right"}]
    write_xdf(tmp_path / "run.xdf", [*pair, *others])
    code, output, _ = scored(tmp_path / "run.xdf")
    assert code != 0
    assert "as in 'run.xdf,emg=1'" in output
    code, output, result = scored(f"{tmp_path / 'run.xdf'},emg=right")
    assert code == 0, output
    assert result["seconds"] == pytest.approx(SECONDS, abs=0.1)


def test_a_drop_out_is_told(scored, arrays, tmp_path):
    emg, angles, moments = lab(arrays)
    kept = np.r_[0:150, 200 : len(angles["t"])]
    write_xdf(
        tmp_path / "run.xdf",
        [emg, angles | {"t": angles["t"][kept], "x": angles["x"][kept]}, moments],
    )
    code, output, _ = scored(tmp_path / "run.xdf")
    assert code == 0, output
    assert "The angles stream of" in output
    assert "has a gap of 0.51 s, at 1.49 s from the recording's start" in output


def test_a_wrong_rate_is_refused_with_the_true_one(scored, arrays, tmp_path):
    emg, *others = lab(arrays)
    slow = emg | {"t": 500.0 + np.arange(len(emg["t"])) / 500.0}
    write_xdf(tmp_path / "run.xdf", [slow, *others])
    code, output, _ = scored(tmp_path / "run.xdf")
    assert code != 0
    assert (
        "states 1000 Hz for DELT1, DELT2, DELT3 and others, but the time stamps run at 500 Hz"
        in (output)
    )


def test_the_parts_of_a_recording_are_given_by_options(hillstream, arrays, tmp_path):
    np.savez(tmp_path / "a.npz", **arrays)
    parts = [word for role in ("emg", "angles", "moments") for word in (f"--{role}", "a.npz")]
    parts = [tmp_path / word if word == "a.npz" else word for word in parts]
    results = {}
    for name, given in {
        "one": parts,
        "two": [*parts, *parts],
        "file": [tmp_path / "a.npz"],
    }.items():
        file = tmp_path / f"{name}.json"
        run = hillstream("score", "arm", *given, "--freeze-after", 0, "--json", file)
        assert run.exit_code == 0, run.output
        results[name] = json.loads(file.read_text())
    assert results["one"]["rmse_overall"] == results["file"]["rmse_overall"]
    assert results["two"]["seconds"] == pytest.approx(2 * SECONDS + 1, abs=0.1)


def test_no_recording_at_all_is_one_sentence(hillstream):
    run = hillstream("score", "arm")
    assert run.exit_code == 2
    assert "No recording is given" in run.output
