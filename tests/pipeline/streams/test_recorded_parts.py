"""Files whose roles are given by hand, and several trials of them."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

from pipeline.errors import UserError
from pipeline.streams.recordings.given import Given, Parts
from pipeline.streams.recordings.load import load_parts, load_recording

T = np.arange(20) / 100


def table(path, columns, value=0.0, t=T):
    rows = np.column_stack([t, *(np.full(len(t), value + i) for i in range(len(columns)))])
    lines = ["x", "version=1", "inDegrees=no", "endheader", "\t".join(["time", *columns])]
    lines += ["\t".join(f"{v:.9g}" for v in row) for row in rows]
    path.write_text("\n".join(lines) + "\n")
    return path


def test_roles_given_by_hand_need_no_names_that_tell_them(tmp_path):
    one, two = table(tmp_path / "1.sto", ["SOL"]), table(tmp_path / "2.sto", ["knee"], 0.5)
    streams = load_parts(emg=[one], angles=[two]).streams
    assert {key: s.channels for key, s in streams.items()} == {"emg": ("SOL",), "angles": ("knee",)}
    assert streams["angles"].source == str(two)


def test_trials_are_joined_in_the_order_given_with_gaps_and_channels_by_name(tmp_path):
    late = table(tmp_path / "a.sto", ["TA", "SOL"], 5.0, T + 7), table(tmp_path / "b.sto", ["k"])
    first = table(tmp_path / "c.sto", ["SOL", "TA"]), table(tmp_path / "d.sto", ["k"])
    late = late[0], table(tmp_path / "b.sto", ["k"], 0.2, T + 7)
    streams = load_parts(emg=[first[0], late[0]], angles=[first[1], late[1]]).streams
    emg = streams["emg"]
    assert emg.channels == ("SOL", "TA")
    assert_allclose(emg.x[[0, -1]], [[0, 1], [6, 5]])
    assert emg.t[20] - emg.t[19] == pytest.approx(1.01)
    assert_allclose(streams["angles"].t, emg.t)


@pytest.mark.parametrize(
    ("columns", "sentence"), [(["SOL"], "lack the channel TA"), (["SOL", "TA"], "")]
)
def test_trials_that_do_not_fit_together_are_refused(tmp_path, columns, sentence):
    whole, other = table(tmp_path / "a.sto", ["SOL", "TA"]), table(tmp_path / "b.sto", columns)
    if sentence:
        with pytest.raises(UserError, match=sentence):
            load_parts(emg=[whole, other])
    with pytest.raises(UserError, match=r"one file each.* 2 of emg, 1 of angles"):
        load_parts(emg=[whole, other], angles=[whole])


def test_what_is_given_by_hand_wins_over_what_a_recording_holds(tmp_path):
    names = {"emg_names": ["SOL"], "dof_names": ["hip"]}
    np.savez(tmp_path / "r.npz", fs=100.0, emg=np.ones((20, 1)), q=np.ones((20, 1)), **names)
    by_hand = table(tmp_path / "a.sto", ["knee"])
    parts = (Given(None, str(tmp_path / "r.npz")), Given("angles", str(by_hand)))
    recording = load_recording(Parts(parts))
    assert recording.streams["angles"].channels == ("knee",)
    assert [left.what for left in recording.left_out] == ["the angles"]


@pytest.mark.parametrize("rest", [",", ",emg=", " , ,"])
def test_a_comma_with_nothing_beside_it_does_not_name_the_folder_one_is_in(tmp_path, rest):
    file = table(tmp_path / "emg.sto", ["SOL"])
    with pytest.raises(UserError, match="names no file"):
        load_recording(f"{file}{rest}")


def test_nothing_given_is_one_sentence():
    with pytest.raises(UserError, match="No file of a recording was given"):
        load_parts()


@pytest.mark.parametrize(
    "names",
    [
        ("EMGData/walk1.sto", "IKData/walk1.sto", "EMGData/walk2.sto", "IKData/walk2.sto"),
        ("walk1_emg.sto", "walk1_ik.sto", "walk2_emg.sto", "walk2_ik.sto"),
        ("t1/emg.sto", "t1/inverse_kinematics.sto", "t2/emg.sto", "t2/inverse_kinematics.sto"),
    ],
)
def test_several_trials_in_a_folder_are_joined(tmp_path, names):
    for value, name in enumerate(names):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        columns = ["SOL"] if "emg" in name.lower() else ["knee"]
        table(tmp_path / name, columns, 0.1 * value, T + 3 * (value // 2))
    table(tmp_path / "static.sto", ["LASI"])
    recording = load_recording(tmp_path)
    emg, angles = recording.streams["emg"], recording.streams["angles"]
    assert_allclose(emg.x[[0, 19, 20, 39], 0], [0.0, 0.0, 0.2, 0.2])
    assert_allclose(angles.x[[0, 20], 0], [0.1, 0.3])
    assert angles.t[20] - angles.t[19] == pytest.approx(1.01)
    assert [str(left) for left in recording.left_out] == [
        f"Left out of '{tmp_path / 'static.sto'}': the whole (it belongs to no trial)."
    ]


def test_files_that_differ_in_more_than_their_roles_are_one_trial(tmp_path):
    for name, column in (("s_emg", "SOL"), ("coordinates", "knee"), ("s_id", "knee_moment")):
        table(tmp_path / f"{name}.sto", [column], 0.1)
    assert list(load_recording(tmp_path).streams) == ["emg", "angles", "moments"]
