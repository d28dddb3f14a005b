"""The stiffness of a joint: how its moment changes with its own angle.

``K = -dM/dq`` in N*m/rad at constant activation, quasi-static: the fibres' velocities are held,
and fibre and tendon find their balance anew. A joint that its muscles bring back is positive.
With ``M = sum r F`` and ``dL/dq = -r``, each muscle adds ``r^2 k - dr/dq F``, where k is the
stiffness of its fibre and tendon in series.

References
----------
Sartori, Maculan, Pizzolato, Reggiani, Farina 2015, J Neurophysiol 114:2509,
doi 10.1152/jn.00989.2014 (joint stiffness of an EMG-driven model).
"""

from __future__ import annotations

import torch
from torch import Tensor

from pipeline.model.action import Action
from pipeline.model.inputs import Inputs
from pipeline.model.nms import Output, Parameters
from pipeline.shapes import Float


def muscle_tendon_stiffness(
    action: Action, parameters: Parameters
) -> Float[Tensor, "*any muscle time"]:
    """Return the stiffness of each muscle with its tendon, N/m, shape [..., muscle, time].

    It is the change of the force along the tendon with the muscle-tendon length.
    """
    strongest = parameters.max_isometric_force * parameters.strength
    return strongest / parameters.optimal_fibre_length * action.stiffness


def joint_stiffness(
    stiffness: Float[Tensor, "*#batch muscle time"],
    force: Float[Tensor, "*#batch muscle time"],
    moment_arm: Float[Tensor, "*#batch dof muscle time"],
    arm_slope: Float[Tensor, "*#batch dof muscle time"],
) -> Float[Tensor, "*any dof time"]:
    """Return the stiffness of each joint about its own angle, N*m/rad, shape [..., dof, time].

    Parameters
    ----------
    stiffness, force
        Of each muscle with its tendon, N/m, and along the tendon, N, shape [..., muscle, time].
    moment_arm
        m, shape [..., dof, muscle, time].
    arm_slope
        Derivative of each moment arm by its joint's angle, m/rad, of that shape.
    """
    by_length = moment_arm.square() * stiffness.unsqueeze(-3)
    by_arm = arm_slope * force.unsqueeze(-3)
    return (by_length - by_arm).sum(-2)


def stiffness_of(action: Action, output: Output, parameters: Parameters, inputs: Inputs) -> Tensor:
    """Return the joints' stiffness by the first of some parameter sets, N*m/rad, shape [dof, time].

    Parameters
    ----------
    action, output
        What `simulate` made of the sets, without gradients; shape [set, muscle, time].
    parameters
        The sets, shape [set, muscle, 1].
    inputs
        What they were given; without slopes of the moment arms the stiffness is NaN.
    """
    if inputs.arm_slope is None:
        return torch.full_like(output.moment[0], torch.nan)
    of_muscle = muscle_tendon_stiffness(action, parameters)[0]
    return joint_stiffness(of_muscle, output.force[0], inputs.moment_arm, inputs.arm_slope)
