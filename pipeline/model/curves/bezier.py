"""Curves of quintic Bezier corners, as the muscle of Millard et al. 2013 has them.

A corner leaves one point along one tangent and reaches the next along another; six control points,
of which the second and the fifth count twice, make it curved nowhere at its ends, so that corners
join with two continuous derivatives.

References
----------
Millard, Uchida, Seth, Delp 2013, J Biomech Eng 135:021005, doi 10.1115/1.4023390, and OpenSim's
SmoothSegmentedFunctionFactory, whose corners these are.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from pipeline.model.curves.table import Table, spline_slopes

Array = NDArray[np.float64]

POINTS = 1025
"""Of a table: with so many the curve is within 1e-7 of the exact one."""
_BINOMIAL = np.array([1.0, 5.0, 10.0, 10.0, 5.0, 1.0])
_POWER = np.arange(6)
_HALVINGS = 60
"""By which the parameter of a Bezier curve is known to rounding."""


class Node(NamedTuple):
    """Where two corners join."""

    x: float
    y: float
    slope: float


def table(nodes: Sequence[Node], curviness: Sequence[float]) -> Table:
    """Return the curve along some nodes, straight on beyond the first and the last.

    Parameters
    ----------
    curviness
        Of each corner, 0 (almost straight) to 1.
    """
    low, high = nodes[0].x, nodes[-1].x
    x = np.linspace(low, high, POINTS)
    values = curve(nodes, curviness, x)
    slopes = spline_slopes(x, values, (nodes[0].slope, nodes[-1].slope))
    return Table(np.array([low]), np.array([high]), values[None], slopes[None])


def curve(nodes: Sequence[Node], curviness: Sequence[float], x: Array) -> Array:
    """Return the exact curve, shape of `x`, which must lie between the first node and the last."""
    values = np.empty_like(x)
    for (start, end), bend in zip(pairwise(nodes), curviness, strict=True):
        inside = (x >= start.x) & (x <= end.x)
        values[inside] = _corner(start, end, 0.1 + 0.8 * bend, x[inside])
    return values


def _corner(start: Node, end: Node, bend: float, x: Array) -> Array:
    """Return the y of a corner at its x."""
    if np.isclose(start.slope, end.slope):
        meet = 0.5 * (start.x + end.x)
    else:
        meet = (end.y - start.y - end.x * end.slope + start.x * start.slope) / (
            start.slope - end.slope
        )
    top = end.y + (meet - end.x) * end.slope

    def controls(first: float, corner: float, last: float) -> Array:
        near, far = first + bend * (corner - first), last + bend * (corner - last)
        return np.array([first, near, near, far, far, last])

    along, up = controls(start.x, meet, end.x), controls(start.y, top, end.y)
    low, high = np.zeros_like(x), np.ones_like(x)
    for _ in range(_HALVINGS):
        middle = 0.5 * (low + high)
        short = _bezier(along, middle) < x
        low, high = np.where(short, middle, low), np.where(short, high, middle)
    return _bezier(up, 0.5 * (low + high))


def _bezier(controls: Array, u: Array) -> Array:
    u = u[:, None]
    found: Array = (u**_POWER * (1.0 - u) ** (5 - _POWER)) @ (_BINOMIAL * controls)
    return found
