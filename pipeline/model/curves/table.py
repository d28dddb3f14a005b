"""A curve in a table: cubic pieces on an even grid, straight on beyond both ends.

One look-up and one polynomial, whatever the curve: what is exact but slow (Bezier curves) or comes
as points (a CEINMS subject) is worked out once and costs no more than a formula does.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from pipeline.model.curves.base import Curve
from pipeline.shapes import Float

Array = NDArray[np.float64]


class _Pieces(NamedTuple):
    """A table as tensors of one type on one device."""

    start: Tensor
    """Place of x = 0 on the grid, shape [row, 1] or none."""
    per_x: Tensor
    """Pieces per unit of x, as `start`."""
    coefficients: Tensor
    """By rising power of the place within a piece, shape [4, row * piece]."""
    first: Tensor
    """Where a row's pieces begin, shape [row, 1] or none."""


class Table:
    """Curves over one even grid each; one that all muscles share, or a row for every muscle.

    Parameters
    ----------
    low, high
        Ends of the grid, shape [row].
    values, slopes
        On the grid, shape [row, point]. Straight lines go on from the ends with the slopes there.
    """

    def __init__(self, low: Array, high: Array, values: Array, slopes: Array) -> None:
        self._given = (low, high, values, slopes)
        self._last = values.shape[1]
        step = ((high - low) / (values.shape[1] - 1))[:, None]
        self._start, self._per_x = 1.0 - low[:, None] / step, 1.0 / step
        left, right = values[:, :-1], values[:, 1:]
        rise, fall = slopes[:, :-1] * step, slopes[:, 1:] * step
        inner = np.stack(
            (left, rise, 3 * (right - left) - 2 * rise - fall, 2 * (left - right) + rise + fall)
        )
        # Before the first point and after the last, a straight piece from where the grid ends.
        before = np.stack(
            (left[:, :1] - rise[:, :1], rise[:, :1], 0 * rise[:, :1], 0 * rise[:, :1])
        )
        after = np.stack((right[:, -1:], fall[:, -1:], 0 * fall[:, -1:], 0 * fall[:, -1:]))
        self._coefficients = np.concatenate((before, inner, after), -1)  # shape [4, row, piece]
        self._pieces = lru_cache(self._on)
        self._parts = lru_cache(self._part)

    def of_rows(self, chosen: Sequence[int]) -> Table:
        """Return some of the rows; the table itself where all muscles share one."""
        return self if len(self._start) == 1 else self._parts(tuple(chosen))

    def _part(self, chosen: tuple[int, ...]) -> Table:
        return Table(*(part[list(chosen)] for part in self._given))

    def _on(self, dtype: torch.dtype, device: torch.device) -> _Pieces:
        def tensor(values: Array) -> Tensor:
            shared = len(values) == 1 and values.ndim == 2
            values = values.reshape(()) if shared else values
            return torch.as_tensor(values, dtype=dtype, device=device)

        rows, pieces = self._coefficients.shape[1:]
        first = torch.arange(0, rows * pieces, pieces, dtype=torch.int32, device=device)
        with torch.inference_mode(False):  # what is kept must serve gradients too
            return _Pieces(
                tensor(self._start),
                tensor(self._per_x),
                tensor(self._coefficients).flatten(1),
                first.unsqueeze(-1) if rows > 1 else first[0],
            )

    def at(self, x: Float[Tensor, "*shape"]) -> Curve:
        """Return value and slope, shape [..., row, time], or any where all muscles share one."""
        pieces = self._pieces(x.dtype, x.device)
        place = torch.addcmul(pieces.start, x, pieces.per_x)
        number = place.detach().floor().clamp(0, self._last)
        # What is not a number is looked up in the first piece, and stays none.
        index = (number.int().clamp_(0, self._last) + pieces.first).flatten()
        found = pieces.coefficients.index_select(1, index).view(4, *x.shape)
        u, (c0, c1, c2, c3) = place - number, found.unbind(0)
        quadratic = torch.addcmul(c2, c3, u)
        cubic = torch.addcmul(c1, quadratic, u)
        slope = torch.addcmul(cubic, torch.addcmul(quadratic, c3, u), u) * pieces.per_x
        return torch.addcmul(c0, cubic, u), slope

    def positive_at(self, x: Float[Tensor, "*shape"]) -> Curve:
        """Return the same of a curve that never falls below zero, not even by rounding."""
        value, slope = self.at(x)
        return value.clamp_min(0.0), slope


def spline_slopes(x: Array, y: Array, ends: tuple[float | None, float | None]) -> Array:
    """Return the slopes at the points of the cubic spline through them.

    Parameters
    ----------
    x, y
        Rising x, shape [point], at least two.
    ends
        Slopes at both ends; where None the spline has no curvature there (a natural end).
    """
    h, rise = np.diff(x), np.diff(y) / np.diff(x)
    middle = np.zeros(len(x))
    middle[:-1] += 2.0 / h
    middle[1:] += 2.0 / h
    right = np.zeros(len(x))
    right[:-1] += 3.0 * rise / h
    right[1:] += 3.0 * rise / h
    below, above = 1.0 / h, 1.0 / h  # beside the diagonal
    if ends[0] is not None:
        middle[0], above[0], right[0] = 1.0, 0.0, ends[0]
    if ends[1] is not None:
        middle[-1], below[-1], right[-1] = 1.0, 0.0, ends[1]
    return _tridiagonal(below, middle, above, right)


def _tridiagonal(below: Array, middle: Array, above: Array, right: Array) -> Array:
    """Solve a diagonally dominant tridiagonal system (Thomas)."""
    middle, right = middle.copy(), right.copy()
    for i in range(1, len(middle)):
        factor = below[i - 1] / middle[i - 1]
        middle[i] -= factor * above[i - 1]
        right[i] -= factor * right[i - 1]
    for i in range(len(middle) - 1, -1, -1):
        after = above[i] * right[i + 1] if i < len(above) else 0.0
        right[i] = (right[i] - after) / middle[i]
    return right
