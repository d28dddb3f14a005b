"""The course of one descent: where it has been, its best, and when it is over."""

from __future__ import annotations

import math

from torch import Tensor

History = list[tuple[float, float]]
"""Seconds since the optimisation began, and the relative error there."""


class Course:
    """What one descent has come to.

    Parameters
    ----------
    start
        Where it begins.
    patience
        Steps without progress after which it is over.
    progress
        Fall of the objective that counts as progress.
    """

    def __init__(self, start: Tensor, patience: int, progress: float) -> None:
        self.best = start
        self.lowest = math.inf
        """The objective at the best vector."""
        self.history = History()
        self.failure: FloatingPointError | None = None
        """Why it has ended without a result."""
        self._patience, self._progress = patience, progress
        self._since = 0

    def take(self, vector: Tensor, value: float, error: float, seconds: float) -> None:
        """Take a step into account.

        Parameters
        ----------
        vector
            Where it is now, without gradient.
        value, error
            The objective and the relative error there.
        seconds
            Since the descent began.
        """
        if not math.isfinite(value):
            steps = len(self.history)
            self.failure = FloatingPointError(f"the objective is {value} after {steps} steps")
            return
        self.history.append((seconds, error))
        self._since = 0 if value < self.lowest - self._progress else self._since + 1
        if value < self.lowest:
            self.best, self.lowest = vector.clone(), value

    @property
    def over(self) -> bool:
        """Whether it ends here, for want of progress or of finite numbers."""
        return self.failure is not None or self._since >= self._patience

    @property
    def seconds(self) -> float:
        """Time until its last step, s."""
        return self.history[-1][0] if self.history else 0.0
