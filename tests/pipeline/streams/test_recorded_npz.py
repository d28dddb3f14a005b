"""NumPy recordings with keys of other tools, and without what the set-up knows."""

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from pipeline.errors import UserError
from pipeline.streams.recordings.load import KnownStream, load_recording

T = np.arange(50) / 100
X = np.column_stack([np.sin(T), np.cos(T)])
NAMES = {"emg_names": ["SOL", "TA"], "dof_names": ["hip", "knee"]}
SET_UP = {
    "emg": KnownStream(unit="mV", channels=("SOL", "TA")),
    "angles": KnownStream(unit="deg", channels=("hip", "knee")),
}


@pytest.fixture
def npz(tmp_path):
    def write(**arrays):
        np.savez(tmp_path / "r.npz", fs=100.0, **arrays)
        return tmp_path / "r.npz"

    return write


def test_keys_in_camel_case_tell_their_role(npz):
    streams = load_recording(
        npz(AdjustedEmgs=X, jointAngles=2 * X, qDDot=3 * X, qDot=4 * X, MomentArm=5 * X, **NAMES)
    ).streams
    assert list(streams) == ["emg", "angles", "accelerations"]
    for factor, stream in enumerate(streams.values(), start=1):
        assert_array_equal(stream.x, factor * X)
    assert streams["accelerations"].unit == "rad/s^2"


def test_a_documented_key_goes_before_one_that_only_tells(npz):
    path = npz(emgFilt=2 * X, emg=X, **NAMES)
    assert_array_equal(load_recording(path).streams["emg"].x, X)


def test_two_keys_of_one_role_are_refused(npz):
    with pytest.raises(UserError, match=r"emgFilt and emgRaw .* may all be emg; .* is meant emg\."):
        load_recording(npz(emgFilt=X, emgRaw=X, **NAMES))


def test_channels_and_unit_of_the_set_up_stand_in_for_what_is_not_said(npz, caplog):
    streams = load_recording(npz(emg=X, q=X), SET_UP).streams
    assert streams["emg"].channels == ("SOL", "TA")
    assert streams["angles"].channels == ("hip", "knee")
    assert streams["emg"].unit == "mV"
    assert streams["angles"].unit == "rad"  # of the format
    assert "key emg of" in caplog.text


def test_what_is_said_goes_before_the_set_up(npz):
    emg = load_recording(npz(emg=X, unit="V", names=["TA", "SOL"]), SET_UP).streams["emg"]
    assert (emg.unit, emg.channels) == ("V", ("TA", "SOL"))


def test_without_a_set_up_channels_need_names(npz):
    with pytest.raises(UserError, match="lacks the key emg_names or names"):
        load_recording(npz(emg=X))


def test_a_name_given_twice_is_refused(npz):
    with pytest.raises(UserError, match=r"channel of the key emg of .* is labelled 'TA'"):
        load_recording(npz(emg=X, names=["TA", "TA"]))


def test_of_a_file_given_for_one_role_only_that_is_taken(npz):
    path = npz(emg=X, q=X, **NAMES)
    assert list(load_recording(f"angles={path}").streams) == ["angles"]
    with pytest.raises(UserError, match=r"has no moments; it has emg, angles"):
        load_recording(f"moments={path}")
    with pytest.raises(UserError, match="does not exist"):
        load_recording(f"{path},emg=1")


def test_a_role_nobody_knows_is_told(tmp_path):
    with pytest.raises(UserError, match=r"does not exist; .* one of emg, angles, moments"):
        load_recording(f"emgs={tmp_path / 'a.sto'},angles={tmp_path / 'b.sto'}")


@pytest.mark.parametrize(
    ("arrays", "sentence"),
    [
        ({"emg": np.zeros((0, 2))}, "key emg of .* is empty; fill it, or take it out"),
        ({"emg": X[None]}, r"shape \(1, 50, 2\), not a table of numbers"),
        ({"emg": X, "unit": "furlong"}, "key unit of .*r.npz': The unit 'furlong'"),
        ({"emg": np.array([{}], dtype=object)}, "holds Python objects"),
    ],
)
def test_what_is_no_recording_is_one_sentence(npz, arrays, sentence):
    with pytest.raises(UserError, match=sentence) as told:
        load_recording(npz(**arrays, **NAMES))
    assert "pickle" not in str(told.value)
