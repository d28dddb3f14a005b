"""Effects on the moments of what is not known: parameters, bones, errors of EMG and delay."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.autograd import forward_ad

from pipeline.calibrate.body import BodySpace
from pipeline.calibrate.loss import Trials
from pipeline.model.nms import Output, Parameters, simulate
from pipeline.model.parameters import Kind, ParameterSpace

GAIN_DEVIATION = 0.15
"""Standard deviation of an excitation's gain: MVC is not known better than that."""
OFFSET_DEVIATION = 0.03
"""Standard deviation of an excitation's offset: nor is the resting level, as a share of MVC."""
UNKNOWN_GAIN = 3.0
"""Where the bounds of the gain are further apart than by this factor, it is to be found."""
UNKNOWN_BEND_DEVIATION, BEND_DEVIATION = 0.4, 0.1
"""Standard deviation of the logarithm of a gain that is told apart from strength by the bend from
excitation to force, where the gain is to be found and where MVC was measured: that EMG is random
bends it, too, and more data do not help."""


def bone_effects(space: ParameterSpace, vector: Tensor, trials: Trials) -> Tensor:
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
    muscle's force by its own parameter of that kind. The first forward derivative of a process
    makes torch load its compiler: a second and 70 MB.

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
    moments = [(trials.moment_arm * force[:, None]).movedim(2, 0) for force in slope]
    return torch.cat([_shared(*one) for one in zip(kinds, moments, strict=True)])


def _shared(kind: Kind, effects: Tensor) -> Tensor:
    """Return the sums of effects, shape [muscle, ...], over muscles that share a parameter."""
    return effects.new_zeros(kind.size, *effects.shape[1:]).index_add(0, kind.members, effects)


def excitation_effects(
    space: ParameterSpace, parameters: Parameters, trials: Trials, step_s: float, guess: Tensor
) -> Tensor:
    """Return what one standard deviation of each excitation's errors does to the moments.

    Of its gain and its offset, and of the bend by which gain is told apart from strength: a gain
    that is higher while the strength makes up for it, in all muscles that share a strength.

    Returns
    -------
    Tensor
        N*m, shape [2 muscles + strength, trial, dof, time].
    """
    excitation = trials.excitation
    errors = torch.stack(
        (GAIN_DEVIATION * excitation, torch.full_like(excitation, OFFSET_DEVIATION))
    )
    moved = excitation + errors, (excitation - errors).clamp_min(0.0)
    more, less = _forces(parameters, trials, moved, step_s, guess)
    alike = more[0] / (1.0 + GAIN_DEVIATION) - less[0] / (1.0 - GAIN_DEVIATION)
    bend = UNKNOWN_BEND_DEVIATION if has_unknown_gain(space) else BEND_DEVIATION
    half = torch.stack((*(more - less), bend / GAIN_DEVIATION * alike)) / 2.0
    # shape [error, muscle, trial, dof, time]
    each = (trials.moment_arm * half[:, :, None]).movedim(-2, 1)
    strength = next((kind for kind in space.kinds() if kind.name == "strength"), None)
    bent = each[-1] if strength is None else _shared(strength, each[-1])
    return torch.cat((each[:-1].flatten(0, 1), bent))


def has_unknown_gain(space: ParameterSpace) -> bool:
    """Tell whether EMG is scaled to nothing measured, so that its gain is to be found."""
    bounds = space.bounds("gain")
    return bounds is not None and bounds[1] > UNKNOWN_GAIN * bounds[0]


def delay_effect(
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
    moved = later[None], earlier[None]
    more, less = _forces(parameters, trials, moved, step_s, guess)
    moment = trials.moment_arm * (more - less)[:, :, None] / 2.0
    return deviation_s / step_s * moment.sum(-2)


def _forces(
    parameters: Parameters,
    trials: Trials,
    excitations: tuple[Tensor, Tensor],
    step_s: float,
    guess: Tensor,
) -> tuple[Tensor, Tensor]:
    """Return the forces of two sets of excitations, N, shape [error, trial, muscle, time] each."""
    simulated = simulate(parameters, torch.cat(excitations), *trials[1:3], step_s, guess=guess)
    one, other = simulated.force.chunk(2)
    return one, other
