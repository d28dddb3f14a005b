"""Profile likelihood: how far a parameter can go before the data speak against it.

The curvature of the loss describes a parabola. Near a bound, and where two parameters can stand in
for each other, the loss itself is flatter on one side than the parabola, and an interval from the
curvature is too narrow. Here a parameter is moved, the others and the errors of EMG follow by
Gauss-Newton steps, and the true loss there decides.

References
----------
Venzon and Moolgavkar, A method for computing profile-likelihood-based confidence intervals,
Journal of the Royal Statistical Society C 37:87, 1988.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from pipeline.calibrate.loss import Trials, residual
from pipeline.model.nms import simulate
from pipeline.model.parameters import ParameterSpace

WITHIN = 1.96
"""Standard deviations on either side in a 95 % interval."""
RISE = 0.5 * WITHIN**2
"""By which minus the log-likelihood has risen at the ends of such an interval: half of the 95 %
quantile of chi squared with one degree of freedom."""
REACHES = (1.0, 2.0, 4.0)
"""Where the loss is looked at on either side, as multiples of the interval from the curvature."""


@dataclass(frozen=True)
class Likelihood:
    """Minus the log-likelihood around an estimate, EMG's errors included as far as linear.

    Parameters
    ----------
    space, trials, step_s
        As for `confidence`.
    centre
        The estimate, shape [parameter].
    guess
        The trajectories there, from which others are solved.
    spread
        Deviation of each residual, in its unit, shape [dof].
    effects
        What one unit of each parameter, then of each error of EMG and delay, does to the residual,
        over its deviation, shape [parameter + error, trial, dof, time].
    precision
        Second derivative by all of these, shape [parameter + error, parameter + error].
    before
        Standard deviation of each parameter before any data, shape [parameter].
    """

    space: ParameterSpace
    trials: Trials
    step_s: float
    centre: Tensor
    guess: Tensor
    spread: Tensor
    effects: Tensor
    precision: Tensor
    before: Tensor

    def at(self, moves: Tensor) -> tuple[Tensor, Tensor]:
        """Return value and gradient off the estimate.

        Parameters
        ----------
        moves
            From the estimate, of parameters and errors, shape [place, parameter + error].

        Returns
        -------
        tuple
            The values, shape [place], and the gradients with the derivatives at the estimate, of
            the shape of `moves`.
        """
        size = len(self.centre)
        vectors = self.centre + moves[:, :size].to(self.centre.dtype)
        with torch.no_grad():
            output = simulate(
                self.space.parameters(vectors[:, None]),
                *self.trials[:3],
                self.step_s,
                guess=self.guess,
            )
        wrong = torch.einsum(
            "pe,etdk->ptdk", moves[:, size:].to(vectors.dtype), self.effects[size:]
        )
        weight = self.trials.weight.sqrt() / self.spread[:, None]
        left = [
            residual(moment, self.trials, self.space.inertia(vector))
            for moment, vector in zip(output.moment, vectors, strict=True)
        ]
        error = torch.stack(left) * weight + wrong
        pull = torch.cat((moves[:, :size] / self.before.double().square(), moves[:, size:]), 1)
        value = 0.5 * (error.double().square().sum((1, 2, 3)) + (pull * moves).sum(1))
        return value, torch.einsum("ptdk,etdk->pe", error, self.effects).double() + pull

    def follow(self, moves: Tensor, gradient: Tensor, held: int) -> Tensor:
        """Return the moves after a Gauss-Newton step of all but one parameter."""
        others = torch.arange(len(self.precision), device=moves.device) != held
        step = torch.linalg.solve(self.precision[others][:, others], gradient[:, others].T).T
        return moves.index_add(1, others.nonzero().flatten(), -step)


def profiled(likelihood: Likelihood, deviation: Tensor, places: Sequence[int]) -> Tensor:
    """Return the deviations, wider where the loss rises by less than the curvature says.

    Parameters
    ----------
    deviation
        From the curvature, shape [parameter].
    places
        Parameters that are looked at.

    Returns
    -------
    Tensor
        Shape [parameter]: 1/1.96 of the way to the farther end of the 95 % interval.
    """
    covariance = torch.linalg.inv(likelihood.precision)
    wide = deviation.clone()
    for place in places:
        along = covariance[place] / covariance[place, place]
        end = WITHIN * float(deviation[place])
        for reaches in (REACHES[:1], REACHES):  # most hold at once
            moves = end * torch.tensor(_both_sides(reaches), dtype=along.dtype, device=along.device)
            rise = _rises(likelihood, moves[:, None] * along, place)
            if min(float(rise[0]), float(rise[-1])) >= RISE:
                break
        far = max(_end(-moves.flip(0), rise.flip(0)), _end(moves, rise))
        wide[place] = max(float(deviation[place]), far / WITHIN)
    return wide


def _both_sides(reaches: Sequence[float]) -> list[float]:
    """Return what lies on the one side, nothing, and what lies on the other, in order."""
    return [*(-reach for reach in reversed(reaches)), 0.0, *reaches]


def _rises(likelihood: Likelihood, moves: Tensor, place: int) -> Tensor:
    """Return by how much the loss is above its lowest, with one parameter where it was moved to."""
    value, gradient = likelihood.at(moves)
    stepped, _ = likelihood.at(likelihood.follow(moves, gradient, place))
    lowest = torch.fmin(value, stepped).nan_to_num(nan=torch.inf)
    return lowest - lowest.min()


def _end(moves: Tensor, rise: Tensor) -> float:
    """Return the highest move at which the loss has not yet risen too far."""
    inside = int((rise < RISE).nonzero().max())
    if inside + 1 == len(moves):
        return float(moves[-1])
    share = (RISE - rise[inside]) / (rise[inside + 1] - rise[inside])
    return float(moves[inside] + share * (moves[inside + 1] - moves[inside]))
