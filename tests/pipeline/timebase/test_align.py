from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.streams.base import Chunk
from pipeline.timebase.align import Aligner

EMG_HZ = 200.0
ANGLE_HZ = 100.0


def make_aligner(rate_hz=100.0, n_emg=2, n_angles=1, max_gap_s=0.03, **changes):
    names = [f"c{i}" for i in range(max(n_emg, n_angles))]
    rates = {"emg_rate_hz": EMG_HZ, "angle_rate_hz": ANGLE_HZ}
    return Aligner(rate_hz, names[:n_emg], names[:n_angles], max_gap_s, **rates | changes)


def signal(t, n_channels):
    """A smooth signal that tells its channels apart."""
    return np.sin(2.0 * np.pi * t[:, None] + np.arange(n_channels)) + 2.0


def samples(key, rate_hz, start_s, seconds, n_channels):
    t = start_s + np.arange(round(seconds * rate_hz)) / rate_hz
    return Chunk(key, t, signal(t, n_channels))


def part(chunk, start, stop):
    return Chunk(chunk.stream, chunk.t[start:stop], chunk.x[start:stop])


def without(chunk, lost):
    return Chunk(chunk.stream, np.delete(chunk.t, lost), np.delete(chunk.x, lost, axis=0))


def joined(pieces):
    """Put what several calls of `rows` returned end to end."""
    names = ("t", "t_emg", "excitation", "angle", "valid")
    rows = [piece for piece in pieces if piece is not None]
    return {name: np.concatenate([getattr(piece, name) for piece in rows]) for name in names}


def all_at_once(aligner, *chunks):
    for chunk in chunks:
        aligner.push(chunk)
    return joined([aligner.rows()])


@st.composite
def deliveries(draw, n_emg, n_angles):
    """Chunks of the two streams, cut and interleaved in some way: (key, start, stop) each."""
    pieces = {}
    for key, n in (("emg", n_emg), ("angles", n_angles)):
        cuts = [0, *sorted(draw(st.lists(st.integers(0, n), max_size=15))), n]
        pieces[key] = list(pairwise(cuts))
    order = draw(st.permutations(["emg"] * len(pieces["emg"]) + ["angles"] * len(pieces["angles"])))
    return [(key, *pieces[key].pop(0)) for key in order]


@given(
    data=st.data(),
    mode=st.sampled_from(["interpolate", "extrapolate"]),
    rate_hz=st.sampled_from([100.0, 60.0, 333.3]),
    jitter_s=st.sampled_from([0.0, 2e-3]),
    hole=st.tuples(st.sampled_from(["emg", "angles"]), st.floats(0.0, 3.0)),
)
def test_rows_do_not_depend_on_chunks_or_arrival(data, mode, rate_hz, jitter_s, hole):
    rng = np.random.default_rng(5)
    streams = {
        "emg": samples("emg", EMG_HZ, 777.003, 1.5, 2),
        "angles": samples("angles", ANGLE_HZ, 776.9, 1.5, 1),
    }
    for key, chunk in streams.items():
        t = np.sort(chunk.t + rng.normal(0.0, 1.0, len(chunk.t)) * jitter_s)
        streams[key] = Chunk(key, t, chunk.x)
    streams[hole[0]].t[80:] += hole[1]
    expected = all_at_once(make_aligner(rate_hz, angle_mode=mode), *streams.values())
    aligner = make_aligner(rate_hz, angle_mode=mode)
    pieces = []
    for key, start, stop in data.draw(deliveries(300, 150)):
        aligner.push(part(streams[key], start, stop))
        pieces.append(aligner.rows())
    got = joined(pieces)
    for name, value in expected.items():
        np.testing.assert_array_equal(got[name], value, err_msg=name)


def test_rows_interpolate_at_exact_multiples_of_the_step():
    emg, angles = samples("emg", 1000.0, 10.0003, 2.0, 2), samples("angles", 100.0, 10.004, 2.0, 1)
    rows = all_at_once(make_aligner(emg_rate_hz=1000.0), emg, angles)
    np.testing.assert_array_equal(rows["t"], np.arange(1001, 1200) / 100.0)
    np.testing.assert_allclose(rows["excitation"], signal(rows["t"], 2), atol=1e-5)
    np.testing.assert_allclose(rows["angle"], signal(rows["t"], 1), atol=1e-3)
    assert rows["valid"].all()
    assert (rows["t_emg"] >= rows["t"]).all()
    assert (rows["t_emg"] - rows["t"] < 1e-3).all()


