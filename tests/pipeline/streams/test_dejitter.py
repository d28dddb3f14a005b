"""Stamps of senders that stamp whole chunks, and what is made of them."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal

from pipeline.streams.dejitter import DejitterState, dejitter

RATE_HZ = 2148.0
CHUNK = 27


def passed(parts, rate_hz=RATE_HZ):
    state, made = DejitterState(), []
    for part in parts:
        state, t = dejitter(state, rate_hz, np.asarray(part))
        made.append(t)
    return state, np.concatenate(made)


def chunked(seconds, jitter_s, *, true_hz=RATE_HZ, shared=False, gap=None, seed=1):
    """True times of samples, and chunks of them stamped as they arrive, late by chance."""
    rng = np.random.default_rng(seed)
    count = int(seconds * true_hz / CHUNK)
    true = 100.0 + np.arange(count * CHUNK) / true_hz
    if gap:
        true[gap[0] * CHUNK :] += gap[1]
    back = np.zeros(CHUNK) if shared else (CHUNK - 1 - np.arange(CHUNK)) / RATE_HZ
    ends = true[CHUNK - 1 :: CHUNK] + rng.normal(0.0, jitter_s, count)
    return true, [end - back for end in ends]


@given(
    st.lists(st.floats(1e-4, 0.02), min_size=1, max_size=60),
    st.lists(st.integers(0, 60), max_size=6),
)
def test_stamps_that_increase_pass_as_they_are(steps, cuts):
    t = 5.0 + np.cumsum(steps)
    state, made = passed(np.split(t, sorted(c for c in cuts if c <= len(t))), 100.0)
    assert_array_equal(made, t)
    assert not state.engaged
    assert state.remade == 0


@given(
    st.lists(st.tuples(st.floats(-0.05, 0.05), st.integers(1, 12)), min_size=2, max_size=30),
    st.lists(st.integers(0, 200), max_size=12),
)
def test_how_stamps_are_cut_changes_nothing_and_all_increase(groups, cuts):
    """Samples that share a stamp may be polled in any parts, as a busy machine does."""
    lengths = [length for _, length in groups]
    ends = 5.0 + np.cumsum(lengths) / 100.0 + [jitter for jitter, _ in groups]
    t = np.repeat(ends, lengths)
    whole = passed([t], 100.0)
    cut = passed(np.split(t, sorted(c for c in cuts if c <= len(t))), 100.0)
    assert_array_equal(whole[1], cut[1])
    assert whole[0] == cut[0]
    assert np.all(np.diff(whole[1]) > 0)


@pytest.mark.parametrize(("jitter_s", "off_s"), [(0.003, 0.002), (0.008, 0.006)])
@pytest.mark.parametrize("shared", [False, True])
def test_jitter_of_chunks_goes_and_no_sample_is_lost(jitter_s, off_s, shared):
    true, parts = chunked(20.0, jitter_s, shared=shared)
    state, made = passed(parts)
    assert np.all(np.diff(made) > 0)
    settled = true > true[0] + 3.0
    assert np.abs(made - true)[settled].max() < off_s
    assert np.diff(made)[settled[1:]].std() < 0.02 / RATE_HZ
    assert state.spread_s == pytest.approx(jitter_s, rel=0.4)


@given(st.lists(st.integers(20, 30), min_size=3, max_size=40), st.integers(1, 40))
def test_one_stamp_for_a_chunk_is_that_of_its_last_sample(lengths, polled):
    """However long chunks are and in what parts they are polled."""
    true = 100.0 + np.arange(sum(lengths)) / RATE_HZ
    shared = np.repeat(true[np.cumsum(lengths) - 1], lengths)
    _, made = passed(np.split(shared, np.arange(polled, len(shared), polled)))
    assert np.abs(made - true)[lengths[0] :].max() < 0.2 / RATE_HZ


def test_what_shares_the_first_stamp_crowds_at_it():
    """Nobody knows yet how many they are, and a sample never waits for another."""
    _, made = passed([np.full(CHUNK, 100.0)])
    assert np.all(np.diff(made) > 0)
    assert_allclose(made, 100.0, atol=0.2 / RATE_HZ)


@pytest.mark.parametrize("lost", [1, 3])
def test_a_chunk_that_got_lost_leaves_its_hole_where_it_was(lost):
    true, parts = chunked(5.0, 0.0, shared=True)
    del parts[200 : 200 + lost]
    kept = np.delete(true, np.arange(200 * CHUNK, (200 + lost) * CHUNK))
    _, made = passed(parts)
    assert np.abs(made - kept)[kept > 104.0].max() < 1.0 / RATE_HZ
    assert_array_equal(np.flatnonzero(np.diff(made) > 2.0 / RATE_HZ), [200 * CHUNK - 1])


def test_a_chunk_much_longer_than_those_before_is_no_lasting_error():
    lengths = np.array([20] * 100 + [90] + [20] * 100)
    true = 100.0 + np.arange(lengths.sum()) / RATE_HZ
    _, made = passed([np.repeat(true[np.cumsum(lengths) - 1], lengths)])
    off = np.abs(made - true)
    assert np.all(np.diff(made) > 0)
    assert off[np.r_[20:2000, 2090 : len(off)]].max() < 0.5 / RATE_HZ


def test_a_wrong_rate_is_followed():
    true, parts = chunked(20.0, 0.003, true_hz=0.99 * RATE_HZ)
    _, made = passed(parts)
    assert np.abs(made - true)[true > 103.0].max() < 0.003


def test_a_true_gap_stays_one():
    true, parts = chunked(20.0, 0.003, gap=(800, 0.2))
    _, made = passed(parts)
    wide = np.flatnonzero(np.diff(made) > 0.1)
    assert_array_equal(wide, np.flatnonzero(np.diff(true) > 0.1))
    assert np.abs(made - true)[true > 103.0].max() < 0.008


def test_a_stamp_from_long_ago_and_one_that_is_none_are_left_to_the_screen():
    state, made = passed([[1.0, 1.01, 0.2, np.nan, 1.02]], 100.0)
    assert_array_equal(made, [1.0, 1.01, 0.2, np.nan, 1.02])
    assert not state.engaged


@pytest.mark.parametrize("held_s", [0.4, 1.5, 4.0])
def test_what_a_sender_held_back_and_sent_at_once_is_not_stamped_far_ahead(held_s):
    """As a radio link does: stamped on arrival, one chunk a millisecond after the other."""
    true, parts = chunked(20.0, 0.003, shared=True)
    begun = 105.0
    for k, part in enumerate(parts):
        if begun < part[-1] < begun + held_s:
            parts[k] = np.full(CHUNK, begun + held_s + 1e-4 * k)
    _, made = passed(parts)
    assert np.all(np.diff(made) > 0)
    assert np.max(made - np.concatenate(parts)) < 0.2
    settled = true > begun + held_s + 3.0
    assert np.abs(made - true)[settled].max() < 0.01


@pytest.mark.parametrize("factor", [0.5, 2.2])
def test_a_rate_that_is_quite_wrong_never_runs_far_ahead(factor):
    _, parts = chunked(10.0, 0.003, shared=True)
    _, made = passed(parts, RATE_HZ * factor)
    assert np.all(np.diff(made) > 0)
    assert np.max(made - np.concatenate(parts)) < 0.2
