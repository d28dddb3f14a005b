"""Statistics of a session in which the truth about every factor is known."""

import numpy as np

from pipeline.drift.statistics import DriftStatistics

NOISE_NM = 0.5
RATE_HZ = 20.0


def session(courses, seconds=360, seed=0, alike=()):
    """Return statistics of one second each, of muscles whose factors follow `courses`.

    Parameters
    ----------
    courses
        For each muscle a function of the time in s.
    alike
        Pairs of muscles that always do the same.
    """
    rng = np.random.default_rng(seed)
    muscles, rows = len(courses), round(RATE_HZ)
    found = []
    for second in range(seconds):
        t = second + np.arange(rows) / RATE_HZ
        made = rng.gamma(2.0, 3.0, (muscles, rows)) * (rng.random((muscles, 1)) < 0.7)
        for one, other in alike:
            made[other] = 1.1 * made[one]
        sign = np.where(np.arange(muscles) % 2, -1.0, 1.0)
        regressors = np.concatenate((sign[:, None] * made, np.ones((1, rows))))
        factor = np.array([course(t) * np.ones(rows) for course in courses])
        y = (sign[:, None] * made * factor).sum(axis=0) + NOISE_NM * rng.standard_normal(rows)
        found.append(
            DriftStatistics(
                second + 0.5,
                1.0,
                0.0,
                regressors @ regressors.T / NOISE_NM**2,
                regressors @ y / NOISE_NM**2,
                float(y @ y) / NOISE_NM**2,
            )
        )
    return found


def ramp(start_s, end_s, change):
    """Return a course that goes from 1 to 1 + `change`."""
    return lambda t: 1.0 + change * np.clip((t - start_s) / max(end_s - start_s, 1e-9), 0.0, 1.0)


def steady(t):
    """A muscle that does not change."""
    return np.ones_like(t)
