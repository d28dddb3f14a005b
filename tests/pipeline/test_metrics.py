import math

import numpy as np
import pytest

from pipeline.metrics import known, r2, rms, rms_of_known, rmse

PREDICTED = np.array([1.0, 2.0, 9.0, 5.0])
REFERENCE = np.array([1.0, 4.0, np.nan, 4.0])


def test_only_rows_with_a_reference_count():
    assert rmse(PREDICTED, REFERENCE) == pytest.approx(math.sqrt(5 / 3))
    assert r2(PREDICTED, REFERENCE) == pytest.approx(1.0 - (5 / 3) / 2.0)


def test_a_perfect_prediction_scores_one():
    assert rmse(PREDICTED, PREDICTED) == 0.0
    assert r2(PREDICTED, PREDICTED) == 1.0


def test_without_reference_there_is_no_score():
    nothing = np.full(4, np.nan)
    assert math.isnan(rmse(PREDICTED, nothing))
    assert math.isnan(r2(PREDICTED, nothing))
    assert math.isnan(rms_of_known(nothing))
    assert math.isnan(rms_of_known([]))
    assert math.isnan(rms([]))


def test_a_constant_reference_has_an_error_but_no_r2():
    constant = np.ones(4)
    assert math.isnan(r2(PREDICTED, constant))
    assert math.isfinite(rmse(PREDICTED, constant))


def test_a_prediction_that_is_not_finite_does_not_pass_for_a_good_one():
    spoilt = np.array([1.0, np.nan, 9.0, 5.0])
    assert math.isnan(rmse(spoilt, REFERENCE))
    assert math.isnan(r2(spoilt, REFERENCE))


def test_the_root_mean_square_of_the_known_leaves_out_what_is_unknown():
    assert rms_of_known([3.0, math.nan, -3.0]) == 3.0


def test_the_root_mean_square_hides_nothing_that_is_not_finite():
    assert math.isnan(rms([3.0, math.nan, -3.0]))


def test_a_score_that_is_not_known_is_none():
    assert known(math.nan) is None
    assert known(math.inf) is None
    assert known(np.float64(0.5)) == 0.5
