"""Scores of chosen rows beside those of the uncalibrated person and of the mean."""

import numpy as np
import pytest

from daemon.offline.rows import Compared, agreement

RNG = np.random.default_rng(5)


def test_every_error_is_one_of_the_same_rows_pooled_over_all_parts():
    reference, predicted, uncalibrated = RNG.normal(size=(3, 200, 2)) + 3.0
    reference[40:90, 0] = np.nan
    parts = [
        Compared(predicted[part], reference[part], uncalibrated[part])
        for part in (slice(0, 70), slice(70, None))
    ]
    found = agreement(["hip", "knee"], parts)
    for i, dof in enumerate(["hip", "knee"]):
        for key, moment in (("rmse", predicted), ("rmse_uncalibrated", uncalibrated)):
            error = (moment - reference)[:, i]
            assert found[key][dof] == pytest.approx(np.sqrt(np.nanmean(error**2)))
        assert found["rmse_of_mean"][dof] == pytest.approx(np.nanstd(reference[:, i]))
    assert found["rows"] == 200


def test_without_a_reference_there_is_no_error():
    moment = np.zeros((10, 1))
    found = agreement(["hip"], [Compared(moment, np.full((10, 1), np.nan), moment)])
    assert found["rmse"] == found["rmse_uncalibrated"] == found["rmse_of_mean"] == {"hip": None}
