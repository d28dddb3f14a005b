"""Buckets against a plain computation, however the values come."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from daemon.web.history import FINEST_S, LEAST_BUCKETS, History

KEPT_S = 40.0
SERIES = 3
values = st.one_of(st.just(np.nan), st.floats(-1e3, 1e3, width=32))
samples = st.lists(st.tuples(st.floats(0.0, 3 * KEPT_S), values, values), min_size=1, max_size=60)
places = st.lists(st.integers(0, 60), max_size=5)


def add(history, taken):
    t, low, high = (np.array(column, dtype=float) for column in zip(*taken, strict=True))
    low, high = np.fmin(low, high), np.fmax(low, high)
    history.add(slice(0, 2), t, np.stack((low, 2 * low), 1), np.stack((high, 2 * high), 1))


def plain(taken, level, first, count):
    """Smallest and largest per bucket, one value after the other."""
    found = {}
    for t, a, b in taken:
        known = [x for x in (a, b) if not np.isnan(x)]
        found.setdefault(int(np.floor(t / FINEST_S)) >> level, []).extend(known)
    low = [min(found.get(k) or [np.nan]) for k in range(first, first + count)]
    high = [max(found.get(k) or [np.nan]) for k in range(first, first + count)]
    return np.array(low, np.float32), np.array(high, np.float32)


@given(samples, places, st.integers(0, 9))
def test_any_chunks_give_the_buckets_of_a_plain_computation(taken, cuts, level):
    history = History(SERIES, KEPT_S)
    edges = [0, *sorted(min(cut, len(taken)) for cut in cuts), len(taken)]
    for start, stop in pairwise(edges):
        if stop > start:
            add(history, taken[start:stop])
    newest = history.newest(level)
    assert newest == max(int(np.floor(t / FINEST_S)) >> level for t, _, _ in taken)
    kept = min(int(np.ceil(KEPT_S / History.widths()[level])) + 1, newest + 1)
    first = newest - kept + 1
    stretch = history.read(level, first, kept)
    low, high = plain(taken, level, first, kept)
    np.testing.assert_array_equal(stretch.low[0], low)
    np.testing.assert_array_equal(stretch.high[0], high)
    np.testing.assert_array_equal(stretch.high[1], 2 * high)
    assert np.isnan(stretch.low[2]).all()


@given(samples, st.integers(0, 9))
def test_what_has_not_changed_since_a_revision_reads_as_it_did(taken, level):
    history = History(SERIES, KEPT_S)
    half = len(taken) // 2
    if half:
        add(history, taken[:half])
    before, seen = history.read(level, 0, 8000 >> level), history.revision
    add(history, taken[half:])
    after = history.read(level, 0, 8000 >> level)
    kept = history.read(level, history.newest(level), 1).first - int(
        KEPT_S / history.widths()[level]
    )
    changed = history.changed(level, 0, 8000 >> level, seen)
    same = slice(max(kept, 0), changed)
    np.testing.assert_array_equal(before.low[:, same], after.low[:, same])
    np.testing.assert_array_equal(before.high[:, same], after.high[:, same])


def test_nothing_changes_without_values():
    history = History(1)
    assert history.newest(0) is None
    assert np.isnan(history.read(0, 5, 3).low).all()
    assert history.changed(0, 0, 10, 0) is None
    history.add(slice(0, 1), np.empty(0), np.empty((0, 1)), np.empty((0, 1)))
    assert history.revision == 0


def test_what_is_older_than_the_ring_is_gone_and_stays_away():
    history = History(SERIES, KEPT_S)
    add(history, [(1.0, 5.0, 5.0)])
    add(history, [(1.0 + 2 * KEPT_S, 6.0, 6.0)])
    add(history, [(1.0, 7.0, 7.0)])
    first = int(1.0 / FINEST_S)
    assert np.isnan(history.read(0, first, 1).low).all()
    assert history.read(0, history.newest(0), 1).low[0, 0] == 6.0


@pytest.mark.parametrize("series", [1, 46, 400, 2000])
def test_memory_is_fixed_and_bounded(series):
    bound = 2**24
    history = History(series, most_bytes=bound)
    least = 10 * LEAST_BUCKETS * (8 * series + 8)
    assert history.nbytes <= bound + least


def test_memory_does_not_grow():
    history = History(SERIES, KEPT_S)
    before = history.nbytes
    for start in range(0, 400, 40):
        add(history, [(start + 0.1 * k, k, k) for k in range(400)])
    assert history.nbytes == before