def test_a_row_comes_out_as_soon_as_both_streams_have_reached_it():
    aligner = make_aligner()
    emg, angles = samples("emg", EMG_HZ, 5.0, 1.0, 2), samples("angles", ANGLE_HZ, 5.0, 1.0, 1)
    aligner.push(part(emg, 0, 21))  # to 5.1
    assert aligner.rows() is None
    aligner.push(part(angles, 0, 6))  # to 5.05
    assert aligner.rows().t[-1] == 5.05
    assert aligner.rows() is None
    aligner.push(part(angles, 6, 20))  # to 5.19
    assert aligner.rows().t[-1] == 5.1


def test_a_sample_on_the_grid_comes_out_as_it_went_in():
    emg, angles = samples("emg", EMG_HZ, 3.0, 1.0, 2), samples("angles", ANGLE_HZ, 3.0, 1.0, 1)
    rows = all_at_once(make_aligner(), emg, angles)
    on_grid = np.isin(emg.t, rows["t"])
    assert on_grid.sum() > 50
    row = np.isin(rows["t"], emg.t)
    np.testing.assert_array_equal(rows["excitation"][row], emg.x[on_grid])
    np.testing.assert_array_equal(rows["t_emg"][row], emg.t[on_grid])


@pytest.mark.parametrize("key", ["emg", "angles"])
def test_rows_inside_a_gap_are_marked_and_finite(key):
    emg, angles = samples("emg", EMG_HZ, 3.001, 1.0, 2), samples("angles", ANGLE_HZ, 3.001, 1.0, 1)
    lost = {"emg": np.arange(80, 100), "angles": np.arange(40, 50)}[key]  # 3.40 to 3.50
    emg, angles = (without(c, lost) if c.stream == key else c for c in (emg, angles))
    rows = all_at_once(make_aligner(), emg, angles)
    bridged = rows["t"][~rows["valid"]]
    assert 0.09 < bridged[-1] - bridged[0] < 0.115
    assert bridged[0] == pytest.approx(3.4, abs=0.011)
    assert np.isfinite(rows["excitation"]).all()
    assert np.isfinite(rows["angle"]).all()
    np.testing.assert_allclose(np.diff(rows["t"]), 0.01)


def test_one_lost_sample_of_a_slow_stream_does_not_make_rows_invalid():
    emg = samples("emg", EMG_HZ, 3.0, 1.0, 2)
    angles = without(samples("angles", 50.0, 3.0, 1.0, 1), 20)
    assert all_at_once(make_aligner(angle_rate_hz=50.0), emg, angles)["valid"].all()
    assert not all_at_once(make_aligner(angle_rate_hz=np.inf), emg, angles)["valid"].all()


@pytest.mark.parametrize("silent", [{"emg"}, {"angles"}, {"emg", "angles"}])
def test_rows_inside_a_long_silence_are_left_out(silent):
    emg, angles = samples("emg", EMG_HZ, 3.001, 6.0, 2), samples("angles", ANGLE_HZ, 3.001, 6.0, 1)
    if "emg" in silent:
        emg = without(emg, np.arange(201, 800))  # 4.001 to 7.001
    if "angles" in silent:
        angles = without(angles, np.arange(101, 400))
    rows = all_at_once(make_aligner(), emg, angles)
    assert not np.any((rows["t"] > 4.001) & (rows["t"] < 7.001))
    assert len(rows["t"]) == 299
    assert rows["valid"].all()


def test_a_night_of_silence_costs_no_memory():
    aligner = make_aligner()
    emg, angles = samples("emg", EMG_HZ, 3.0, 1.0, 2), samples("angles", ANGLE_HZ, 3.0, 1.0, 1)
    all_at_once(aligner, emg, angles)
    later = [Chunk(c.stream, c.t + 36_000.0, c.x) for c in (emg, angles)]
    assert len(all_at_once(aligner, *later)["t"]) <= 100


