"""Curves given as points, for all muscles or for each, as a CEINMS subject has them.

A cubic spline goes through the points. Where it would swing out between them, below zero or against
the way of a curve that may only rise, a monotone cubic takes its place (Fritsch & Carlson 1980,
SIAM J Numer Anal 17:238, doi 10.1137/0717021). Beyond the points active force stays as it was,
passive and tendon force do so below and go straight on above, and force goes straight on with
velocity: the force balance has a solution wherever the muscle is.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from pipeline.model.curve_choice import Points
from pipeline.model.curves.base import Curve, CurveSet
from pipeline.model.curves.table import Table, spline_slopes
from pipeline.shapes import Float

Array = NDArray[np.float64]
Ends = tuple[float | None, float | None]

GRID = 513
"""Points of a table; between points of the file the spline's own cubic is kept."""
_LEAST = -1e-9
"""What rounding makes of zero."""


@dataclass(frozen=True, eq=False)
class Sampled(CurveSet):
    """Four curves in tables; what has no points is taken from another set."""

    active: Table | None
    speed: Table | None
    passive: Table | None
    tendon: Table | None
    otherwise: CurveSet

    @classmethod
    def of(cls, points: Mapping[str, Sequence[Points]], otherwise: CurveSet) -> Sampled:
        """Return the curves through points, of all muscles (one entry) or of each.

        Parameters
        ----------
        points
            By the names that CEINMS has: ``activeForceLength``, ``forceVelocity``,
            ``passiveForceLength`` and ``tendonForceStrain``.
        otherwise
            Set that a curve without points is taken from.
        """

        def table(name: str, ends: Ends, rises: bool) -> Table | None:
            return _table(points[name], ends, rises) if name in points else None

        return cls(
            active=table("activeForceLength", (0.0, 0.0), rises=False),
            speed=table("forceVelocity", (None, None), rises=True),
            passive=table("passiveForceLength", (0.0, None), rises=True),
            tendon=table("tendonForceStrain", (0.0, None), rises=True),
            otherwise=otherwise,
        )

    def active_force_length(self, length: Float[Tensor, "*shape"]) -> Curve:
        """Return the spline, level beyond its ends."""
        return self.active.at(length) if self.active else self.otherwise.active_force_length(length)

    def force_velocity(self, velocity: Float[Tensor, "*shape"]) -> Curve:
        """Return the spline, straight on beyond its ends."""
        return self.speed.at(velocity) if self.speed else self.otherwise.force_velocity(velocity)

    def passive_force_length(self, length: Float[Tensor, "*shape"]) -> Curve:
        """Return the spline, level below and straight on above."""
        if self.passive is None:
            return self.otherwise.passive_force_length(length)
        return self.passive.at(length)

    def tendon_force(self, strain: Float[Tensor, "*shape"]) -> Curve:
        """Return the spline, level below and straight on above."""
        return (
            self.tendon.positive_at(strain) if self.tendon else self.otherwise.tendon_force(strain)
        )

    def of_muscles(self, chosen: Sequence[int]) -> Sampled:
        """Return the curves of some muscles, one row each."""

        def rows(table: Table | None) -> Table | None:
            return None if table is None else table.of_rows(chosen)

        return Sampled(
            rows(self.active),
            rows(self.speed),
            rows(self.passive),
            rows(self.tendon),
            self.otherwise,
        )


def _table(rows: Sequence[Points], ends: Ends, rises: bool) -> Table:
    low = np.array([row.x[0] for row in rows])
    high = np.array([row.x[-1] for row in rows])
    grids = np.linspace(low, high, GRID, axis=1)
    sampled = [_spline(row, ends, rises, grid) for row, grid in zip(rows, grids, strict=True)]
    values, slopes = (np.stack(part) for part in zip(*sampled, strict=True))
    return Table(low, high, values, slopes)


def _spline(points: Points, ends: Ends, rises: bool, grid: Array) -> tuple[Array, Array]:
    """Return values and slopes on a grid."""
    x, y = np.array(points.x), np.array(points.y)
    value, slope = _cubics(x, y, spline_slopes(x, y, ends), grid)
    if (slope if rises else value).min() >= _LEAST:
        return value, slope
    value, slope = _cubics(x, y, monotone_slopes(x, y, ends), grid)
    # The table's own pieces must not swing either, where a point of the file lies inside one.
    steepest = 3.0 * np.abs(np.diff(value) / np.diff(grid))
    limit = np.minimum(np.append(steepest, np.inf), np.insert(steepest, 0, np.inf))
    return value, slope.clip(-limit, limit)


def _cubics(x: Array, y: Array, slopes: Array, at: Array) -> tuple[Array, Array]:
    """Return value and slope of the cubics between points of known value and slope."""
    i = np.clip(np.searchsorted(x, at, side="right") - 1, 0, len(x) - 2)
    h = x[i + 1] - x[i]
    u, rise = (at - x[i]) / h, y[i + 1] - y[i]
    first, last = slopes[i] * h, slopes[i + 1] * h
    square, cube = 3 * rise - 2 * first - last, first + last - 2 * rise
    value = y[i] + u * (first + u * (square + u * cube))
    return value, (first + u * (2 * square + u * 3 * cube)) / h


def monotone_slopes(x: Array, y: Array, ends: Ends) -> Array:
    """Return slopes at the points with which no cubic leaves the range of its two points.

    Parameters
    ----------
    ends
        Slopes at both ends; where None that of the line to the next point.
    """
    h, rise = np.diff(x), np.diff(y) / np.diff(x)
    slopes = np.zeros_like(y)
    same = rise[:-1] * rise[1:] > 0
    before, after = 2 * h[1:] + h[:-1], h[1:] + 2 * h[:-1]
    with np.errstate(divide="ignore"):
        mean = (before + after) / (before / rise[:-1] + after / rise[1:])
    slopes[1:-1][same] = mean[same]
    slopes[0] = rise[0] if ends[0] is None else ends[0]
    slopes[-1] = rise[-1] if ends[1] is None else ends[1]
    return slopes
