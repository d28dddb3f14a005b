import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from xdf_writer import write_xdf

from pipeline.errors import UserError
from pipeline.streams.recordings.load import KnownStream, load_recording

N = 50
T = 3.0 + np.arange(N) / 100.0
KNEE = np.column_stack([np.sin(T), np.cos(T)])


def npz(folder, **changes):
    arrays = {
        "fs": 100.0,
        "emg": np.abs(KNEE),
        "emg_names": ["a", "b"],
        "q": KNEE,
        "dof_names": ["hip", "knee"],
        "moment": 10 * KNEE,
    } | changes
    path = folder / "recording.npz"
    np.savez(path, **{name: value for name, value in arrays.items() if value is not None})
    return path


def sto(path, columns, rows, *, title="Data", degrees="no", stated=None):
    lines = [title, "version=1", f"nRows={stated or len(rows)}", f"inDegrees={degrees}"]
    lines += ["endheader", "\t".join(["time", *columns])]
    lines += ["\t".join(f"{value:.9g}" for value in row) for row in rows]
    path.write_text("\n".join(lines) + "\n")
    return path


def xdf_stream(name, kind, unit, dtype="f8", **changes):
    return {
        "name": name,
        "type": kind,
        "channels": ["a", "b"],
        "unit": unit,
        "rate_hz": 100,
        "t": T,
        "x": KNEE.astype(dtype),
    } | changes


def test_a_plain_npz_has_three_streams(tmp_path):
    recording = load_recording(npz(tmp_path))
    assert list(recording.streams) == ["emg", "angles", "moments"]
    assert recording.streams["emg"].channels == ("a", "b")
    assert [s.unit for s in recording.streams.values()] == ["1", "rad", "N*m"]
    assert_array_equal(recording.streams["moments"].x, 10 * KNEE)
    assert recording.streams["angles"].t[0] == 0.0
    assert recording.duration_s == pytest.approx(N / 100)


def test_torques_and_accelerations_are_read_where_there_are_any(tmp_path):
    streams = load_recording(npz(tmp_path, external=2 * KNEE, qdd=3 * KNEE)).streams
    assert [streams[key].unit for key in ("external", "accelerations")] == ["N*m", "rad/s^2"]
    assert_array_equal(streams["external"].x, 2 * KNEE)
    assert_array_equal(streams["accelerations"].x, 3 * KNEE)


def test_filtered_signals_are_preferred_and_invalid_moments_masked(tmp_path):
    valid = np.arange(N) % 10 > 0
    path = npz(tmp_path, q_f=KNEE + 1, moment_f=KNEE + 2, valid=valid, time=T)
    streams = load_recording(path).streams
    assert_array_equal(streams["angles"].x, KNEE + 1)
    assert np.isnan(streams["moments"].x[~valid]).all()
    assert_array_equal(streams["moments"].x[valid], KNEE[valid] + 2)
    assert streams["emg"].t[0] == 3.0


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"emg_names": None}, "lacks the key emg_names or names"),
        ({"dof_names": None}, "lacks the key dof_names"),
        ({"fs": None}, "lacks the key fs"),
        ({"fs": 0.0}, "fs .* is 0, not a sampling rate"),
        ({"emg": None, "q": None, "moment": None}, "none of the keys emg, q, moment"),
        ({"emg_names": ["a"]}, r"shape \(50, 2\) for 1 channels"),
        ({"time": T[:-1]}, "49 time stamps for 50 rows"),
        ({"time": np.where(np.arange(N) == 7, 0.0, T)}, "Time does not increase at row 7"),
        ({"time": np.where(np.arange(N) == 7, np.nan, T)}, "Time does not increase at row 7"),
        ({"emg": np.array([["x", "y"]])}, "not a table of numbers"),
        ({"emg": np.empty((0, 2))}, "key emg of .* is empty"),
        ({"emg": np.array([None, {}])}, "holds Python objects"),
    ],
)
def test_a_faulty_npz_is_one_sentence(tmp_path, changes, sentence):
    with pytest.raises(UserError, match=sentence):
        load_recording(npz(tmp_path, **changes))


