"""Intervals by resampling and by the curvature: what is compared."""

import pytest

from daemon.config import load_config
from tools.studies.resampling import pairs, summary, truths

TRUTH = {("P0000", "strength", "BRA"): 1.5, ("P0000", "c1", "BRA"): -0.5}
ROW = {
    "person": "P0000",
    "quantity": "strength",
    "of": "BRA",
    "draw": 0,
    "value": 1.0,
    "deviation": 0.5,
    "identifiability": "identified",
    "bound_low": 0.0,
    "bound_high": 4.0,
    "interval_low": 0.9,
    "interval_high": 1.1,
}


def test_intervals_are_shares_of_the_bounds_and_draws_are_left_out():
    rows = [ROW, ROW | {"draw": 1}, ROW | {"of": "nobody"}, ROW | {"deviation": None}]
    (pair,) = pairs(rows, TRUTH)
    assert pair.truth == pytest.approx(1.5 / 4)
    assert pair.curvature == pytest.approx((0.005, 1.98 / 4))
    assert pair.draws == pytest.approx((0.225, 0.275))


def test_the_summary_counts_what_each_interval_holds():
    far = ROW | {"interval_low": 1.4, "interval_high": 1.8}
    by_kind = {one["parameter"]: one for one in summary(pairs([ROW, far], TRUTH))}
    strength = by_kind["strength"]
    assert strength["count"] == by_kind["all"]["count"] == 2
    assert strength["curvature_inside"] == 1.0
    assert strength["draws_inside"] == 0.5
    assert strength["draws_width"] == pytest.approx((0.05 + 0.1) / 2)


def test_truths_are_in_the_units_of_the_parameters():
    config = load_config("arm")
    found = truths(config, 100)
    muscles = set(config.model.muscles)
    assert {muscle for _, muscle in found} == muscles
    assert all(0.05 < found["optimal_fibre_length", muscle] < 0.4 for muscle in muscles)
    assert all(0.3 < found["strength", muscle] < 2.1 for muscle in muscles)
