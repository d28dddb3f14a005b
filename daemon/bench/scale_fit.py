"""What a cost grows with: a line and a power through measured points, each with its spread."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Growth:
    """How a cost y grows with a size x: as ``fixed + slope x``, and as ``x ** power``.

    Both are fitted to relative errors, so that the small sizes count as much as the large ones.
    """

    fixed: float
    """What there is at x = 0, in y's unit."""
    slope: float
    """What each unit of x adds."""
    slope_sd: float
    """Standard error of the slope; NaN with two points."""
    power: float
    """1 where twice the size costs twice as much, less where it costs less."""
    power_sd: float
    residual: float
    """Root mean square of the line's relative errors."""

    def at(self, size: float) -> float:
        """Return the line's cost of a size."""
        return self.fixed + self.slope * size

    def result(self) -> dict[str, float]:
        """Return what the JSON has of it."""
        return asdict(self)


def growth(sizes: Sequence[float], costs: Sequence[float]) -> Growth:
    """Fit line and power through points.

    Parameters
    ----------
    sizes, costs
        Of the same length, two at least; positive, the sizes not all the same.

    Raises
    ------
    ValueError
        If they are not.
    """
    x, y = np.array(sizes, dtype=np.float64), np.array(costs, dtype=np.float64)
    if len(x) != len(y) or len(set(sizes)) < 2 or min(*x, *y) <= 0.0:
        raise ValueError(f"no growth can be told of sizes {sizes} with costs {costs}")
    line, line_sd, residual = _fitted(np.column_stack((1.0 / y, x / y)), np.ones_like(y))
    power, power_sd, _ = _fitted(np.column_stack((np.ones_like(x), np.log(x))), np.log(y))
    return Growth(
        fixed=float(line[0]),
        slope=float(line[1]),
        slope_sd=float(line_sd[1]),
        power=float(power[1]),
        power_sd=float(power_sd[1]),
        residual=residual,
    )


def _fitted(columns: Array, wanted: Array) -> tuple[Array, Array, float]:
    """Return least-squares coefficients, their standard errors, and the RMS of what is left."""
    found: Array = np.asarray(np.linalg.lstsq(columns, wanted)[0], dtype=np.float64)
    left = wanted - columns @ found
    spare = len(wanted) - columns.shape[1]
    variance = float(left @ left) / spare if spare else np.nan
    errors: Array = np.sqrt(variance * np.diag(np.linalg.inv(columns.T @ columns)))
    return found, errors, float(np.sqrt(np.mean(left**2)))
