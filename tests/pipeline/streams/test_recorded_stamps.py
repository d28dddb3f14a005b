"""Stamps of recordings: drop-outs stay, jitter goes, and the rate is that of the stamps."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from xdf_writer import write_xdf

from pipeline.streams.base import StreamSpec
from pipeline.streams.recordings.load import load_recording
from pipeline.streams.recordings.replay import replay
from pipeline.streams.recordings.stamps import evened, gaps, interval_s

RANDOM = np.random.default_rng(5)


def dropped(rate_hz, n, first, count):
    """Return stamps of a stream that loses some samples."""
    return 100.0 + np.delete(np.arange(n), slice(first, first + count)) / rate_hz


@pytest.mark.parametrize(("name", "gap_s"), [("angles_gap02s", 0.2), ("angles_gap1s", 1.0)])
def test_a_drop_out_in_a_file_stays_where_it_was(shared_cases, caplog, name, gap_s):
    recording = load_recording(shared_cases / "xdf" / f"{name}.xdf")
    angles = recording.streams["angles"]
    expected = dropped(100, 3000, 1200, round(100 * gap_s))
    assert_allclose(angles.t, expected, atol=1e-9)
    assert gaps(angles.t, angles.rate_hz).tolist() == [1200]
    assert f"has a gap of {gap_s + 0.01:.3g} s, at 11.99 s" in caplog.text
    spec = StreamSpec("angles", ("hip", "knee"), 100.0)
    replayed = np.concatenate([chunk.t for chunk in replay(recording, [spec])])
    assert_allclose(replayed, expected, atol=1e-9)


def test_jitter_is_taken_out_and_a_drop_out_beside_it_is_not():
    true = dropped(100, 3000, 1200, 20)
    jittered = true + RANDOM.uniform(-0.003, 0.003, len(true))
    even = evened(jittered)
    assert np.abs(even - true).max() < 5e-4
    assert np.diff(even)[1199] == pytest.approx(0.21, abs=1e-3)


def test_packets_that_come_late_are_put_back_between_drop_outs():
    true = dropped(1000, 20_000, 8_000, 1_000)
    packets = np.arange(len(true)) // 20
    late = RANDOM.choice([0.0, 0.007], size=packets[-1] + 1, p=[0.9, 0.1])
    late[398], late[399], late[-1] = 0.007, 0.0, 0.0  # one is just before the drop-out
    stamps = true + late[packets]
    assert (np.diff(stamps) < 0).any()  # a late packet's stamps reach beyond the next one's first
    even = evened(stamps)
    assert np.abs(even - true).max() < 2e-3  # the mean lateness is 0.7 ms
    assert np.diff(even)[7_999] == pytest.approx(1.001, abs=1e-3)


@given(
    st.lists(st.floats(0.1, 3.0), min_size=3, max_size=200),
    st.floats(1e-4, 0.1),
)
def test_no_stamp_that_increases_is_moved_by_more_than_an_interval(steps, scale):
    t = 50.0 + scale * np.cumsum(steps)
    even = evened(t)
    assert np.abs(even - t).max() <= interval_s(t) * (1 + 1e-9)
    assert (np.diff(even) > 0).all()


@pytest.mark.parametrize("t", [[0.0, 1.0], [0.0, np.nan, 2.0], [1.0, 1.0, 1.0], [3.0, 2.0, 1.0]])
def test_stamps_that_say_nothing_of_a_rate_are_left(t):
    assert_array_equal(evened(np.array(t)), np.array(t))


def test_a_wrong_rate_is_measured_and_told(shared_cases, caplog):
    recording = load_recording(shared_cases / "xdf" / "wrongrate.xdf")
    assert recording.streams["emg"].rate_hz == pytest.approx(1000.0)
    assert "states 2000 Hz for a, b, but the time stamps run at 1000 Hz" in caplog.text
    assert "segments" not in caplog.text


@pytest.mark.parametrize("stated", [100.0, 101.0])
def test_a_rate_that_is_nearly_right_is_left_without_a_word(tmp_path, caplog, stated):
    t = np.arange(500) / 100
    path = tmp_path / "r.npz"
    x = np.sin(t)[:, None]
    np.savez(path, fs=stated, time=t, emg=x, emg_names=["a"])
    assert load_recording(path).streams["emg"].rate_hz == stated
    assert not caplog.records


def test_a_rate_is_found_under_packets_that_were_stamped_by_the_stated_one():
    packet = np.arange(20) / 2000  # liblsl deduces stamps within a packet from the nominal rate
    t = np.concatenate([k * 0.02 + packet for k in range(100)])
    assert 1 / interval_s(t) == pytest.approx(1000.0, rel=1e-3)


def test_a_recording_cut_into_cycles_keeps_its_rate(tmp_path, caplog):
    t = np.concatenate([k + np.arange(60) / 100 for k in range(30)])
    x = np.sin(t)[:, None]
    np.savez(tmp_path / "r.npz", fs=100.0, time=t, emg=x, emg_names=["a"])
    assert load_recording(tmp_path / "r.npz").streams["emg"].rate_hz == 100.0
    assert "has 29 gaps, the longest of 0.41 s" in caplog.text


def test_an_irregular_stream_keeps_its_stamps(tmp_path):
    t = np.cumsum(RANDOM.uniform(0.005, 0.015, 400))
    stream = {"name": "emg", "type": "EMG", "channels": ["a"], "unit": "V", "rate_hz": 0}
    write_xdf(tmp_path / "r.xdf", [stream | {"t": t, "x": np.sin(t)[:, None]}])
    assert_array_equal(load_recording(tmp_path / "r.xdf").streams["emg"].t, t)
