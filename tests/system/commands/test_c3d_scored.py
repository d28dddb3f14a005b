"""EMG in a C3D file, angles and moments of the same trial in OpenSim's files beside it: scored."""

import json

import ezc3d
import numpy as np
import pytest

from daemon.config import load_config
from daemon.simulation.recording import write_recording
from pipeline.streams.recordings.load import load_recording

SECONDS = 10


def write_c3d(path, stream):
    """Write EMG of 1000 Hz with ten samples a frame."""
    count = len(stream.t) // 10 * 10
    c3d = ezc3d.c3d()
    c3d["parameters"]["POINT"]["RATE"]["value"] = [100.0]
    c3d["parameters"]["POINT"]["LABELS"]["value"] = ["LASI"]
    c3d["data"]["points"] = np.zeros((4, 1, count // 10))
    c3d["parameters"]["ANALOG"]["RATE"]["value"] = [1000.0]
    c3d["parameters"]["ANALOG"]["LABELS"]["value"] = [*stream.channels, "Fz1"]
    c3d["parameters"]["ANALOG"]["UNITS"]["value"] = ["V"] * len(stream.channels) + ["N"]
    c3d["data"]["analogs"] = np.vstack([stream.x[:count].T, np.ones(count)])[None]
    c3d.write(str(path))


def write_table(path, stream, end, header=""):
    names = "\t".join(name + end for name in stream.channels)
    rows = "\n".join(
        "\t".join(f"{value:.9g}" for value in (t, *x))
        for t, x in zip(stream.t, stream.x, strict=True)
    )
    path.write_text(f"trial\nversion=1\n{header}endheader\ntime\t{names}\n{rows}\n")


def test_a_trial_of_c3d_and_tables_scores_as_the_recording_it_was(hillstream, tmp_path):
    whole = tmp_path / "arm.npz"
    write_recording(load_config("arm"), SECONDS, whole)
    streams = load_recording(whole).streams
    assert streams["emg"].t[0] == pytest.approx(0.0, abs=2e-3)
    write_c3d(tmp_path / "trial.c3d", streams["emg"])
    write_table(tmp_path / "ik.mot", streams["angles"], "", "inDegrees=no\n")
    write_table(tmp_path / "id.sto", streams["moments"], "_moment")
    parts = ["--emg", tmp_path / "trial.c3d", "--angles", tmp_path / "ik.mot"]
    parts += ["--moments", tmp_path / "id.sto"]
    scores = []
    for given in ([whole], parts):
        out = tmp_path / "out.json"
        result = hillstream("score", "arm", *given, "--json", out)
        assert result.exit_code == 0, result.output
        scores.append(json.loads(out.read_text()))
    one_way, other_way = (score["rmse_uncalibrated"].values() for score in scores)
    for one, other in zip(one_way, other_way, strict=True):
        assert other[1:9] == pytest.approx(one[1:9], rel=0.02)