def test_a_stream_that_runs_far_ahead_loses_its_oldest_samples():
    aligner = make_aligner(capacity=100)
    aligner.push(samples("emg", EMG_HZ, 3.0, 2.0, 2))
    aligner.push(samples("angles", ANGLE_HZ, 3.0, 1.0, 1))
    assert aligner.rows() is None
    aligner.push(samples("angles", ANGLE_HZ, 4.0, 1.0, 1))
    rows = aligner.rows()
    assert rows.t[0] == pytest.approx(4.5)
    assert rows.valid.all()


def test_buffers_stay_short_while_rows_are_taken():
    aligner = make_aligner()
    emg, angles = samples("emg", EMG_HZ, 3.0, 20.0, 2), samples("angles", ANGLE_HZ, 3.0, 20.0, 1)
    for i in range(0, 2000, 10):
        aligner.push(part(emg, 2 * i, 2 * i + 20))
        aligner.push(part(angles, i, i + 10))
        aligner.rows()
        assert len(aligner._emg) <= 4


def test_extrapolation_does_not_wait_for_the_next_angle():
    emg, angles = samples("emg", 1000.0, 8.0, 1.0, 1), samples("angles", ANGLE_HZ, 8.0, 1.0, 1)
    aligner = make_aligner(n_emg=1, angle_mode="extrapolate")
    aligner.push(part(angles, 0, 50))  # to 8.49
    aligner.push(part(emg, 0, 501))  # to 8.5
    rows = aligner.rows()
    assert rows.t[-1] == 8.5
    np.testing.assert_allclose(rows.angle, signal(rows.t, 1), atol=0.01)
    assert rows.valid.all()
    aligner.push(part(emg, 501, 600))
    assert aligner.rows() is None  # 8.51 would be two intervals after the newest angle


def test_extrapolation_through_two_close_stamps_stays_tame():
    t = 8.0 + np.arange(50) / ANGLE_HZ
    t[1::2] = t[0::2] + 1e-5
    x = np.random.default_rng(2).normal(0.0, 1e-3, (50, 1))
    aligner = make_aligner(n_emg=1, angle_mode="extrapolate")
    rows = all_at_once(aligner, samples("emg", EMG_HZ, 8.0, 1.0, 1), Chunk("angles", t, x))
    assert np.abs(rows["angle"]).max() < 0.03


def test_extrapolation_needs_the_rate_of_the_angles():
    with pytest.raises(ValueError, match="angle_rate_hz"):
        Aligner(100.0, ["a"], ["b"], 0.03, angle_mode="extrapolate")


def test_it_says_what_the_next_row_waits_for():
    aligner = make_aligner()
    assert aligner.awaited == "emg"
    assert aligner.emg_ahead_s == 0.0
    aligner.push(samples("emg", EMG_HZ, 10.0, 0.05, 2))  # the last one at 10.045 s
    assert aligner.awaited == "angles"
    aligner.push(samples("angles", ANGLE_HZ, 10.0, 0.1, 1))
    assert aligner.awaited == "emg"
    aligner.rows()
    assert aligner.emg_ahead_s == pytest.approx(0.005)


def test_extrapolated_angles_are_known_ahead():
    aligner = make_aligner(angle_mode="extrapolate")
    assert aligner.angle_ahead() is None
    emg, angles = samples("emg", EMG_HZ, 10.0, 1.0, 2), samples("angles", ANGLE_HZ, 10.0, 1.0, 1)
    ahead, rows, sent = None, 0, 0
    for i, t in enumerate(emg.t):
        while sent < len(angles.t) and angles.t[sent] <= t:
            aligner.push(part(angles, sent, sent + 1))
            sent += 1
        ahead = aligner.angle_ahead() if ahead is None else ahead
        aligner.push(part(emg, i, i + 1))
        row = aligner.rows()
        if row is not None and ahead is not None:
            np.testing.assert_array_equal(ahead, row.angle)
            rows, ahead = rows + 1, None
    assert rows > 90


def test_a_chunk_of_another_stream_is_refused():
    with pytest.raises(KeyError):
        make_aligner().push(samples("moments", 100.0, 0.0, 1.0, 1))
