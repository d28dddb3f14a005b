"""Prediction against reference, second by second."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from pipeline.conformal import DEVIATIONS
from pipeline.live import Paired
from pipeline.metrics import known

Array = NDArray[np.float64]

_TERMS = 6


class Scoreboard:
    """Sums of squared errors per second and DOF, from which every score is made.

    Only rows that are valid and have a reference count. Memory grows by a few numbers a second.

    Parameters
    ----------
    dofs
        Names of the joints.
    """

    def __init__(self, dofs: Sequence[str]) -> None:
        self.dofs = tuple(dofs)
        self._first: float | None = None
        self._sums: list[Array] = []
        """Per second: count, squared error, reference and its square, how many have a deviation,
        and how many of these are within two of it, shape [6, dof]."""

    def add(self, paired: Paired) -> None:
        """Count rows whose reference has come; their times go on from the last ones."""
        rows = paired.rows
        if self._first is None:
            self._first = float(rows.t[0])
        counts = np.isfinite(rows.moment) & rows.valid[:, None]
        reference = np.where(counts, rows.moment, 0.0)
        error = np.where(counts, paired.predicted - rows.moment, 0.0)
        told = counts & np.isfinite(paired.deviation)
        inside = told & (np.abs(error) <= DEVIATIONS * np.where(told, paired.deviation, 0.0))
        terms = np.stack((counts, error**2, reference, reference**2, told, inside), axis=1)
        seconds = np.floor(rows.t - self._first + 1e-9).astype(int)
        while len(self._sums) <= seconds[-1]:
            self._sums.append(np.zeros((_TERMS, len(self.dofs))))
        for second in np.unique(seconds):
            self._sums[second] += terms[seconds == second].sum(axis=0)

    @property
    def seconds(self) -> int:
        """Seconds begun since the first row."""
        return len(self._sums)

    def per_second(self) -> dict[str, list[float | None]]:
        """Return the RMSE of every second in N*m, None where there was no reference."""
        columns = [_rmse(sums) for sums in self._sums]
        return {dof: [column[i] for column in columns] for i, dof in enumerate(self.dofs)}

    def rmse(self, start: int = 0, stop: int | None = None) -> dict[str, float | None]:
        """Return the pooled RMSE over the seconds [start, stop) in N*m."""
        return dict(zip(self.dofs, _rmse(self._total(start, stop)), strict=True))

    def r2(self, start: int = 0, stop: int | None = None) -> dict[str, float | None]:
        """Return the coefficient of determination over the seconds [start, stop)."""
        count, squared_error, reference, squared, *_ = self._total(start, stop)
        with np.errstate(divide="ignore", invalid="ignore"):
            values = 1.0 - squared_error / (squared - reference**2 / count)
        return dict(zip(self.dofs, map(known, values), strict=True))

    def spread(self, start: int = 0, stop: int | None = None) -> dict[str, float | None]:
        """Return the RMSE over the seconds [start, stop) of predicting the reference's mean, N*m.

        This is the reference's standard deviation over the samples that are scored there.
        """
        count, _, reference, squared, *_ = self._total(start, stop)
        with np.errstate(divide="ignore", invalid="ignore"):
            variance = squared / count - (reference / count) ** 2
        values = np.sqrt(np.maximum(variance, 0.0))  # of a constant, rounding may leave it below
        return dict(zip(self.dofs, map(known, values), strict=True))

    def inside_2sd(self, start: int = 0, stop: int | None = None) -> dict[str, float | None]:
        """Return the share of errors within two deviations, where these are known."""
        *_, told, inside = self._total(start, stop)
        with np.errstate(divide="ignore", invalid="ignore"):
            return dict(zip(self.dofs, map(known, inside / told), strict=True))

    def _total(self, start: int, stop: int | None) -> Array:
        chosen = self._sums[start:stop]
        return np.sum(chosen, axis=0) if chosen else np.zeros((_TERMS, len(self.dofs)))


def _rmse(sums: Array) -> list[float | None]:
    with np.errstate(divide="ignore", invalid="ignore"):
        return [known(value) for value in np.sqrt(sums[1] / sums[0])]
