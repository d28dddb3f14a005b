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

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.autograd import forward_ad

from pipeline.calibrate.body import BodySpace
from pipeline.calibrate.loss import ERROR_FLOOR, Trials, residual
from pipeline.model.identifiability import (
    IDENTIFIED_BELOW,
    WEAK_BELOW,
    BoneNumber,
    Confidence,
    Identifiability,
)
from pipeline.model.nms import Output, Parameters, simulate
from pipeline.model.parameters import ParameterSpace
from pipeline.model.subject import CALIBRATED
from pipeline.shapes import Float

Array = NDArray[np.float64]

FREE_DEVIATION = 1.81
"""Standard deviation of the logit of a number that may lie anywhere in 0..1: pi / sqrt(3)."""
DIRECTIONS = 4
"""Directions of the parameters by which the moments' deviation is computed."""
GAIN_DEVIATION = 0.15
"""Standard deviation of an excitation's gain: MVC is not known better than that."""
LEAST_MOMENT_NM = 2.0
"""Moments smaller than this count as of this size where joints are weighed against each other."""
OFFSET_DEVIATION = 0.03
"""Standard deviation of an excitation's offset: nor is the resting level, as a share of MVC."""


def confidence(
    space: ParameterSpace,
    vector: Float[Tensor, " parameter"],
    trials: Trials,
    scale: Float[Tensor, " dof"],
    step_s: float,
    delay_deviation_s: float = 0.0,
) -> Confidence:
    """Return how well the parameters at `vector` are known from `trials`.

    Parameters
    ----------
    scale
        Spread of each DOF's reference, in its unit, shape [dof].
    step_s
        Interval of the time grid, s.
    delay_deviation_s
        Standard deviation of the electromechanical delay before any data, s; 0 where it is known.
    """
    with torch.no_grad():
        parameters = space.parameters(vector)
        output = simulate(parameters, *trials[:3], step_s)
        slope = torch.cat(
            (
                sensitivity(space, vector, trials, step_s, output),
                _bone_effects(space, vector, trials),
            )
        )
        doubt = torch.cat(
            (
                _excitation_effects(parameters, trials, step_s, output.w),
                _delay_effect(parameters, trials, step_s, output.w, delay_deviation_s),
            )
        )
        left = residual(output.moment, trials, space.inertia(vector))
    # What the loss takes a residual for, and how many of them tell as much as one.
    told = _mean_square(left, trials.weight) + ERROR_FLOOR * scale.square()
    told = told * correlation_length(left * trials.weight, trials.weight)
    own, before = slice(space.size), _before(space, vector)
    precision = _products(_on_residual(torch.cat((slope, doubt)), trials), trials.weight, told)
    precision.diagonal()[own] += 1.0 / before.double().square()
    precision.diagonal()[space.size :] += 1.0
    known = torch.linalg.inv(precision).diagonal().sqrt()
    deviation = known[own].to(vector.dtype)
    # What EMG gets wrong it gets wrong in prediction too, which leaves the moments as they are.
    covariance = torch.linalg.inv(precision[own, own])
    slope[space.muscle_size :] = 0.0  # nor do bones change the moments of the muscles
    unit = scale if trials.regressor is None else _spread(output.moment, trials.weight)
    spread = _directions(covariance, _products(slope, trials.weight, unit.square()))
    identifiability = _standings(space, vector, deviation / before)
    return Confidence(
        deviation=_in_units(space, vector, deviation),
        identifiability=_by_kind(space, identifiability),
        directions=tuple(
            space.subject(vector + direction.to(vector.dtype)).values() for direction in spread
        ),
        residual=_unexplained(space, vector, trials, output),
        bones=_bone_numbers(space, vector, deviation, identifiability),
        delay_deviation_s=delay_deviation_s * float(known[-1]),
    )


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


