"""The course of descents side by side: where they have been, their bests, and which are over.

All of it is kept where it is computed, so that nobody waits for a GPU before the host looks.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import torch
from torch import Tensor

from pipeline.device import asynchronous
from pipeline.shapes import Bool, Float

History = list[tuple[float, float]]
"""Seconds since the optimisation began, and the relative error there."""

LOOK_EVERY = 10
"""Steps after which the host looks how descents on a GPU stand, for which it has to wait."""


def looks(step: int, device: torch.device) -> bool:
    """Tell whether the host looks after a step, counted from 0: always where it computes itself."""
    return not asynchronous(device) or (step + 1) % LOOK_EVERY == 0


class End(NamedTuple):
    """What one descent has come to."""

    best: Float[Tensor, " parameter"]
    lowest: float
    """The objective at the best vector."""
    history: History
    failure: FloatingPointError | None
    """Why it has ended without a result."""

    @property
    def seconds(self) -> float:
        """Time until its last step, s."""
        return self.history[-1][0] if self.history else 0.0


class Courses:
    """What descents have come to; steps after the end of one change nothing of it.

    Parameters
    ----------
    starts
        Where each begins.
    patience
        Steps without progress after which one is over.
    progress
        Fall of the objective that counts as progress.
    """

    def __init__(
        self, starts: Float[Tensor, "member parameter"], patience: int, progress: float
    ) -> None:
        self.best = starts.detach()
        self.over: Bool[Tensor, " member"] = torch.zeros_like(starts[:, 0], dtype=torch.bool)
        """Which end here, for want of progress or of finite numbers."""
        self._lowest = torch.full_like(starts[:, 0], math.inf, dtype=torch.float64)
        self._last = torch.zeros_like(self._lowest)
        self._steps = torch.zeros_like(self._lowest, dtype=torch.int64)
        self._since = torch.zeros_like(self._steps)
        self._patience, self._progress = patience, progress
        self._errors: list[Tensor] = []
        self._seconds: list[float] = []

    def take(
        self,
        vectors: Float[Tensor, "member parameter"],
        values: Float[Tensor, " working"],
        errors: Float[Tensor, " working"],
        seconds: float,
        working: Tensor | None = None,
    ) -> None:
        """Take a step into account.

        Parameters
        ----------
        vectors
            Where all are now.
        values, errors
            The objective and the relative error there, of those at work.
        seconds
            Since the descents began.
        working
            Places of those at work; None for all. The others are over.
        """
        value, vectors = self._of_all(values, working), vectors.detach()
        goes_on, finite = ~self.over, value.isfinite()
        better = goes_on & (value < self._lowest)
        progress = value < self._lowest - self._progress
        self._since = (self._since + 1).masked_fill(progress, 0)
        self._last = torch.where(goes_on, value, self._last)
        self._lowest = torch.where(better, value, self._lowest)
        self.best = torch.where(better.unsqueeze(-1), vectors, self.best)
        self._steps = self._steps + (goes_on & finite)
        self.over = self.over | ~finite | (self._since >= self._patience)
        self._errors.append(self._of_all(errors, working))
        self._seconds.append(seconds)

    def _of_all(self, values: Tensor, working: Tensor | None) -> Float[Tensor, " member"]:
        """Return values of all; no numbers of those that are not at work."""
        values = values.detach().double()
        if working is None:
            return values
        return torch.full_like(self._lowest, math.nan).index_copy(0, working, values)

    def ends(self) -> list[End]:
        """Return what each has come to; for this the host waits."""
        errors = torch.stack(self._errors, 1).tolist() if self._errors else [[]] * len(self.best)
        columns = (self._lowest.tolist(), self._last.tolist(), self._steps.tolist(), errors)
        return [
            End(best, lowest, self._history(steps, own), _failure(last, steps))
            for best, lowest, last, steps, own in zip(self.best, *columns, strict=True)
        ]

    def _history(self, steps: int, errors: list[float]) -> History:
        return list(zip(self._seconds[:steps], errors, strict=False))


def _failure(last: float, steps: int) -> FloatingPointError | None:
    if math.isfinite(last):
        return None
    return FloatingPointError(f"the objective is {last} after {steps} steps")
