"""`hillstream convert`: one kind of file in, another out."""

import json

import numpy as np
import pytest
from numpy.testing import assert_array_equal

pytestmark = pytest.mark.system


@pytest.fixture
def recording(tmp_path):
    t = np.arange(100) / 100
    np.savez(
        tmp_path / "walk.npz",
        fs=100.0,
        emg=np.column_stack([np.sin(t), np.cos(t)]),
        emg_names=["SOL", "TA"],
        unit="mV",
        q=0.1 * t[:, None],
        dof_names=["knee"],
        markers=np.zeros((100, 3)),
    )
    return tmp_path / "walk.npz"


def test_a_recording_goes_through_every_kind_and_comes_back(hillstream, recording, tmp_path):
    told = tmp_path / "told.json"
    one = hillstream("convert", recording, tmp_path / "walk.mat", "--json", told)
    assert one.exit_code == 0, one.output
    assert "left out" in one.output
    assert "the key markers" in " ".join(one.output.split())
    assert [row["stream"] for row in json.loads(told.read_text())["streams"]] == ["emg", "angles"]
    assert hillstream("convert", tmp_path / "walk.mat", tmp_path / "c.csv").exit_code == 0
    emg, angles = tmp_path / "c_emg.csv", tmp_path / "c_angles.csv"
    last = hillstream("convert", "--emg", emg, "--angles", angles, tmp_path / "back.npz")
    assert last.exit_code == 0, last.output
    with np.load(recording) as before, np.load(tmp_path / "back.npz") as after:
        assert_array_equal(after["emg"], before["emg"])
        assert_array_equal(after["q"], before["q"])
        assert str(after["emg_unit"]) == "mV"


def test_what_is_there_is_not_written_over(hillstream, recording, tmp_path):
    (tmp_path / "walk_emg.csv").write_text("mine")
    refused = hillstream("convert", recording, tmp_path / "walk.csv")
    assert refused.exit_code == 2
    assert "walk_emg.csv would be overwritten" in refused.output
    assert (tmp_path / "walk_emg.csv").read_text() == "mine"
    assert hillstream("convert", recording, tmp_path / "walk.csv", "--overwrite").exit_code == 0


def test_without_a_recording_it_is_one_sentence(hillstream, tmp_path):
    result = hillstream("convert", tmp_path / "out.npz")
    assert result.exit_code == 2
    assert "No recording is given" in result.output
