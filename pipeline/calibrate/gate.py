"""The gate: whether a candidate is good enough to be handed to the predictor."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from pipeline.calibrate.loss import Trials, moment_error
from pipeline.calibrate.unmeasured import UnmeasuredMuscles
from pipeline.model.nms import simulate
from pipeline.model.parameters import ParameterSpace
from pipeline.update import Result


@dataclass(frozen=True)
class Score:
    """Error of a set of parameters on data it was not trained on."""

    relative: float
    """Mean squared error over the reference's variance, summed over the DOFs."""
    rmse: tuple[float, ...]
    """Per DOF, in the reference's unit: N*m, or rad/s^2 where it is a motion."""
    judged: tuple[bool, ...] = ()
    """Per DOF whether there was a reference to judge it by."""


@dataclass(frozen=True)
class Judge:
    """Scores parameters on data that none was trained on.

    Parameters
    ----------
    space
        The parameters.
    fresh
        What to score on.
    scale
        Spread of each DOF's reference, in its unit, shape [dof].
    step_s
        Interval of the time grid, s.
    unmeasured
        Muscles whose forces close the equation; None for none.
    """

    space: ParameterSpace
    fresh: Trials
    scale: Tensor
    step_s: float
    unmeasured: UnmeasuredMuscles | None = None

    def score(self, vector: Tensor) -> Score:
        """Return the score of the parameters at `vector`."""
        parameters = self.space.parameters(vector)
        with torch.no_grad():
            output = simulate(parameters, *self.fresh[:3], self.step_s)
            inertia = self.space.inertia(vector)
            error = moment_error(output, self.fresh, self.scale, inertia, self.unmeasured)
        rmse = (error.sqrt() * self.scale).cpu().numpy()
        judged = (self.fresh.weight.sum((0, -1)) > 0).tolist()
        return Score(float(error.sum()), tuple(map(float, rmse)), tuple(judged))


def verdict(
    before: Score, after: Score, gain: float, tolerance: float, at_bound: Sequence[str]
) -> tuple[Result, str]:
    """Return what becomes of a candidate, and why.

    Parameters
    ----------
    before, after
        Scores of the parameters in force and of the candidate.
    gain
        Fraction by which the error must fall for a cross-fade to be worth while.
    tolerance
        Factor by which the candidate's error may exceed the present one before the search is
        put back to the parameters in force.
    at_bound
        Labels of the parameters of the candidate that have run to a bound.
    """
    change = f"held-out error {before.relative:.3f} before, {after.relative:.3f} after"
    if not after.relative <= tolerance * before.relative:  # so that NaN is no better either
        return Result.REJECTED, f"Rejected: the candidate does worse ({change})."
    if after.relative > (1.0 - gain) * before.relative:
        return Result.HELD, f"Held: no better than the set in use ({change}); the search goes on."
    if at_bound:
        names = ", ".join(at_bound[:3]) + (" and others" if len(at_bound) > 3 else "")
        return Result.AT_BOUNDS, (
            f"Accepted ({change}), but {names} ran to a bound: check MVC, baseline and model."
        )
    return Result.OK, f"Accepted ({change})."
