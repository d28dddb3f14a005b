"""Changes in noisy courses over time: how large, since when, and how sure.

A change is a share of what was there before. Everything here works on trimmed means of `BLOCK_S`
seconds, so that a stray value and the overlap of neighbouring windows do not count. Scipy is loaded
once something is judged: who only lists sessions goes without it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

BLOCK_S = 10.0
"""Length of the stretches whose means are fitted, s."""
LEAST_BLOCKS = 8
"""Fewer blocks than this tell nothing of a change."""
MOST_LAG_S = 60.0
"""Longest time by which one course may follow another, s."""
_LAG_STEP_S = 10.0
_GRID_S = 5.0
"""Spacing of the onsets and ends that are tried, s."""
_TRIMMED = 0.2
"""Share of the values at either end of a stretch that is left out of its mean."""
_BESIDE_S = 40.0
"""What must be left of a course before the end of a change, and after its onset, s."""
_LEVELS = 4
"""Numbers that a ramp is made of."""
_LEAST_VARIANCE = 1e-12
"""Where a course does not scatter at all."""
_MOST_CORRELATION = 0.6
"""Correlation between neighbouring residuals that is allowed for at most."""


@dataclass(frozen=True)
class Blocks:
    """Means of a positive quantity over stretches of time."""

    t: Array
    """Middle of the values in each stretch, s."""
    y: Array
    """Trimmed mean in each stretch, in the unit of the course."""

    @property
    def enough(self) -> bool:
        """Whether there are enough of them to look for a change."""
        return len(self.t) >= LEAST_BLOCKS


@dataclass(frozen=True)
class Share:
    """A change as a share of the level before: -0.25 is a quarter less."""

    value: float
    low: float
    high: float

    @property
    def falls(self) -> bool:
        """Whether the whole interval lies below zero."""
        return self.high < 0

    @property
    def rises(self) -> bool:
        """Whether the whole interval lies above zero."""
        return self.low > 0


@dataclass(frozen=True)
class Ramp:
    """A level, an even change, and the level after it."""

    change: Share
    onset: tuple[float, float, float]
    """When it begins: the time and its interval, s."""
    end: float
    """When it is complete, s."""
    lag: float
    """By how much the course follows, s."""
    before: float
    """Level before it, in the unit of the course."""

    def level(self, t: Array) -> Array:
        """Return the fitted course at times `t` in s."""
        done = _ramp(t - self.lag, self.onset[0], self.end)
        return np.asarray(self.before * (1.0 + self.change.value * done))


def blocks(t: Array, value: Array) -> Blocks:
    """Return the trimmed means of a course's positive values over stretches of `BLOCK_S`.

    Parameters
    ----------
    t
        Times in s, rising, shape [n].
    value
        NaN where there is none, shape [n].
    """
    known = np.isfinite(value) & (value > 0)
    t, value = t[known], value[known]
    number = np.floor(t / BLOCK_S)
    pieces = [number == one for one in np.unique(number)]
    from scipy import stats

    return Blocks(
        np.array([t[piece].mean() for piece in pieces]),
        np.array([stats.trim_mean(value[piece], _TRIMMED) for piece in pieces]),
    )


def fit_ramp(course: Blocks, confidence: float, beside: Blocks | None = None) -> Ramp:
    """Fit a level, an even change and a level after it.

    Every pair of onset and end on a grid is tried, with levels by least squares. What is returned
    is their mean, each weighed by its likelihood: steadier than the likeliest one. An interval
    holds all the values that some pair allows without residuals that an F test with three degrees
    of freedom (change, onset, end) refuses: the search for the best pair is paid for. Residuals
    that are correlated from block to block count for fewer of them.

    Parameters
    ----------
    course
        At least `LEAST_BLOCKS` blocks.
    confidence
        Of the intervals, such as 0.95.
    beside
        Another course that shows the same change by a share of its own, and at once: the times
        are those that suit both, where `course` may follow by up to `MOST_LAG_S`.
    """
    onset, end = _pairs(course.t[0], course.t[-1])
    lag = np.zeros_like(onset)
    if beside is not None:
        lags = np.repeat(np.arange(0.0, MOST_LAG_S + 1.0, _LAG_STEP_S), len(onset))
        onset, end = np.resize(onset, len(lags)), np.resize(end, len(lags))
        seen = end + lags <= course.t[-1]
        onset, end, lag = onset[seen], end[seen], lags[seen]
    own = _fit(course, onset + lag, end + lag)
    misfit = own.misfit if beside is None else own.misfit + _fit(beside, onset, end).misfit
    excess = misfit - misfit.min()
    likely = np.exp(-0.5 * excess)
    likely /= likely.sum()
    from scipy import stats

    slack = 3.0 * float(stats.f.ppf(confidence, 3, len(course.t) - _LEVELS)) - excess
    possible = slack > 0
    reach = np.sqrt(slack[possible] / own.weight[possible])
    low = float(((own.change[possible] - reach) / own.before[possible]).min())
    high = float(((own.change[possible] + reach) / own.before[possible]).max())
    return Ramp(
        Share(float(likely @ (own.change / own.before)), low, high),
        (float(likely @ onset), float(onset[possible].min()), float(onset[possible].max())),
        float(likely @ end),
        float(likely @ lag),
        float(likely @ own.before),
    )


class _Fit(NamedTuple):
    """One course under every pair of onset and end, each of shape [pair]."""

    before: Array
    change: Array
    misfit: Array
    """Sum of squared residuals in units of their variance."""
    weight: Array
    """By how much the misfit rises with the square of an error in `change`."""


def _fit(course: Blocks, onset: Array, end: Array) -> _Fit:
    shape = _ramp(course.t, onset[:, None], end[:, None])
    centred = shape - shape.mean(axis=1, keepdims=True)
    spread = np.maximum((centred**2).sum(axis=1), 1e-9)
    change = centred @ (course.y - course.y.mean()) / spread
    residual = course.y - course.y.mean() - change[:, None] * centred
    squares = (residual**2).sum(axis=1)
    variance = _variance(residual[squares.argmin()])
    before = course.y.mean() - change * shape.mean(axis=1)
    return _Fit(before, change, squares / variance, spread / variance)


def trend(course: Blocks, confidence: float) -> Share:
    """Return the even change over the whole course by Theil's and Sen's median slope."""
    from scipy import stats

    slope, level, low, high = stats.theilslopes(course.y, course.t, confidence)
    share = np.ptp(course.t) / (level + slope * course.t[0])
    return Share(*(share * np.array([slope, low, high])).tolist())


def step(course: Blocks, onset_s: float, end_s: float, confidence: float) -> Share | None:
    """Return the change from before `onset_s` to after `end_s`, by Welch's t interval.

    None without two blocks before and after.
    """
    y = np.log(course.y)
    before, after = y[course.t < onset_s], y[course.t > end_s]
    if min(len(before), len(after)) < 2:
        return None
    parts = np.array([before.var(ddof=1) / len(before), after.var(ddof=1) / len(after)])
    parts = np.maximum(parts, _LEAST_VARIANCE)
    free = parts.sum() ** 2 / (parts**2 / (len(before) - 1, len(after) - 1)).sum()
    from scipy import stats

    reach = float(stats.t.ppf(0.5 + 0.5 * confidence, free)) * np.sqrt(parts.sum())
    change = after.mean() - before.mean()
    return Share(*np.expm1([change, change - reach, change + reach]).tolist())


def _pairs(first: float, last: float) -> tuple[Array, Array]:
    """Return all onsets and ends that are tried; each leaves some time on the other side."""
    grid = np.arange(first, last + _GRID_S, _GRID_S)
    onset, end = np.meshgrid(grid, grid, indexing="ij")
    tried = (end > onset) & (onset <= last - _BESIDE_S) & (end >= first + _BESIDE_S)
    return onset[tried], end[tried]


def _ramp(t: Array, onset: Array | float, end: Array | float) -> Array:
    return np.clip((t - onset) / (np.asarray(end) - onset), 0.0, 1.0)


def _variance(residual: Array) -> float:
    """Return the residuals' variance, larger where neighbours tell the same."""
    squares = max(float((residual**2).sum()), _LEAST_VARIANCE)
    # A fit takes out of its residuals some of what neighbours share.
    correlation = float(residual[:-1] @ residual[1:]) / squares + _LEVELS / len(residual)
    correlation = min(max(correlation, 0.0), _MOST_CORRELATION)
    free = len(residual) - _LEVELS
    return squares / free * (1.0 + correlation) / (1.0 - correlation)
