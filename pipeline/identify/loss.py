"""Misfit of joint accelerations: what takes the place of a reference moment that nobody measures.

The torque a motion takes is linear in the bones' inertial parameters, and so is the mass matrix
(Featherstone 2008). Both are computed once per sample; after that bones and muscles are compared
with a motion at the cost of two matrix products and one small factorisation.

Notes
-----
Motion alone does not tell how strong and heavy a person is: twice the force on twice the inertia
is the same motion. The common scale comes from what is known in newtons: a weight in the hand
(`load`), a measured force or the torque of an exoskeleton (`external`), or a prior on the bones.

References
----------
Zhou, Sanderink, Lemming, Fang 2025, Diff-MSM, arXiv 2508.13303 (the loss).
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor

from pipeline.model.skeleton import Skeleton


class Motion(NamedTuple):
    """Measured motion and what it says of any bones; leading dimensions are trials."""

    acceleration: Tensor
    """rad/s^2, shape [..., time, dof]."""
    torque_per_inertia: Tensor
    """Joint torque of the motion per inertial parameter, shape [..., time, dof, bone * 10]."""
    mass_per_inertia: Tensor
    """Mass matrix per inertial parameter, shape [..., time, dof, dof, bone * 10]."""
    external: Tensor
    """Measured torque that is not the muscles', N*m, shape [..., time, dof]."""
    load: Tensor
    """Inertial parameters of what is known to be carried, shape [..., 1, bone * 10]."""
    weight: Tensor
    """How much a sample counts, 0 where there is none, shape [..., time, dof]."""


def motion_of(
    skeleton: Skeleton,
    q: Tensor,
    qd: Tensor,
    qdd: Tensor,
    external: Tensor | None = None,
    load: Tensor | None = None,
    weight: Tensor | None = None,
) -> Motion:
    """Return what a measured motion says of the bones.

    Parameters
    ----------
    skeleton
        The limb; its own bones do not matter.
    q, qd, qdd
        Angles, rad, velocities and accelerations, shape [..., time, dof].
    external
        Measured torque of other than muscles, N*m, shape [..., time, dof]; None is none.
    load
        Inertial parameters of known weights on the bones, shape [..., bone, 10]; None is none.
    weight
        How much each sample counts, shape [..., time, dof]; None counts all.
    """
    regressor = skeleton.regressor(q, qd, qdd)
    carried = q.new_zeros(1) if load is None else load.flatten(-2).unsqueeze(-2)
    return Motion(
        acceleration=qdd,
        torque_per_inertia=regressor,
        mass_per_inertia=skeleton.mass_regressor(q),
        external=torch.zeros_like(q) if external is None else external,
        load=carried.expand(*q.shape[:-2], 1, regressor.shape[-1]),
        weight=torch.ones_like(q) if weight is None else weight,
    )


def residual_torque(motion: Motion, inertia: Tensor, moment: Tensor) -> Tensor:
    """Return the torque that muscles and external torque leave over, N*m, [..., time, dof].

    Parameters
    ----------
    inertia
        Inertial parameters of the bones, shape [..., bone, 10]; leading dimensions as the trials'.
    moment
        Joint moments of the muscles, N*m, as the muscle model has them: shape [..., dof, time].
    """
    whole = inertia.flatten(-2).unsqueeze(-2) + motion.load
    needed = (motion.torque_per_inertia @ whole.unsqueeze(-1)).squeeze(-1)
    return moment.transpose(-1, -2) + motion.external - needed


def mass_root(motion: Motion, inertia: Tensor) -> Tensor:
    """Return the Cholesky factor of the limb's mass matrix, shape [..., time, dof, dof].

    Parameters
    ----------
    inertia
        Inertial parameters of the bones, shape [..., bone, 10].
    """
    whole = inertia.flatten(-2).unsqueeze(-2) + motion.load
    mass = (motion.mass_per_inertia @ whole[..., None, :, None]).squeeze(-1)
    root: Tensor = torch.linalg.cholesky(mass)
    return root


def predicted_acceleration(
    motion: Motion, inertia: Tensor, moment: Tensor, root: Tensor | None = None
) -> Tensor:
    """Return the acceleration that muscles and bones would have given, rad/s^2, [..., time, dof].

    The measured one plus what the torque left over does to the limb: forward dynamics, exactly.

    Parameters
    ----------
    inertia, moment
        As in `residual_torque`.
    root
        What `mass_root` returned for other bones; None takes these bones'. With a mass matrix that
        is held, heavier bones do not make an error smaller by being harder to move.
    """
    residual = residual_torque(motion, inertia, moment)
    root = mass_root(motion, inertia) if root is None else root
    return motion.acceleration + torch.cholesky_solve(residual.unsqueeze(-1), root).squeeze(-1)


def acceleration_scale(motion: Motion, floor: float = 0.1) -> Tensor:
    """Return the spread of each joint's acceleration, rad/s^2, shape [dof]."""
    weight = motion.weight.flatten(0, -2)
    values = motion.acceleration.flatten(0, -2)
    count = weight.sum(0).clamp_min(1.0)
    mean = (values * weight).sum(0) / count
    return (((values - mean).square() * weight).sum(0) / count).sqrt().clamp_min(floor)


def acceleration_error(predicted: Tensor, motion: Motion, scale: Tensor) -> Tensor:
    """Mean squared acceleration error of each joint over its variance, shape [..., dof].

    The mean goes over the trials, the dimension before time, and over time. The paper's loss is the
    mean of this over the joints.
    """
    error = (predicted - motion.acceleration) / scale
    total = (error.square() * motion.weight).sum((-3, -2))
    return total / motion.weight.sum((-3, -2)).clamp_min(1.0)
