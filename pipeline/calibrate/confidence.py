"""Confidence: how well each parameter is known, and what that leaves open of the moments.

The Gauss-Newton curvature of the loss says how steeply the error rises when a parameter moves. Its
inverse, scaled by the residual, is the covariance of the parameters as far as the data speak; where
they are silent what is left is the spread of a value that may lie anywhere between its bounds. What
the residual does not show is counted as well: each muscle's excitation may have another gain and
another offset than the EMG says, for MVC and resting level are never known exactly.

References
----------
Seber and Wild, Nonlinear Regression, 1989, sections 2.1.2 and 6.2 (correlated residuals).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from pipeline.calibrate.body import BodySpace
from pipeline.calibrate.combinations import known_together
from pipeline.calibrate.effects import (
    bone_effects,
    delay_effect,
    excitation_effects,
    sensitivity,
)
from pipeline.calibrate.loss import ERROR_FLOOR, Trials, residual
from pipeline.calibrate.profile import Likelihood, profiled
from pipeline.model.identifiability import (
    IDENTIFIED_BELOW,
    WEAK_BELOW,
    BoneNumber,
    Confidence,
    Identifiability,
)
from pipeline.model.nms import Output, simulate
from pipeline.model.parameters import ParameterSpace
from pipeline.model.subject import CALIBRATED
from pipeline.shapes import Float

Array = NDArray[np.float64]

FREE_DEVIATION = 1.81
"""Standard deviation of the logit of a number that may lie anywhere in 0..1: pi / sqrt(3)."""
ACROSS = 100.0
"""Logits from anywhere to beyond both bounds."""
DIRECTIONS = 4
"""Directions of the parameters by which the moments' deviation is computed."""
LEAST_MOMENT_NM = 2.0
"""Moments smaller than this count as of this size where joints are weighed against each other."""


class Grounds(NamedTuple):
    """What tells how well parameters are known."""

    space: ParameterSpace
    vector: Float[Tensor, " parameter"]
    """The parameters."""
    trials: Trials
    """What they were found with."""
    scale: Float[Tensor, " dof"]
    """Spread of each DOF's reference, in its unit."""
    step_s: float
    """Interval of the time grid, s."""
    delay_deviation_s: float = 0.0
    """Standard deviation of the electromechanical delay before any data, s; 0 where known."""


class Linearised(NamedTuple):
    """The model around the parameters."""

    output: Output
    slope: Tensor
    """What a unit of each parameter does to the moments, N*m, shape [parameter, trial, dof, time];
    of a bone's number what it takes away."""
    likelihood: Likelihood


def confidence(grounds: Grounds) -> Confidence:
    """Return how well parameters are known."""
    space, vector, trials = grounds[:3]
    output, slope, likelihood = linearised(grounds)
    own, before = slice(space.size), likelihood.before
    known = torch.linalg.inv(likelihood.precision)
    deviation = known.diagonal().sqrt()
    curved = _standings(space, vector, deviation[own] / before)
    wide = profiled(likelihood, deviation[own], _doubtful(space, curved)).to(vector.dtype)
    wide = _open_at_bounds(curved, wide)
    identifiability, combinations = known_together(
        space, vector, known[own, own], before, _standings(space, vector, wide / before)
    )
    return Confidence(
        deviation=_in_units(space, vector, wide),
        identifiability=_by_kind(space, identifiability),
        directions=_directions(grounds, output, slope, likelihood.precision[own, own]),
        residual=_unexplained(space, vector, trials, output),
        bones=_bone_numbers(space, vector, wide, identifiability),
        delay_deviation_s=grounds.delay_deviation_s * float(deviation[-1]),
        combinations=combinations,
    )


