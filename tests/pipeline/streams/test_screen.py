from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_array_equal

from pipeline.streams.base import StreamSpec
from pipeline.streams.screen import ScreenState, screen

SPEC = StreamSpec("emg", ("a", "b"), 100.0)
REFERENCE = replace(SPEC, key="moments", keep_nonfinite=True)

stamps = st.one_of(
    st.integers(0, 400).map(lambda k: k / 100), st.sampled_from([np.nan, np.inf, -np.inf])
)
values = st.one_of(st.floats(-1, 1), st.sampled_from([np.nan, np.inf, -np.inf]))
samples = st.lists(st.tuples(stamps, values, values), max_size=60)


def regular(n, rate_hz=100.0, start=5.0):
    t = start + np.arange(n) / rate_hz
    return t, np.column_stack([np.arange(n), -np.arange(n)]).astype(float)


def in_chunks(spec, t, x, cuts, latest=np.inf):
    state, passed = ScreenState(), []
    for part in np.split(np.arange(len(t)), sorted(cuts)):
        state, t_ok, x_ok = screen(state, spec, t[part], x[part], latest)
        passed.append((t_ok, x_ok))
    return state, np.concatenate([p[0] for p in passed]), np.concatenate([p[1] for p in passed])


@given(samples, st.lists(st.integers(0, 60), max_size=8), st.booleans())
def test_what_passes_does_not_depend_on_the_chunks(rows, cuts, reference):
    table = np.array(rows, dtype=float).reshape(-1, 3)
    spec = REFERENCE if reference else SPEC
    whole = in_chunks(spec, table[:, 0], table[:, 1:], [], latest=3.5)
    cut = in_chunks(spec, table[:, 0], table[:, 1:], [c for c in cuts if c <= len(rows)], 3.5)
    assert repr(whole[0]) == repr(cut[0])
    assert_array_equal(whole[1], cut[1])
    assert_array_equal(whole[2], cut[2])


@given(samples, st.booleans())
def test_what_passes_is_in_order_and_every_sample_is_accounted_for(rows, reference):
    table = np.array(rows, dtype=float).reshape(-1, 3)
    spec = REFERENCE if reference else SPEC
    state, t, x = screen(ScreenState(), spec, table[:, 0], table[:, 1:], latest=3.5)
    assert np.all(np.diff(t) > 0)
    assert np.all(t <= 3.5)
    assert not np.isinf(x).any()
    assert reference or np.isfinite(x).all()
    dropped = state.out_of_order + state.from_future + (0 if reference else state.nonfinite)
    assert state.received == len(rows) == len(t) + dropped


def test_a_regular_stream_passes_whole_and_has_its_rate():
    t, x = regular(500)
    state, t_ok, x_ok = screen(ScreenState(), SPEC, t, x)
    assert_array_equal(t_ok, t)
    assert_array_equal(x_ok, x)
    assert state.gaps == state.missing_samples == state.out_of_order == state.nonfinite == 0
    assert state.rate_hz == pytest.approx(100.0)


def test_the_rate_is_known_from_two_samples_on():
    t, x = regular(2)
    first, *_ = screen(ScreenState(), SPEC, t[:1], x[:1])
    both, *_ = screen(first, SPEC, t[1:], x[1:])
    assert first.rate_hz is None
    assert both.rate_hz == pytest.approx(100.0)


def test_a_gap_is_counted_with_the_samples_that_would_have_filled_it():
    t, x = regular(100)
    keep = np.r_[0:30, 34:70, 71:100]
    state, *_ = screen(ScreenState(), SPEC, t[keep], x[keep])
    assert (state.gaps, state.missing_samples) == (2, 5)


def test_stamps_that_jump_back_are_dropped_until_time_has_caught_up():
    t, x = regular(100)
    t[50:] -= 0.205
    state, t_ok, _ = screen(ScreenState(), SPEC, t, x)
    assert state.out_of_order == 20
    assert np.all(np.diff(t_ok) > 0)


def test_a_stamp_far_in_the_future_does_not_block_the_stream():
    t, x = regular(100)
    t[50] += 1000.0
    state, t_ok, _ = screen(ScreenState(), SPEC, t, x, latest=t[-1] + 1.0)
    assert (state.from_future, len(t_ok)) == (1, 99)


def test_a_value_that_cannot_be_counts_as_not_finite():
    t, x = regular(100)
    state, t_ok, _ = screen(ScreenState(), replace(SPEC, largest=89.5), t, x)
    assert (state.nonfinite, len(t_ok)) == (10, 90)
    state, t_ok, x_ok = screen(ScreenState(), replace(REFERENCE, largest=89.5), t, x)
    assert (state.nonfinite, len(t_ok)) == (10, 100)
    assert np.isnan(x_ok[90:]).all()


def test_a_sample_with_nan_is_dropped_but_is_no_gap():
    t, x = regular(100)
    x[10, 0] = np.nan
    x[20:22, 1] = np.inf
    state, t_ok, x_ok = screen(ScreenState(), SPEC, t, x)
    assert (state.nonfinite, state.gaps, len(t_ok)) == (3, 0, 97)
    assert np.isfinite(x_ok).all()


def test_only_usable_samples_make_a_stream_young():
    t, x = regular(10)
    x[5:] = np.nan
    state, *_ = screen(ScreenState(), SPEC, t, x)
    assert (state.newest, state.newest_usable) == (t[-1], t[4])


def test_a_reference_keeps_nan_and_turns_infinity_into_it():
    t, x = regular(10)
    x[3, 0], x[4, 0] = np.nan, np.inf
    state, t_ok, x_ok = screen(ScreenState(), REFERENCE, t, x)
    assert (state.nonfinite, len(t_ok)) == (2, 10)
    assert np.isnan(x_ok[3:5, 0]).all()
    assert np.isfinite(x_ok[3:5, 1]).all()


def test_a_rate_that_lies_is_measured():
    t, x = regular(500, rate_hz=50.0)
    state, *_ = screen(ScreenState(), SPEC, t, x)
    assert state.rate_hz == pytest.approx(50.0)


def test_a_pause_does_not_spoil_the_measured_rate():
    t, x = regular(1000)
    t[500:] += 30.0
    state, *_ = screen(ScreenState(), SPEC, t, x)
    assert state.rate_hz == pytest.approx(100.0)
    assert state.gaps == 1
