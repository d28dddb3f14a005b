"""Deviations that are scaled until as many errors as claimed lie within."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.conformal import DEVIATIONS, ConformalScale

RATE_HZ = 100.0


def lived(sizes, seed=1, claimed=1.0):
    """Take seconds of errors of these sizes; return the share inside of each, and the scale."""
    random, scale, inside = np.random.default_rng(seed), ConformalScale(1, RATE_HZ), []
    for size in sizes:
        error = random.normal(0.0, size, (round(RATE_HZ), 1))
        claim = np.full_like(error, claimed)
        published = scale.scale * claim
        inside.append(float(np.mean(np.abs(error) <= DEVIATIONS * published)))
        scale.learn(error, claim, published)
    return np.array(inside), float(scale.scale[0])


@pytest.mark.parametrize("size", [0.2, 1.0, 4.0])
def test_as_many_errors_as_wanted_lie_within_whatever_was_claimed(size):
    inside, scale = lived([size] * 60)
    assert scale == pytest.approx(size, rel=0.15)
    assert 0.94 < inside[5:].mean() < 0.97


def test_errors_that_grow_are_followed():
    inside, scale = lived([1.0] * 30 + [3.0] * 40)
    assert inside[30] < 0.8
    assert inside[35:].mean() > 0.93
    assert scale > 2.0


def test_what_has_no_reference_and_what_is_not_known_teaches_nothing():
    scale, unknown = ConformalScale(2, RATE_HZ), np.full((200, 2), np.nan)
    scale.learn(unknown, np.ones((200, 2)), np.ones((200, 2)))
    scale.learn(np.ones((200, 2)), unknown, unknown)
    np.testing.assert_array_equal(scale.scale, 1.0)
    one_joint = np.column_stack((np.full(200, 3.0), np.full(200, np.nan)))
    scale.learn(one_joint, np.ones((200, 2)), np.ones((200, 2)))
    assert scale.scale[0] == pytest.approx(1.5)
    assert scale.scale[1] == 1.0


@given(cuts=st.lists(st.integers(0, 400), max_size=5))
def test_how_rows_were_cut_makes_no_difference(cuts):
    random = np.random.default_rng(2)
    error, claimed = random.normal(size=(400, 1)), np.full((400, 1), 0.7)
    whole, cut = ConformalScale(1, RATE_HZ), ConformalScale(1, RATE_HZ)
    whole.learn(error, claimed, claimed)
    for part in np.split(np.arange(400), sorted(cuts)):
        cut.learn(error[part], claimed[part], claimed[part])
    assert cut.scale == whole.scale
