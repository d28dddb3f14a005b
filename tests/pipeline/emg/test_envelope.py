from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.emg.envelope import Envelope
from pipeline.errors import UserError
from pipeline.streams.base import Chunk

RATE_HZ = 1000.0


def make_envelope(n_channels=2, **changes):
    settings = {
        "channels": [f"c{i}" for i in range(n_channels)],
        "rate_hz": RATE_HZ,
        "kind": "raw",
        "band_hz": (30.0, 300.0),
        "band_order": 3,
        "lowpass_hz": 6.0,
        "lowpass_order": 2,
        "mvc": {},
        "baseline": "none",
        "max_gap_s": 0.03,
    }
    return Envelope(**settings | changes)


def stamps(n, rate_hz=RATE_HZ, start_s=1000.0):
    return start_s + np.arange(n) / rate_hz


def noise(n, n_channels=2, seed=0):
    return np.random.default_rng(seed).standard_normal((n, n_channels))


def through(envelope, t, x, cuts=()):
    """Send samples through in chunks that end at the given indices."""
    out = []
    edges = [0, *sorted(cuts), len(t)]
    for start, stop in pairwise(edges):
        out.append(envelope.process(Chunk("emg", t[start:stop], x[start:stop])))
    return np.concatenate([c.t for c in out]), np.concatenate([c.x for c in out])


@given(
    cuts=st.lists(st.integers(0, 3000), max_size=40),
    gaps=st.lists(st.tuples(st.integers(1, 2999), st.floats(0.0, 0.5)), max_size=4),
    baseline=st.sampled_from(["none", "tracked"]),
    kind=st.sampled_from(["raw", "envelope"]),
)
def test_any_split_into_chunks_gives_the_same_output(cuts, gaps, baseline, kind):
    t, x = stamps(3000), noise(3000)
    for at, length_s in gaps:
        t[at:] += length_s
    whole_t, whole = through(make_envelope(baseline=baseline, kind=kind), t, x)
    split_t, split = through(make_envelope(baseline=baseline, kind=kind), t, x, cuts)
    np.testing.assert_array_equal(split_t, t)
    np.testing.assert_array_equal(whole_t, t)
    np.testing.assert_allclose(split, whole, rtol=0.0, atol=1e-9)


@pytest.mark.parametrize("lowpass_order", [1, 2, 4])
def test_stated_group_delay_is_that_of_modulated_noise(lowpass_order):
    envelope = make_envelope(n_channels=64, lowpass_order=lowpass_order)
    t = stamps(20_000, start_s=0.0)
    modulation = 1.0 + 0.8 * np.sin(2.0 * np.pi * t)
    _, x = through(envelope, t, noise(20_000, 64) * modulation[:, None])
    late = slice(2000, 20_000)
    phase = np.angle(np.exp(-2j * np.pi * t[late]) @ x[late].mean(axis=1) * 1j)
    assert -phase / (2.0 * np.pi) == pytest.approx(envelope.group_delay_s, abs=0.002)


def test_group_delay_of_the_low_pass_is_the_textbook_one():
    # sqrt(2) / (2 pi 6 Hz) for the second-order Butterworth; the band-pass adds 1 to 5 ms.
    assert 0.0385 < make_envelope().group_delay_s < 0.0425
    assert make_envelope(kind="envelope").group_delay_s == 0.0


def test_electrode_offset_makes_no_burst():
    _, x = through(make_envelope(), stamps(2000), np.full((2000, 2), 0.3))
    assert np.max(x) < 1e-9


def test_envelope_of_steady_noise_is_its_mean_rectified_value():
    _, x = through(make_envelope(), stamps(20_000), noise(20_000))
    band_share = 270.0 / 500.0  # of white noise's power that passes
    assert x[5000:].mean() == pytest.approx(np.sqrt(2.0 / np.pi * band_share), rel=0.05)


def test_excitation_is_in_fractions_of_mvc_by_channel():
    plain = through(make_envelope(), stamps(1000), noise(1000))[1]
    scaled = through(make_envelope(mvc={"c1": 4.0}), stamps(1000), noise(1000))[1]
    np.testing.assert_allclose(scaled, plain / [1.0, 4.0])


def test_fixed_baseline_is_taken_off_and_cut_at_zero():
    envelope = make_envelope(kind="envelope", baseline={"c1": 0.1}, mvc={"c1": 2.0})
    _, x = through(envelope, stamps(2), np.array([[0.3, 0.6], [-0.01, 0.1]]))
    np.testing.assert_allclose(x, [[0.3, 0.2], [0.0, 0.0]])


def test_samples_that_would_poison_the_filters_are_left_out():
    t, x = stamps(1000), noise(1000)
    x[100, 0], x[300, 1], x[500, 0] = np.nan, np.inf, 1e300
    out_t, out = through(make_envelope(), t, x)
    assert np.isfinite(out).all()
    np.testing.assert_array_equal(out_t, np.delete(t, [100, 300, 500]))


@given(scale=st.floats(0.0, 1e3), seed=st.integers(0, 100))
def test_excitation_is_finite_and_never_negative(scale, seed):
    x = noise(500, seed=seed) * scale * (np.arange(500) < 200)[:, None]
    for kind in ("raw", "envelope"):
        out = through(make_envelope(kind=kind, baseline="tracked"), stamps(500), x)[1]
        assert np.isfinite(out).all()
        assert (out >= 0.0).all()


def test_an_empty_chunk_goes_through():
    envelope = make_envelope()
    assert envelope.process(Chunk("emg", np.empty(0), np.empty((0, 2)))).x.shape == (0, 2)


def test_a_rate_too_low_for_the_band_is_refused_with_both_numbers():
    with pytest.raises(UserError, match=r"'emg' has a rate of 500 Hz.* more than 600 Hz"):
        make_envelope(rate_hz=500.0)
    with pytest.raises(UserError, match="more than 600 Hz"):
        make_envelope(rate_hz=600.0)
    make_envelope(rate_hz=100.0, kind="envelope")


def test_real_walking_emg_becomes_bursts_between_rest(shared_data):
    recording = np.load(shared_data / "raw_emg" / "walk_2000hz.npz")
    emg = next(recording[key] for key in recording.files if recording[key].ndim == 2) * 1e-3
    emg = emg if emg.shape[0] > emg.shape[1] else emg.T
    names = [f"c{i}" for i in range(emg.shape[1])]
    envelope = make_envelope(emg.shape[1], channels=names, rate_hz=2000.0)
    _, x = through(envelope, stamps(len(emg), 2000.0), emg, range(0, len(emg), 20))
    settled = x[400:]
    assert np.isfinite(settled).all()
    assert (settled.max(axis=0) > 3.0 * np.percentile(settled, 10, axis=0)).all()
    assert (settled.max(axis=0) < np.abs(emg - emg.mean(axis=0)).max(axis=0)).all()
