"""Changes in noisy courses over time: how large, since when, and how sure.

Everything here works on the logarithm, so that a change is a share of what was there before, and on
medians of `BLOCK_S` seconds, so that a stray value and the overlap of neighbouring windows do not
count.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import stats

Array = NDArray[np.float64]

BLOCK_S = 10.0
"""Length of the stretches whose medians are fitted, s."""
LEAST_BLOCKS = 8
"""Fewer blocks than this tell nothing of a change."""
_GRID_S = 5.0
"""Spacing of the onsets and ends that are tried, s."""
_BESIDE_S = 40.0
"""What must be left of a course before the end of a change, and after its onset, s."""
_LEVELS = 4
"""Numbers that a ramp is made of."""
_MOST_CORRELATION = 0.6
"""Correlation between neighbouring residuals that is allowed for at most."""


@dataclass(frozen=True)
class Blocks:
    """Medians of a positive quantity over stretches of time."""

    t: Array
    """Middle of the values in each stretch, s."""
    y: Array
    """Logarithm of the median."""

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
    """When it begins: the best time and its interval, s."""
    end: float
    """When it is complete, s."""
    before: float
    """Level before it, in the unit of the course."""

    def level(self, t: Array) -> Array:
        """Return the fitted course at times `t` in s."""
        return np.asarray(
            self.before * np.exp(np.log1p(self.change.value) * _ramp(t, self.onset[0], self.end))
        )


def blocks(t: Array, value: Array) -> Blocks:
    """Return the medians of a course's positive values over stretches of `BLOCK_S`.

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
    return Blocks(
        np.array([t[piece].mean() for piece in pieces]),
        np.log([np.median(value[piece]) for piece in pieces]),
    )


def fit_ramp(course: Blocks, confidence: float, beside: Blocks | None = None) -> Ramp:
    """Fit a level, an even change and a level after it.

    Every pair of onset and end on a grid is tried, with levels by least squares. An interval holds
    all the values that some pair allows without residuals that an F test with three degrees of
    freedom (change, onset, end) refuses: the search for the best pair is paid for. Residuals that
    are correlated from block to block count for fewer of them.

    Parameters
    ----------
    course
        At least `LEAST_BLOCKS` blocks.
    confidence
        Of the intervals, such as 0.95.
    beside
        Another course that changes at the same time, by a share of its own: the times are those
        that suit both.
    """
    onset, end = _pairs(course.t[0], course.t[-1])
    own = _fit(course, onset, end)
    misfit = own.misfit if beside is None else own.misfit + _fit(beside, onset, end).misfit
    best = int(misfit.argmin())
    allowed = 3.0 * float(stats.f.ppf(confidence, 3, len(course.t) - _LEVELS))
    slack = allowed - (misfit - misfit[best])
    possible = slack > 0
    reach = np.sqrt(slack[possible] / own.weight[possible])
    low, high = (own.change[possible] - reach).min(), (own.change[possible] + reach).max()
    return Ramp(
        Share(*np.expm1([own.change[best], low, high]).tolist()),
        (float(onset[best]), float(onset[possible].min()), float(onset[possible].max())),
        float(end[best]),
        float(np.exp(own.before[best])),
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
    slope, _, low, high = stats.theilslopes(course.y, course.t, confidence)
    return Share(*np.expm1(np.array([slope, low, high]) * np.ptp(course.t)).tolist())


def step(course: Blocks, onset_s: float, end_s: float, confidence: float) -> Share | None:
    """Return the change from before `onset_s` to after `end_s`; None without two blocks of each."""
    before, after = course.y[course.t < onset_s], course.y[course.t > end_s]
    if min(len(before), len(after)) < 2:
        return None
    result = stats.ttest_ind(after, before, equal_var=False)
    interval = result.confidence_interval(confidence)
    change = after.mean() - before.mean()
    return Share(*np.expm1([change, interval.low, interval.high]).tolist())


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
    # A fit takes out of its residuals some of what neighbours share.
    correlation = float(np.corrcoef(residual[:-1], residual[1:])[0, 1]) + _LEVELS / len(residual)
    correlation = min(max(correlation, 0.0), _MOST_CORRELATION)
    free = len(residual) - _LEVELS
    return float((residual**2).sum()) / free * (1.0 + correlation) / (1.0 - correlation)
