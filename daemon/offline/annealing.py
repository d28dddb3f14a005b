"""Simulated annealing on the calibrator's objective: what is used where there are no gradients."""

from __future__ import annotations

import math
import time
from contextlib import suppress

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.optimize import dual_annealing
from torch import Tensor

from pipeline.calibrate.course import History
from pipeline.calibrate.offline import Calibration, CalibrationObjective, Watch, error_at
from pipeline.model.parameters import ParameterSpace

Array = NDArray[np.float64]


class _BudgetSpentError(Exception):
    """The time is up."""


def anneal(
    objective: CalibrationObjective,
    start: Tensor,
    budget_seconds: float,
    seed: int = 1,
    watch: Watch | None = None,
) -> Calibration:
    """Minimise by SciPy's dual annealing, within the same bounds, until the time is up.

    The search runs over the parameters' places between their bounds, as a program without
    gradients would do it, not over the unbounded vector.

    Parameters
    ----------
    start
        Where to begin, as `ParameterSpace` has it.
    budget_seconds
        Time after which the best point found is returned, s.
    seed
        Of the random search.
    watch
        Told of the progress whenever a better point is found.
    """
    search = _Search(objective, start, budget_seconds, watch)
    with suppress(_BudgetSpentError):
        dual_annealing(search.value, search.bounds, x0=search.start, seed=seed, maxiter=10**9)
    return search.result()


class _Search:
    """The objective as a function of places between bounds, with the best point so far."""

    def __init__(
        self,
        objective: CalibrationObjective,
        start: Tensor,
        budget_seconds: float,
        watch: Watch | None,
    ) -> None:
        self._objective = objective
        self._like = start
        self._watch = watch
        self._budget_s = budget_seconds
        corners = _corners(objective.space)
        self._middle = corners.mean(0)
        lowest, highest = _place(corners - self._middle)
        self.bounds = list(zip(lowest.tolist(), highest.tolist(), strict=True))
        place = _place(start.cpu().double().numpy() - self._middle)
        self.start = place.clip(lowest, highest)
        self._best, self._lowest = start, math.inf
        self._history = History()
        self._evaluations = 0
        self._started = time.perf_counter()

    def vector(self, place: Array) -> Tensor:
        """Return the parameters at places between their bounds, as `ParameterSpace` has them."""
        return torch.as_tensor(np.log(place / (1.0 - place)) + self._middle).to(self._like)

    def value(self, place: Array) -> float:
        """Return the objective; raises _BudgetSpentError when the time is up."""
        spent = time.perf_counter() - self._started
        if spent > self._budget_s:
            raise _BudgetSpentError
        vector = self.vector(place)
        with torch.no_grad():
            found = self._objective(vector)
        value = float(found.value)
        self._evaluations += 1
        if value < self._lowest:
            self._lowest, self._best = value, vector
            error = float(found.relative_error)
            self._history.append((spent, error))
            if self._watch is not None:
                self._watch(min(1.0, spent / self._budget_s), error)
        return value if math.isfinite(value) else math.inf

    def result(self) -> Calibration:
        """Return the best point found."""
        spent = time.perf_counter() - self._started
        error = error_at(self._objective, self._best)
        return Calibration(self._best, self._lowest, error, self._evaluations, spent, self._history)


def _place(logit: Array) -> Array:
    """Return places between bounds, 0 to 1."""
    return 1.0 / (1.0 + np.exp(-logit))


def _corners(space: ParameterSpace) -> Array:
    """Return the vectors next to the lower and next to the upper bounds, shape [2, size]."""
    count, vectors = len(space.prior.muscles), []
    for end in (-1e9, 1e9):
        far = {name: np.full(count, end) for name in space.prior.values()}
        vectors.append(space.vector(space.prior.with_values(far)).cpu().double().numpy())
    return np.stack(vectors)
