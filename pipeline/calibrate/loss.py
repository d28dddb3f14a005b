"""The loss that calibration minimises: data loss, plausibility penalty, prior.

References
----------
Hambly et al. 2025, doi 10.1109/TBME.2025.3569682, eq. 4.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor

from pipeline.calibrate.motion import MotionRegressor
from pipeline.calibrate.unmeasured import UnmeasuredMuscles
from pipeline.model.nms import Output
from pipeline.shapes import Float

ERROR_FLOOR = 0.02
"""Fraction of a joint's variance below which its error hardly counts."""


class Trials(NamedTuple):
    """Paired data, cut into trials of equal length; leading dimensions are separate subjects."""

    excitation: Float[Tensor, "*subject trial muscle time"]
    """Shape [..., trial, muscle, time]."""
    length: Float[Tensor, "*subject trial muscle time"]
    """Muscle-tendon length, m, shape [..., trial, muscle, time]."""
    moment_arm: Float[Tensor, "*subject trial dof muscle time"]
    """m, shape [..., trial, dof, muscle, time]."""
    moment: Float[Tensor, "*subject trial dof time"]
    """Reference, N*m, or rad/s^2 where it is a motion, shape [..., trial, dof, time]; zero where
    there is none."""
    weight: Float[Tensor, "*subject trial dof time"]
    """How much the reference counts: 0 where there is none, shape [..., trial, dof, time]."""
    measured: Tensor | None = None
    """Which excitations electrodes have recorded, bool, shape [..., trial, muscle, time]; None
    where all are."""
    motion: Tensor | None = None
    """The motion that is the reference, as `PairedRows` has it, shape [trial, 4, coordinate, time];
    None where the reference is a moment."""
    regressor: MotionRegressor | None = None
    """What that motion says of any bones, once it has been worked out."""


def joined(first: Trials, second: Trials) -> Trials:
    """Return the trials of both; the shorter ones are filled up at their start, without weight."""
    size = max(first.length.shape[-1], second.length.shape[-1])

    def both(a: Tensor, b: Tensor, fill: float | None = None) -> Tensor:
        return torch.cat((_lengthened(a, size, fill), _lengthened(b, size, fill)))

    return Trials(
        both(first.excitation, second.excitation),
        both(first.length, second.length),
        both(first.moment_arm, second.moment_arm),
        both(first.moment, second.moment, 0.0),
        both(first.weight, second.weight, 0.0),
        _measured(first, second, size),
        None
        if first.motion is None or second.motion is None
        else both(first.motion, second.motion),
    )


def _measured(first: Trials, second: Trials, size: int) -> Tensor | None:
    if first.measured is None and second.measured is None:
        return None
    parts = (
        torch.ones_like(t.excitation, dtype=torch.bool) if t.measured is None else t.measured
        for t in (first, second)
    )
    return torch.cat([_lengthened(part, size) for part in parts])


def _lengthened(values: Tensor, size: int, fill: float | None = None) -> Tensor:
    """Repeat the first sample, or `fill`, in front until there are `size` samples."""
    lead = values[..., :1] if fill is None else torch.full_like(values[..., :1], fill)
    missing = size - values.shape[-1]
    return torch.cat((lead.expand(*lead.shape[:-1], missing), values), dim=-1)


@dataclass(frozen=True)
class LossSettings:
    """Weights of the loss, and the ranges in which a muscle plausibly works."""

    fibre_range: tuple[float, float] = (0.5, 1.4)
    """Normalised fibre length."""
    strain_range: tuple[float, float] = (-0.01, 0.08)
    """Tendon strain; a little below zero is a tendon that is just slack."""
    penalty_weight: float = 10.0
    """Weight of the squared excess outside those ranges, in units of explained variance."""


def moment_scale(trials: Trials, floor_nm: float = 2.0) -> Float[Tensor, "*batch dof"]:
    """Return the spread of each DOF, N*m, shape [..., dof], by which the DOFs are weighed alike."""
    count = _pooled(trials.weight).clamp_min(1.0)
    mean = _pooled(trials.moment * trials.weight) / count
    deviation = (trials.moment - mean[..., None, :, None]) * trials.weight
    return (_pooled(deviation.square()) / count).sqrt().clamp_min(floor_nm)


def residual(
    moment: Float[Tensor, "*batch trial dof time"], trials: Trials, inertia: Tensor | None = None
) -> Float[Tensor, "*batch trial dof time"]:
    """Return what the model leaves of the reference, in its unit, shape [..., trial, dof, time].

    Parameters
    ----------
    moment
        Moments of the muscles, N*m, of that shape.
    inertia
        Inertial parameters of the bones, shape [bone, 10], where the reference is a motion.
    """
    if trials.regressor is None or inertia is None:
        return moment - trials.moment
    return trials.regressor.accelerations(trials.regressor.residual_torque(moment, inertia))


def moment_error(
    output: Output,
    trials: Trials,
    scale: Float[Tensor, "*#batch dof"],
    inertia: Tensor | None = None,
    unmeasured: UnmeasuredMuscles | None = None,
) -> Float[Tensor, "*any dof"]:
    """Mean squared `residual` of each DOF over the reference's variance, shape [..., dof].

    Where there are `unmeasured` muscles, it is of what they leave.
    """
    error = residual(output.moment, trials, inertia)
    if unmeasured is not None:
        regressor = trials.regressor
        felt = (
            regressor.accelerations
            if regressor is not None and inertia is not None
            else torch.clone
        )
        error = unmeasured.closed(error, trials.moment_arm, scale, felt)
    error = error / scale[..., None, :, None]
    return _pooled(error.square() * trials.weight) / _pooled(trials.weight).clamp_min(1.0)


def data_loss(error: Float[Tensor, "*batch dof"]) -> Float[Tensor, "*batch"]:
    """Weigh each DOF's error by what the model can reach there: the sum of their logarithms.

    This is the likelihood of a model whose residual differs from joint to joint. A joint that
    cannot be reproduced (a hip without electrodes on its main flexors) then does not pull the
    muscles it shares with a joint that can.
    """
    return torch.log(error + ERROR_FLOOR).sum(-1)


def plausibility_penalty(
    output: Output, settings: LossSettings, real: Tensor | None = None
) -> Tensor:
    """Mean squared excess of fibre length and tendon strain over their ranges, summed.

    Parameters
    ----------
    real
        Which samples there are, bool, shape [..., trial, 1, time]; None where all are.
    """
    return settings.penalty_weight * (
        _excess(output.fibre_length, settings.fibre_range, real)
        + _excess(output.strain, settings.strain_range, real)
    )


def _excess(value: Tensor, limits: tuple[float, float], real: Tensor | None) -> Tensor:
    # What lies inside has no excess and so no gradient: the limits need none of their own.
    outside = value - value.detach().clamp(*limits)
    if real is None:
        return outside.square().mean((-3, -1)).sum(-1)
    return (_pooled(outside.square() * real) / _pooled(real)).sum(-1)


def _pooled(values: Tensor) -> Tensor:
    """Sum over trials and time."""
    return values.sum((-3, -1))
