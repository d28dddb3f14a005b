"""MATLAB's files: variables and structures, as its users save them."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy.io import savemat

from pipeline.errors import UserError
from pipeline.streams.recordings.load import load_recording

T = np.arange(50) / 100
X = np.column_stack([np.sin(T), np.cos(T)])
MUSCLES = np.array(["SOL", "TA ant"], dtype=object)
JOINTS = np.array(["hip", "knee"], dtype=object)
FLAT = {"fs": 100.0, "EMG": X, "emg_names": MUSCLES, "q": 2 * X, "dof_names": JOINTS}


@pytest.fixture
def mat(tmp_path):
    def write(content, name="r.mat", **how):
        savemat(tmp_path / name, content, **how)
        return tmp_path / name

    return write


@pytest.mark.parametrize("how", [{}, {"do_compression": True}, {"format": "5"}])
def test_named_variables_are_streams(mat, how):
    streams = load_recording(mat(FLAT, **how)).streams
    assert streams["emg"].channels == ("SOL", "TA ant")
    assert_array_equal(streams["emg"].x, X)
    assert_array_equal(streams["angles"].x, 2 * X)
    assert_allclose(streams["angles"].t, T)
    assert (streams["emg"].unit, streams["angles"].unit) == ("1", "rad")


@pytest.mark.parametrize("wrapped", [False, True])
def test_a_field_of_a_structure_is_an_array_with_its_name(mat, wrapped):
    emg = {"data": X.T, "names": MUSCLES, "fs": 1000.0, "unit": "mV"}
    angles = {"data": X[:40], "labels": JOINTS, "time": 3 + T[:40, None], "unit": "deg"}
    trial = {"emg": emg, "angles": angles, "subject": "S1", "weight": 71.0}
    streams = load_recording(mat({"trial": trial} if wrapped else trial)).streams
    assert (streams["emg"].rate_hz, streams["emg"].unit) == (1000.0, "mV")
    assert_array_equal(streams["emg"].x, X)  # it lay on its side
    assert (streams["angles"].unit, streams["angles"].t[0]) == ("deg", 3.0)
    assert streams["angles"].rate_hz == pytest.approx(100.0)


def test_the_one_table_of_a_file_with_a_role_is_of_that_role(mat):
    content = {"data": X, "fs": 100.0, "names": MUSCLES}
    assert list(load_recording(mat(content, "walk1_emg.mat")).streams) == ["emg"]
    named = mat({"data": X, "fs": 100.0, "angles_names": JOINTS}, "walk.mat")
    assert list(load_recording(f"angles={named}").streams) == ["angles"]
    with pytest.raises(UserError, match=r"none of the keys emg, q, moment; it has data, fs"):
        load_recording(named)


def test_one_muscle_alone_is_a_column(mat):
    emg = load_recording(mat({"time": T, "emg": X[:, :1], "emg_names": "SOL"})).streams["emg"]
    assert (emg.channels, emg.x.shape) == (("SOL",), (50, 1))


def test_samples_that_no_stream_plays_are_left_out(mat):
    left = load_recording(mat(FLAT | {"markers": X, "grf": 3 * X})).left_out
    assert [one.what for one in left] == ["the key markers", "the key grf"]


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"q": 40 * X}, "does not say whether its angles are in degrees"),
        ({"angles_unit": "furlong"}, "furlong"),
        ({"fs": -1.0}, r"fs of .* is -1, not a sampling rate"),
        ({"fs": "100"}, "not one number"),
        ({"q": X + 1j}, "not a table of numbers|none of the keys"),
        ({"dof_names": np.array(["hip"], dtype=object)}, "2.* for 1 channels"),
    ],
)
def test_what_is_wrong_is_one_sentence(mat, changes, sentence):
    with pytest.raises(UserError, match=sentence):
        load_recording(mat(FLAT | changes))


def test_without_a_rate_and_times_it_is_told(mat):
    with pytest.raises(UserError, match="lacks the key fs or time"):
        load_recording(mat({key: value for key, value in FLAT.items() if key != "fs"}))


@pytest.mark.parametrize("head", [b"MATLAB 7.3 MAT-file, Platform: GLNXA64", b"\x89HDF\r\n\x1a\n"])
def test_version_73_is_told_how_to_be_saved(tmp_path, head):
    file = tmp_path / "new.mat"
    file.write_bytes(head.ljust(1000, b"\0"))
    with pytest.raises(UserError, match=r"save it in MATLAB with save\(\.\.\., '-v7'\)"):
        load_recording(file)
