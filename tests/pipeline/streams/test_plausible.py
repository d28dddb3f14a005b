"""Values that cannot be: what is left out, from when on it is a fault, and when that is over."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.streams.plausible import RangeWatch

NAMES, LOW, HIGH = ("hip", "knee"), np.array([-2.0, -1.5]), np.array([3.0, 4.0])


def stream(*parts):
    """Return times and values at 100 Hz of seconds at a knee angle each."""
    knee = np.concatenate([np.full(round(100 * seconds), value) for seconds, value in parts])
    return 50.0 + 0.01 * np.arange(len(knee)), np.stack((np.zeros(len(knee)), knee), axis=1)


def watch():
    return RangeWatch(NAMES, LOW, HIGH)


def test_what_is_in_range_passes():
    t, x = stream((1.0, 0.5))
    x[10, 0] = np.nan
    looking = watch()
    assert looking.usable(t, x).all()
    assert (looking.fault, looking.left_out) == (None, 0)


def test_a_spike_is_left_out_and_is_no_fault():
    looking = watch()
    keep = looking.usable(*stream((0.5, 0.5), (0.02, 55.0), (0.5, 0.5)))
    assert np.flatnonzero(~keep).tolist() == [50, 51]
    assert (looking.fault, looking.left_out) == (None, 2)


def test_degrees_are_a_fault_with_name_and_value_even_where_they_pass_through_the_range():
    looking = watch()
    keep = looking.usable(*stream((0.5, 55.0), (0.3, 0.5), (0.5, 20.0)))
    assert not keep.any()
    assert (looking.fault.channel, looking.fault.value) == ("knee", 20.0)
    assert (looking.fault.low, looking.fault.high) == (-1.5, 4.0)


def test_a_fault_is_over_after_a_second_in_range():
    looking = watch()
    keep = looking.usable(*stream((0.5, 55.0), (1.5, 0.5)))
    assert looking.fault is None
    assert keep.sum() == pytest.approx(51, abs=1)
    assert keep[-50:].all()


@given(st.lists(st.integers(1, 60), min_size=1, max_size=8), st.integers(0, 2**32 - 1))
def test_chunks_make_no_difference(cuts, seed):
    t, x = stream((0.3, 0.5), (0.4, 55.0), (1.2, 0.5), (0.2, -9.0), (0.5, 1.0))
    x[:, 1] += np.random.default_rng(seed).choice([0.0, 60.0], len(x), p=[0.97, 0.03])
    whole, parts = watch(), watch()
    edges = np.cumsum(cuts)
    keep = [
        parts.usable(*part) for part in zip(np.split(t, edges), np.split(x, edges), strict=True)
    ]
    np.testing.assert_array_equal(np.concatenate(keep), whole.usable(t, x))
    assert parts.fault == whole.fault