def test_a_truncated_npz_is_told(tmp_path):
    path = npz(tmp_path)
    path.write_bytes(path.read_bytes()[:-200])
    with pytest.raises(UserError, match="broken or was not written whole"):
        load_recording(path)


@pytest.mark.parametrize("name", ["missing.npz", "missing.sto,other.sto", "nowhere/"])
def test_a_missing_file_is_told(tmp_path, name):
    with pytest.raises(UserError, match="does not exist"):
        load_recording(tmp_path / name)


@pytest.mark.parametrize("name", ["r.npz", "r.sto", "r.xdf"])
def test_an_empty_file_is_told(tmp_path, name):
    (tmp_path / name).touch()
    with pytest.raises(UserError, match="is empty"):
        load_recording(tmp_path / name)


def test_another_kind_of_file_is_told(tmp_path):
    (tmp_path / "r.txt").write_text("1,2")
    with pytest.raises(UserError, match="is not a recording"):
        load_recording(tmp_path / "r.txt")


def opensim_set(folder):
    rows = np.column_stack([T, KNEE])
    return [
        sto(folder / "s_emg.sto", ["a", "b"], rows),
        sto(folder / "s_ik.mot", ["hip", "knee"], rows, title="Coordinates", degrees="yes"),
        sto(folder / "s_id.sto", ["hip_moment", "knee_moment", "x_force"], rows[:, [0, 1, 2, 2]]),
        sto(folder / "s_grf.mot", ["fx", "fy"], rows),
    ]


@pytest.mark.parametrize("as_list", [False, True])
def test_opensim_files_find_their_roles(tmp_path, as_list):
    files = opensim_set(tmp_path)
    path = ",".join(str(f) for f in files[:3]) if as_list else tmp_path
    streams = load_recording(path).streams
    assert set(streams) == {"emg", "angles", "moments"}
    assert streams["angles"].unit == "deg"
    assert streams["moments"].channels == ("hip", "knee")
    assert_allclose(streams["emg"].x, KNEE, rtol=1e-8)
    assert streams["emg"].rate_hz == pytest.approx(100.0)


def test_opensims_accelerations_are_not_taken_for_angles(tmp_path):
    opensim_set(tmp_path)
    rows = np.column_stack([T, KNEE])
    name = tmp_path / "s_Kinematics_dudt.sto"
    sto(name, ["hip", "knee"], rows, title="Accelerations", degrees="yes")
    streams = load_recording(tmp_path).streams
    assert set(streams) == {"emg", "angles", "moments", "accelerations"}
    assert streams["accelerations"].unit == "deg/s^2"


def test_two_files_of_one_role_are_refused(tmp_path):
    opensim_set(tmp_path)
    sto(tmp_path / "t_emg.sto", ["a", "b"], np.column_stack([T, KNEE]))
    with pytest.raises(UserError, match=r"s_emg.sto' and .*t_emg.sto' both hold emg"):
        load_recording(tmp_path)


def test_a_file_without_a_role_is_refused(tmp_path):
    path = sto(tmp_path / "grf.mot", ["fx", "fy"], np.column_stack([T, KNEE]))
    with pytest.raises(UserError, match="say what it is, as in 'emg=FILE,angles=FILE'"):
        load_recording(path)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("no header at all", "no OpenSim header"),
        ("x\nendheader\nframe a\n1 2\n", "first column .* is not 'time'"),
        ("x\nendheader\ntime a\n", "no rows of data"),
        ("x\nendheader\ntime a\n0 1\n1 2 3\n", "not a table of numbers"),
        ("x\nendheader\ntime a\n0 1\n1 b\n", "not a table of numbers"),
        ("x\nendheader\ntime a b\n0 1\n1 2\n", "3 column labels, but rows of 2"),
        ("x\nnRows=9\nendheader\ntime a\n0 1\n1 2\n", "2 rows, but its header says 9"),
        ("x\nendheader\ntime a\n0 1\n0 2\n", "Time does not increase at row 1"),
        ("x\nendheader\ntime a\n0 1\n", "1 rows of data"),
    ],
)
def test_a_faulty_opensim_file_is_one_sentence(tmp_path, text, sentence):
    (tmp_path / "emg.sto").write_text(text)
    with pytest.raises(UserError, match=sentence):
        load_recording(tmp_path / "emg.sto")