def _bone_effects(space: ParameterSpace, vector: Tensor, trials: Trials) -> Tensor:
    """Return the torque that each number of the bones takes away per unit of the vector, N*m.

    Returns
    -------
    Tensor
        Shape [number, trial, dof, time].
    """
    if trials.regressor is None or not isinstance(space, BodySpace) or space.bone_size == 0:
        return trials.moment.new_zeros(0, *trials.moment.shape)

    muscles, bones = vector.tensor_split([space.muscle_size])

    def inertia(bones: Tensor) -> Tensor:
        return space.inertia(torch.cat((muscles, bones))).flatten()

    by_bones: Tensor = torch.func.jacrev(inertia)(bones)
    return -(trials.regressor.torque_per_inertia @ by_bones).movedim(-1, 0)


def sensitivity(
    space: ParameterSpace, vector: Tensor, trials: Trials, step_s: float, output: Output
) -> Tensor:
    """Return the derivative of every moment by every parameter, N*m per unit of the vector.

    Muscles do not couple, so one direction per kind of parameter gives the derivative of every
    muscle's force by its own parameter of that kind.

    Parameters
    ----------
    output
        The simulation at `vector`.

    Returns
    -------
    Tensor
        Shape [parameter, trial, dof, time].
    """
    kinds = space.kinds()
    towards = torch.stack([kind.mask for kind in kinds]).to(vector.dtype)[:, None]
    with torch.enable_grad(), forward_ad.dual_level():
        place = vector.detach().expand_as(towards).clone()
        moved = forward_ad.make_dual(place, towards)  # type: ignore[no-untyped-call]
        simulated = simulate(space.parameters(moved), *trials[:3], step_s, guess=output.w)
        slope = forward_ad.unpack_dual(simulated.force).tangent  # type: ignore[no-untyped-call]
    parts = []
    for kind, force in zip(kinds, slope, strict=True):
        moment = trials.moment_arm * force[:, None]  # shape [trial, dof, muscle, time]
        members = torch.nn.functional.one_hot(kind.members, kind.size).to(vector.dtype)
        parts.append(torch.einsum("tdmk,mi->itdk", moment, members))
    return torch.cat(parts)


def _excitation_effects(
    parameters: Parameters, trials: Trials, step_s: float, guess: Tensor
) -> Tensor:
    """Return what one standard deviation of each excitation's gain and offset does to the moments.

    Returns
    -------
    Tensor
        N*m, shape [2 muscle, trial, dof, time].
    """
    excitation = trials.excitation
    errors = torch.stack(
        (GAIN_DEVIATION * excitation, torch.full_like(excitation, OFFSET_DEVIATION))
    )
    moved = excitation + errors, (excitation - errors).clamp_min(0.0)
    moment = _moments_apart(parameters, trials, moved, step_s, guess)
    return moment.movedim(-2, 1).flatten(0, 1)


def _delay_effect(
    parameters: Parameters, trials: Trials, step_s: float, guess: Tensor, deviation_s: float
) -> Tensor:
    """Return what one standard deviation of the electromechanical delay does to the moments.

    Returns
    -------
    Tensor
        N*m, shape [1, trial, dof, time].
    """
    excitation = trials.excitation
    later = torch.cat((excitation[..., :1], excitation[..., :-1]), -1)
    earlier = torch.cat((excitation[..., 1:], excitation[..., -1:]), -1)
    moment = _moments_apart(parameters, trials, (later[None], earlier[None]), step_s, guess)
    return deviation_s / step_s * moment.sum(-2)


def _moments_apart(
    parameters: Parameters,
    trials: Trials,
    excitations: tuple[Tensor, Tensor],
    step_s: float,
    guess: Tensor,
) -> Tensor:
    """Return half of what two sets of excitations differ in, muscle by muscle.

    Returns
    -------
    Tensor
        N*m, shape [error, trial, dof, muscle, time].
    """
    simulated = simulate(parameters, torch.cat(excitations), *trials[1:3], step_s, guess=guess)
    one, other = simulated.force.chunk(2)
    half = (one - other) / 2.0  # shape [error, trial, muscle, time]
    return trials.moment_arm * half[:, :, None]


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


def _products(effects: Tensor, weight: Tensor, variance: Tensor) -> Tensor:
    """Return the products of effects on the moments, summed, each DOF over its variance."""
    weighed = effects * (weight / variance[:, None]).sqrt()
    return torch.einsum("itdk,jtdk->ij", weighed, weighed).double()


def _directions(covariance: Tensor, effect: Tensor) -> list[Tensor]:
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