def linearised(grounds: Grounds) -> Linearised:
    """Return the model around the parameters, and the loss with the curvature that it has there."""
    space, vector, trials, scale, step_s, delay_deviation_s = grounds
    with torch.no_grad():
        parameters = space.parameters(vector)
        output = simulate(parameters, *trials[:3], step_s)
        slope = torch.cat(
            (
                sensitivity(space, vector, trials, step_s, output),
                bone_effects(space, vector, trials),
            )
        )
        doubt = torch.cat(
            (
                excitation_effects(space, parameters, trials, step_s, output.w),
                delay_effect(parameters, trials, step_s, output.w, delay_deviation_s),
            )
        )
        left = residual(output.moment, trials, space.inertia(vector))
    # What the loss takes a residual for, and how many of them tell as much as one.
    told = _mean_square(left, trials.weight) + ERROR_FLOOR * scale.square()
    told = told * correlation_length(left * trials.weight, trials.weight)
    before = _before(space, vector)
    effects = _weighed(_on_residual(torch.cat((slope, doubt)), trials), trials.weight, told)
    precision = _products(effects)
    precision.diagonal()[: space.size] += 1.0 / before.double().square()
    precision.diagonal()[space.size :] += 1.0
    likelihood = Likelihood(
        space, trials, step_s, vector, output.w, told.sqrt(), effects, precision, before
    )
    return Linearised(output, slope, likelihood)


def _doubtful(space: ParameterSpace, identifiability: Sequence[Identifiability]) -> list[int]:
    """Return the muscles' parameters but strengths that the curvature calls identified.

    They are few. Of strengths the curvature says enough: the moments are linear in them.
    """
    return [
        place
        for place in range(space.muscle_size)
        if identifiability[place] is Identifiability.IDENTIFIED
        and space.labels[place].kind != "strength"
    ]


def _open_at_bounds(identifiability: Sequence[Identifiability], deviation: Tensor) -> Tensor:
    """Return deviations that span all between the bounds where a parameter has run to one.

    There the curvature tells how flat the map into the bounds is, and nothing of the muscle.
    """
    ran = [one is Identifiability.AT_BOUND for one in identifiability]
    return torch.where(torch.tensor(ran, device=deviation.device), ACROSS, deviation)


def _before(space: ParameterSpace, vector: Tensor) -> Tensor:
    """Return the standard deviation of the vector's entries before any data."""
    before = torch.full_like(vector, FREE_DEVIATION)
    before[space.muscle_size :] = 1.0  # bones are counted in prior deviations
    return before


def _mean_square(values: Tensor, weight: Tensor) -> Tensor:
    """Return the mean over trials and time of what counts, shape [dof]."""
    return (values.square() * weight).sum((0, 2)) / weight.sum((0, 2)).clamp_min(1.0)


def _spread(moment: Tensor, weight: Tensor) -> Tensor:
    return _mean_square(moment, weight).sqrt().clamp_min(LEAST_MOMENT_NM)


def _unexplained(
    space: ParameterSpace, vector: Tensor, trials: Trials, output: Output
) -> tuple[float, ...]:
    """Return the standard deviation of the torque that is left over, N*m per DOF."""
    inertia = space.inertia(vector)
    if trials.regressor is None or inertia is None:
        left = output.moment - trials.moment
    else:
        left = trials.regressor.residual_torque(output.moment, inertia)
    return tuple(float(value) for value in _mean_square(left, trials.weight).sqrt())


def _on_residual(torques: Tensor, trials: Trials) -> Tensor:
    """Return what torques do to the residual, in its unit, shape [..., trial, dof, time]."""
    return torques if trials.regressor is None else trials.regressor.accelerations(torques)


def correlation_length(residual: Tensor, weight: Tensor) -> Tensor:
    """Return for each DOF how many consecutive residuals tell as much as one, shape [dof].

    The sum of the residual's autocorrelation up to where it first falls below zero.
    """
    size = residual.shape[-1]
    spectrum = torch.fft.rfft(residual, 2 * size)
    products = torch.fft.irfft(spectrum.abs().square(), 2 * size)[..., :size].sum(0)
    pairs = torch.fft.irfft(torch.fft.rfft(weight, 2 * size).abs().square(), 2 * size)
    mean = products / pairs[..., :size].sum(0).clamp_min(1.0)
    correlation = mean / mean[..., :1].clamp_min(1e-12)
    positive = (correlation > 0).to(correlation.dtype).cumprod(-1)
    length: Tensor = 2.0 * (correlation * positive).sum(-1) - 1.0
    return length.clamp_min(1.0)