def test_a_binary_file_is_no_opensim_file(tmp_path):
    (tmp_path / "emg.sto").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(UserError, match="not a text file"):
        load_recording(tmp_path / "emg.sto")


def test_xdf_streams_are_chosen_by_name_then_by_type(tmp_path):
    path = tmp_path / "r.xdf"
    write_xdf(
        path,
        [
            xdf_stream("Trigno", "EMG", "millivolts", "f4"),
            xdf_stream("lab-angles", "MoCap", "degrees"),
            xdf_stream("lab-moments", "JointMoment", "N*m"),
            xdf_stream("predicted", "JointMoment", "N*m"),
            xdf_stream("lab-accelerations", "IMU", "deg/s²"),
            xdf_stream("exoskeleton", "ExternalTorque", "Nm"),
        ],
    )
    streams = load_recording(path).streams
    assert list(streams) == ["emg", "angles", "moments", "external", "accelerations"]
    assert [s.unit for s in streams.values()] == ["mV", "deg", "N*m", "N*m", "deg/s^2"]
    assert streams["emg"].channels == ("a", "b")
    assert_allclose(streams["emg"].x, KNEE, rtol=1e-6)
    assert_allclose(streams["angles"].t, T, atol=1e-6)


def test_xdf_clocks_are_aligned(tmp_path):
    path = tmp_path / "r.xdf"
    far = xdf_stream("angles", "x", "rad", t=T + 500.0, offset=-500.0)
    write_xdf(path, [xdf_stream("emg", "EMG", "V"), far])
    streams = load_recording(path).streams
    assert_allclose(streams["angles"].t, streams["emg"].t, atol=1e-5)


def test_several_xdf_streams_of_a_kind_need_a_name(tmp_path):
    path = tmp_path / "r.xdf"
    write_xdf(path, [xdf_stream("left", "EMG", "V"), xdf_stream("right", "EMG", "mV")])
    with pytest.raises(UserError, match=r"may be emg: left \(EMG, stream 1\), right .*r.xdf,emg=1"):
        load_recording(path)
    for name in ("right", "2"):
        assert load_recording(f"{path},emg={name}").streams["emg"].unit == "mV"
    with pytest.raises(UserError, match="no stream 'middle'; it has left"):
        load_recording(f"{path},emg=middle")


def test_an_xdf_stream_without_a_unit_needs_one(tmp_path):
    path = tmp_path / "r.xdf"
    write_xdf(path, [xdf_stream("emg", "EMG", "")])
    with pytest.raises(UserError, match="say which unit"):
        load_recording(path)
    assert load_recording(path, {"emg": KnownStream(unit="uV")}).streams["emg"].unit == "uV"


def test_an_xdf_file_without_our_streams_lists_what_it_has(tmp_path):
    path = tmp_path / "r.xdf"
    write_xdf(path, [xdf_stream("Cz", "EEG", "V")])
    with pytest.raises(UserError, match=r"it has Cz \(EEG, stream 1\)"):
        load_recording(path)


def test_a_broken_xdf_is_told(tmp_path):
    (tmp_path / "r.xdf").write_bytes(b"not xdf")
    with pytest.raises(UserError, match="cannot be read as XDF"):
        load_recording(tmp_path / "r.xdf")


def test_the_walking_recording_is_read(shared_data):
    walk = load_recording(shared_data / "walking" / "walk36.npz")
    assert {key: len(s.channels) for key, s in walk.streams.items()} == {
        "emg": 9,
        "angles": 3,
        "moments": 3,
    }
    assert np.isnan(walk.streams["moments"].x).any()
    text = load_recording(shared_data / "walking").streams
    with np.load(shared_data / "walking" / "walk36.npz") as raw:
        assert_allclose(np.deg2rad(text["angles"].x), raw["q"], atol=1e-6)
    assert text["moments"].channels == walk.streams["moments"].channels


def test_raw_emg_is_a_recording_of_emg_only(shared_data):
    recording = load_recording(shared_data / "raw_emg" / "walk_2000hz.npz")
    assert list(recording.streams) == ["emg"]
    assert (recording.streams["emg"].unit, recording.streams["emg"].rate_hz) == ("mV", 2000.0)
