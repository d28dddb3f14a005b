"""The calibrator's descent: AdamW steps on one window, each from the solution of the one before.

On a GPU the host never waits within it: it reads one loss and one count when all steps are taken.
Where the next window has trials of the same shapes, they are copied into the memory of the first
ones, and the step that was recorded there is replayed (`Replay`).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial
from typing import NamedTuple

import torch
from torch import Tensor

from pipeline.calibrate.loss import Trials
from pipeline.calibrate.optimiser import GroupedAdamW
from pipeline.calibrate.replay import Replay
from pipeline.calibrate.synergy.online import Search
from pipeline.device import asynchronous
from pipeline.model.nms import Output, simulate
from pipeline.model.parameters import ParameterSpace

Loss = Callable[[Output, Trials, Tensor, Tensor], Tensor]
"""Of an output, its trials, the reference's spread and the vector."""


class Found(NamedTuple):
    """What a descent says of itself."""

    loss: float | None
    """Before the last step; None if loss or parameters are not finite."""
    fallbacks: int
    """Series that Newton left unsolved, over all steps."""


class Descent:
    """Steps down a loss, for as long as an optimiser goes on.

    Parameters
    ----------
    space
        What the vector means.
    optimiser
        Holds the vector and moves it.
    step_s
        Interval of the time grid, s.
    loss
        What is minimised.
    """

    def __init__(
        self, space: ParameterSpace, optimiser: GroupedAdamW, step_s: float, loss: Loss
    ) -> None:
        self.space, self.optimiser = space, optimiser
        self._step_s, self._loss = step_s, loss
        self._course: _Course | None = None

    def take(self, steps: int, trials: Trials, scale: Tensor, search: Search | None) -> Found:
        """Take some steps, and tell of them.

        Parameters
        ----------
        scale
            Spread of each DOF's reference, shape [dof].
        search
            Synergies that are refined beside the parameters; None for none.
        """
        self.begin(trials, scale, search)
        for _ in range(steps - 1):
            self.go_on()
        return self.found()

    def begin(self, trials: Trials, scale: Tensor, search: Search | None) -> None:
        """Take the first step on some trials, without an earlier solution to start from."""
        if self._course is None or not self._course.goes_on_with(trials, search):
            self._course = _Course(trials, scale, search)
        else:
            self._course.take_up(trials, scale)
        self._step(self._course, cold=True)

    def go_on(self) -> None:
        """Take a step from the solution of the one before."""
        assert self._course is not None
        self._course.replay.take(partial(self._step, self._course))

    def found(self) -> Found:
        """Read how it went; here, and nowhere before, the host waits for a GPU."""
        assert self._course is not None
        last = self._course.last
        sound = torch.isfinite(self.optimiser.vector).all() & torch.isfinite(last)
        loss = float(torch.where(sound, last, torch.nan))
        return Found(None if math.isnan(loss) else loss, int(self._course.fallbacks))

    def _step(self, course: _Course, cold: bool = False) -> None:
        trials, search, vector = course.trials, course.search, self.optimiser.vector
        output = simulate(
            self.space.parameters(vector),
            search.excitation() if search else trials.excitation,
            trials.length,
            trials.moment_arm,
            self._step_s,
            guess=None if cold else course.guess,
        )
        loss = self._loss(output, trials, course.scale, vector)
        if search:
            loss = loss + search.penalty()
        self.optimiser.step(loss)
        if search:
            search.step()
        course.note(output, loss.detach())


class _Course:
    """Where a descent is; on a GPU in memory that stays, where a recorded step finds it."""

    guess: Tensor | None = None
    """The last solution."""

    def __init__(self, trials: Trials, scale: Tensor, search: Search | None) -> None:
        self.trials, self.scale, self.search = trials, scale, search
        self.replay = Replay(scale.device)
        self.last = torch.zeros_like(scale[0])
        """The last loss."""
        self.fallbacks = scale.new_zeros((), dtype=torch.int64)

    def goes_on_with(self, trials: Trials, search: Search | None) -> bool:
        """Tell whether what was recorded is of use for other trials."""
        plain = search is None and self.search is None
        return plain and asynchronous(self.scale.device) and _alike(self.trials, trials)

    def take_up(self, trials: Trials, scale: Tensor) -> None:
        """Put other trials in the place of these."""
        for place, values in zip(_tensors(self.trials), _tensors(trials), strict=True):
            place.copy_(values)
        self.scale.copy_(scale)
        self.fallbacks.zero_()

    def note(self, output: Output, loss: Tensor) -> None:
        """Keep what a step has come to."""
        self.guess = _into(self.guess, output.w.detach())
        self.last = _into(self.last, loss)
        self.fallbacks += output.report.failed


def _into(place: Tensor | None, values: Tensor) -> Tensor:
    """Return values; on a GPU in the place of earlier ones, where a recorded step finds them."""
    return place.copy_(values) if place is not None and asynchronous(values.device) else values


def _alike(one: Trials, other: Trials) -> bool:
    """Tell whether trials have the same parts of the same shapes."""
    shapes = ([None if part is None else part.shape for part in _parts(t)] for t in (one, other))
    return next(shapes) == next(shapes)


def _tensors(trials: Trials) -> list[Tensor]:
    return [part for part in _parts(trials) if part is not None]


def _parts(trials: Trials) -> list[Tensor | None]:
    return [*trials[:-1], *(trials.regressor or ())]
