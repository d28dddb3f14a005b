"""C3D as motion capture writes it: EMG beside force plates, and files that are broken."""

import struct

import ezc3d
import numpy as np
import pytest
from numpy.testing import assert_allclose

from pipeline.errors import UserError
from pipeline.streams.recordings.c3d import read_c3d
from pipeline.streams.recordings.load import load_parts, load_recording

RATE_HZ, FRAMES, PER_FRAME = 1000.0, 50, 10
EMG = 1e-3 * np.random.default_rng(1).normal(size=(3, FRAMES * PER_FRAME))


def write(path, labels, units, analog=EMG):
    c3d = ezc3d.c3d()
    c3d["parameters"]["POINT"]["RATE"]["value"] = [RATE_HZ / PER_FRAME]
    c3d["parameters"]["POINT"]["LABELS"]["value"] = ["LASI"]
    c3d["data"]["points"] = np.zeros((4, 1, FRAMES))
    c3d["parameters"]["ANALOG"]["RATE"]["value"] = [RATE_HZ]
    c3d["parameters"]["ANALOG"]["LABELS"]["value"] = labels
    c3d["parameters"]["ANALOG"]["UNITS"]["value"] = units
    c3d["data"]["analogs"] = analog[None]
    c3d.write(str(path))
    return path


def test_emg_is_found_by_its_muscle_and_the_rest_is_left_out(tmp_path):
    file = write(tmp_path / "walk.c3d", ["Fx1", "R SOL", "EMG 7"], ["N", "V", "V"])
    table = read_c3d(file)
    assert (table.columns, table.unit) == (("R SOL", "EMG 7"), "V")
    assert_allclose(table.x, EMG[1:].T, atol=1e-9)
    assert_allclose(table.t, np.arange(500) / RATE_HZ)
    assert table.left_out == ("the analog channels Fx1",)
    assert "the analog channels Fx1 (no emg)" in str(*load_recording(file).left_out)


@pytest.mark.parametrize("first", [1, 2, 101])
def test_a_file_cut_from_a_trial_counts_from_the_trials_first_frame(tmp_path, first):
    file = write(tmp_path / "walk.c3d", ["SOL", "TA", "VL"], ["V", "V", "V"])
    content = bytearray(file.read_bytes())
    struct.pack_into("<HH", content, 6, first, first + FRAMES - 1)
    file.write_bytes(content)
    assert read_c3d(file).t[0] == pytest.approx((first - 1) * PER_FRAME / RATE_HZ)


def test_without_muscles_names_a_voltage_is_emg_unless_it_is_a_force_plate(tmp_path):
    file = write(tmp_path / "walk.c3d", ["Sensor 1", "Fz1", "Trigger"], ["mV", "mV", "V"])
    assert read_c3d(file).columns == ("Sensor 1",)


@pytest.mark.parametrize(
    ("labels", "units", "sentence"),
    [
        (["Fx", "Fy", "Fz"], ["N", "N", "N"], r"no analog channel that is EMG \(Fx, Fy, Fz\)"),
        (["SOL", "TA", "VL"], ["V", "mV", "V"], "have the units 'V', 'mV'"),
    ],
)
def test_what_is_no_emg_is_refused(tmp_path, labels, units, sentence):
    with pytest.raises(UserError, match=sentence):
        read_c3d(write(tmp_path / "walk.c3d", labels, units))


@pytest.mark.parametrize("kept", [0, 100, 512, 700, 2000])
def test_a_file_that_is_cut_short_is_one_sentence(tmp_path, kept):
    whole = write(tmp_path / "walk.c3d", ["SOL", "TA", "VL"], ["V", "V", "V"]).read_bytes()
    cut = tmp_path / "cut.c3d"
    cut.write_bytes(whole[:kept])
    with pytest.raises(UserError, match=r"C3D|cut short|analog"):
        read_c3d(cut)


@pytest.mark.parametrize("seed", range(6))
def test_a_damaged_file_harms_nobody(tmp_path, seed):
    content = bytearray(
        write(tmp_path / "a.c3d", ["SOL", "TA", "VL"], ["V", "V", "V"]).read_bytes()
    )
    random = np.random.default_rng(seed)
    for place in random.integers(2, 3000, 40):
        content[place] = int(random.integers(256))
    damaged = tmp_path / "damaged.c3d"
    damaged.write_bytes(content)
    try:
        table = read_c3d(damaged)
    except UserError:
        return
    assert table.x.shape == (len(table.t), len(table.columns))


def test_it_is_a_recording_with_angles_beside_it(tmp_path):
    file = write(tmp_path / "walk.c3d", ["SOL", "TA", "VL"], ["V", "V", "V"])
    angles = tmp_path / "ik.mot"
    rows = "\n".join(f"{i / 100:.2f}\t{np.sin(i / 10):.4f}" for i in range(50))
    angles.write_text(f"ik\nversion=1\ninDegrees=no\nendheader\ntime\tknee_angle_r\n{rows}\n")
    recording = load_parts([file], [angles])
    assert recording.streams["emg"].channels == ("SOL", "TA", "VL")
    assert recording.streams["emg"].rate_hz == pytest.approx(1000.0)
    assert recording.streams["angles"].channels == ("knee_angle_r",)
