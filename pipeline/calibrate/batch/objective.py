"""What calibration minimises, for several people at once."""

from __future__ import annotations

import copy
from typing import NamedTuple

import torch
from torch import Tensor

from pipeline.calibrate.batch.side_by_side import Together
from pipeline.calibrate.loss import moment_scale
from pipeline.calibrate.offline import DescentSettings, objective_value, relative_error
from pipeline.model.nms import simulate
from pipeline.model.parameters import SpacesTogether
from pipeline.model.trajectory import Apart
from pipeline.shapes import Float


class Evaluations(NamedTuple):
    """What the objective says of a vector of each member."""

    values: Float[Tensor, " member"]
    """What is minimised, each differentiable in its own vector only."""
    relative_errors: Float[Tensor, " member"]


class ObjectiveTogether:
    """`CalibrationObjective` of several people, a value for each.

    Parameters
    ----------
    spaces
        Their parameters.
    data
        What they are calibrated on.
    step_s
        Interval of the time grid, s.
    settings
        How it is weighed.
    """

    def __init__(
        self, spaces: SpacesTogether, data: Together, step_s: float, settings: DescentSettings
    ) -> None:
        self._spaces, self._data = spaces, data
        self._scale = moment_scale(data.trials)
        self._step_s, self._settings = step_s, settings
        self.guess: Tensor | None = None
        """The last solution for the fibres, shape [member, trial, muscle, time]."""

    def __call__(self, vectors: Float[Tensor, "member parameter"]) -> Evaluations:
        """Evaluate at a vector of each member."""
        trials, real = self._data
        output = simulate(
            self._spaces.parameters(vectors[:, None]),
            trials.excitation,
            trials.length,
            trials.moment_arm,
            self._step_s,
            guess=self.guess,
            apart=Apart(1, real),
        )
        self.guess = output.w.detach()
        values = objective_value(output, trials, self._scale, vectors, self._settings, real)
        return Evaluations(values, relative_error(output, trials).detach())

    def of(self, members: Tensor) -> ObjectiveTogether:
        """Return the objective of some members, given their places."""
        other = copy.copy(self)
        other._spaces, other._data = self._spaces.of(members), self._data.of(members)
        other._scale = self._scale[members]
        other.guess = None if self.guess is None else self.guess[members]
        return other

    @torch.no_grad()
    def keep(self, members: Tensor, part: ObjectiveTogether) -> None:
        """Remember where a part of the members has come to, which `of` has made."""
        if part is self or part.guess is None:
            return
        if self.guess is None:
            shape = (len(self._scale), *part.guess.shape[1:])
            self.guess = part.guess.new_zeros(shape)
        self.guess[members] = part.guess