def _weighed(effects: Tensor, weight: Tensor, variance: Tensor) -> Tensor:
    """Return effects in deviations, of which what has no reference has no part."""
    return effects * (weight / variance[:, None]).sqrt()


def _products(effects: Tensor) -> Tensor:
    """Return the products of effects, summed over all rows."""
    return torch.einsum("itdk,jtdk->ij", effects, effects).double()


def _directions(
    grounds: Grounds, output: Output, slope: Tensor, precision: Tensor
) -> tuple[dict[str, Array], ...]:
    """Return the sets off the parameters that `Confidence` has, a deviation of the moments away.

    What EMG gets wrong it gets wrong in prediction too, which leaves the moments as they are, nor
    do bones change the moments of the muscles.

    Parameters
    ----------
    precision
        Second derivative of the loss by the parameters alone.
    """
    space, vector, trials, scale = grounds[:4]
    of_muscles = slope.clone()
    of_muscles[space.muscle_size :] = 0.0
    unit = scale if trials.regressor is None else _spread(output.moment, trials.weight)
    effect = _products(_weighed(of_muscles, trials.weight, unit.square()))
    steps = _farthest(torch.linalg.inv(precision), effect)
    return tuple(space.subject(vector + step.to(vector.dtype)).values() for step in steps)


def _farthest(covariance: Tensor, effect: Tensor) -> list[Tensor]:
    """Return the steps that change the moments most, long enough to make up the whole variance."""
    root = torch.linalg.cholesky(covariance)
    values, vectors = torch.linalg.eigh(root.T @ effect @ root)
    count = min(DIRECTIONS, len(values))
    most = values[-count:]
    longer = (values.clamp_min(0.0).sum() / most.sum().clamp_min(1e-12)).sqrt()
    return [longer * root @ vectors[:, -1 - i] for i in range(count)]


def _in_units(space: ParameterSpace, vector: Tensor, deviation: Tensor) -> dict[str, Array]:
    """Return the deviation of each parameter in its own unit, to the side where it is larger."""
    value, high, low = (
        space.subject(vector + move).values() for move in (0.0 * deviation, deviation, -deviation)
    )
    return {
        name: np.maximum(high[name] - value[name], value[name] - low[name]) for name in CALIBRATED
    }


def _standings(space: ParameterSpace, vector: Tensor, left: Tensor) -> list[Identifiability]:
    """Return the identifiability of each entry of the vector.

    Parameters
    ----------
    left
        Standard deviation over that before any data, shape [parameter].
    """
    at_bound = set(space.at_bound(vector))
    return [
        Identifiability.AT_BOUND if label in at_bound else _standing(value)
        for label, value in zip(space.labels, left.tolist(), strict=True)
    ]


def _by_kind(
    space: ParameterSpace, identifiability: list[Identifiability]
) -> dict[str, tuple[Identifiability, ...]]:
    """Return the identifiability of each calibrated parameter per muscle."""
    found = {name: (Identifiability.FIXED,) * len(space.prior.muscles) for name in CALIBRATED}
    for kind in space.kinds():
        found[kind.name] = tuple(identifiability[i] for i in (kind.start + kind.members).tolist())
    return found


def _bone_numbers(
    space: ParameterSpace, vector: Tensor, deviation: Tensor, identifiability: list[Identifiability]
) -> dict[str, BoneNumber]:
    if not isinstance(space, BodySpace):
        return {}
    bones = slice(space.muscle_size, None)
    here = space.multipliers(vector)
    either = [(space.multipliers(vector + side) - here).abs() for side in (deviation, -deviation)]
    wide = torch.maximum(*either).tolist()
    numbers = map(BoneNumber, here.tolist(), wide, identifiability[bones])
    return dict(zip(map(str, space.labels[bones]), numbers, strict=True))


def _standing(left: float) -> Identifiability:
    if left < IDENTIFIED_BELOW:
        return Identifiability.IDENTIFIED
    return Identifiability.WEAKLY_IDENTIFIED if left < WEAK_BELOW else Identifiability.UNOBSERVED
