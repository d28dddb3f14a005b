"""Scatter from stretch to stretch: against the covariance of the data, and what the data choose."""

import numpy as np
import pytest
from drifting import ramp, session, steady
from scipy.stats import multivariate_normal

from pipeline.drift.changes import course_of
from pipeline.drift.jitter import with_jitter
from pipeline.drift.statistics import gathered
from pipeline.drift.stretches import JITTERS, STRETCH_S, Stretches


def scattered(seconds, jitter, courses=(steady, steady, steady)):
    """Return statistics in whose stretches each factor is off by chance."""
    rng = np.random.default_rng(5)
    found = []
    for k, one in enumerate(session(courses, seconds)):
        if k % round(STRETCH_S) == 0:
            off = np.append(jitter * rng.standard_normal(len(courses)), 0.0)
        found.append(one._replace(vector=one.vector + one.information @ off))
    return found


def test_it_is_that_of_data_with_a_larger_covariance():
    rng = np.random.default_rng(3)
    rows, states = 6, 3
    h, y, variance = rng.standard_normal((rows, states)), rng.standard_normal(rows), 0.7
    scatter = np.array([0.5, 0.0, 2.0])
    exact = (h.T @ h / variance)[None], (h.T @ y / variance)[None]
    information, vector, likelihood = with_jitter(*exact, scatter[None])
    covariance = variance * np.eye(rows) + h * scatter @ h.T
    np.testing.assert_allclose(information[0], h.T @ np.linalg.solve(covariance, h), atol=1e-9)
    np.testing.assert_allclose(vector[0], h.T @ np.linalg.solve(covariance, y), atol=1e-9)
    with_it = multivariate_normal(cov=covariance).logpdf(y)
    without = multivariate_normal(cov=variance * np.eye(rows)).logpdf(y)
    assert likelihood == pytest.approx(with_it - without)


@pytest.mark.parametrize("jitter", [JITTERS[0], JITTERS[3]])
def test_the_data_say_how_large_it_is(jitter):
    parts = gathered(scattered(300, jitter), STRETCH_S)
    exact = np.stack([one.information for one in parts])
    chosen = Stretches.of(parts, 3).information
    loss = np.linalg.inv(chosen[0])[0, 0] - np.linalg.inv(exact[0])[0, 0]
    assert np.sqrt(loss) == pytest.approx(jitter, rel=0.1)


def test_what_is_off_by_chance_is_no_change_and_a_change_is_found_beside_it():
    assert course_of(scattered(300, 0.04), 3).changes == ()
    (one,) = course_of(scattered(300, 0.04, (ramp(100, 200, -0.3), steady, steady)), 3).changes
    assert one.unit == 0
    assert one.share.low < -0.3 < one.share.high
