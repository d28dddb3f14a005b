"""The articulated-body algorithm: from torques to accelerations without a mass matrix.

Spatial vectors have the rotational part first, and are taken in the axes of a hinge at its origin.

References
----------
Featherstone 2008, Rigid Body Dynamics Algorithms, doi 10.1007/978-1-4899-7560-7, table 7.1.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor

from pipeline.model.skeleton.inertia import symmetric
from pipeline.model.skeleton.kinematics import Frames, skewed
from pipeline.model.skeleton.tree import KinematicTree


class _Link(NamedTuple):
    """What the way inwards leaves behind at a hinge for the way outwards."""

    pull: Tensor
    """Articulated inertia along the axis, shape [..., 6]."""
    about: Tensor
    """Articulated inertia about the axis, shape [...]."""
    torque: Tensor
    """Torque that is left for acceleration, shape [...]."""


def accelerations(
    chain: KinematicTree, here: Frames, inertia: Tensor, velocity: Tensor, torque: Tensor
) -> Tensor:
    """Return the accelerations of the hinges, rad/s^2, shape [..., hinge].

    Parameters
    ----------
    chain, here
        The limb and where its hinges are.
    inertia
        Inertial parameters of the bones, shape [..., bone, 10].
    velocity, torque
        Of the hinges, rad/s and N*m, shape [..., hinge].
    """
    moves = [_move(here, i) for i in range(len(chain.hinges))]
    axes = [torch.cat((axis, torch.zeros_like(axis))) for axis in here.axis]
    motion, drift = _outwards(moves, axes, velocity)
    links = _inwards(chain, moves, axes, inertia, motion, drift, torque)
    up = -torque.new_tensor(chain.gravity_m_s2)
    now, result = torch.cat((torch.zeros_like(up), up)), []
    for i, link in enumerate(links):
        now = _times(moves[i], now) + drift[i]
        gained = (link.torque - (link.pull * now).sum(-1)) / link.about
        result.append(gained)
        now = now + axes[i] * gained.unsqueeze(-1)
    return torch.stack(result, -1)


def _outwards(
    moves: list[Tensor], axes: list[Tensor], velocity: Tensor
) -> tuple[list[Tensor], list[Tensor]]:
    """Return each hinge's spatial velocity and its velocity-product acceleration."""
    motion, drift, now = [], [], torch.zeros_like(axes[0])
    for i, move in enumerate(moves):
        own = axes[i] * velocity[..., i, None]
        now = _times(move, now) + own
        motion.append(now)
        drift.append(_times(_crossed(now), own))
    return motion, drift


def _inwards(
    chain: KinematicTree,
    moves: list[Tensor],
    axes: list[Tensor],
    inertia: Tensor,
    motion: list[Tensor],
    drift: list[Tensor],
    torque: Tensor,
) -> list[_Link]:
    """Gather articulated inertias and bias forces from the tip to the trunk."""
    carried = chain.carried()
    links: list[_Link] = []
    body = bias = torque.new_zeros(())  # of what is further out, in the axes of hinge i
    for i in reversed(range(len(moves))):
        bone = carried[i]
        if bone is not None:
            own = _spatial(inertia[..., bone, :])
            body = body + own
            bias = bias - _times(_crossed(motion[i]).transpose(-1, -2), _times(own, motion[i]))
        pull = _times(body, axes[i])
        about = (pull * axes[i]).sum(-1)
        left = torque[..., i] - (bias * axes[i]).sum(-1)
        links.append(_Link(pull, about, left))
        bias = bias + _times(body, drift[i])
        bias = bias + pull * ((left - (pull * drift[i]).sum(-1)) / about).unsqueeze(-1)
        body = body - pull.unsqueeze(-1) * pull.unsqueeze(-2) / about[..., None, None]
        back = moves[i].transpose(-1, -2)
        body, bias = back @ body @ moves[i], _times(back, bias)
    return links[::-1]


def _move(here: Frames, i: int) -> Tensor:
    """Return the transform of motions into the axes of hinge `i`, shape [..., 6, 6]."""
    back = here.rotation[i].transpose(-1, -2)
    zero = torch.zeros_like(back)
    upper = torch.cat((back, zero), -1)
    return torch.cat((upper, torch.cat((-back @ skewed(here.offset[i]), back), -1)), -2)


def _crossed(motion: Tensor) -> Tensor:
    """Return the spatial cross product with a motion as a matrix, shape [..., 6, 6]."""
    spin, slide = skewed(motion[..., :3]), skewed(motion[..., 3:])
    upper = torch.cat((spin, torch.zeros_like(spin)), -1)
    return torch.cat((upper, torch.cat((slide, spin), -1)), -2)


def _spatial(inertia: Tensor) -> Tensor:
    """Return the spatial inertia [..., 6, 6] of inertial parameters [..., 10]."""
    first = skewed(inertia[..., 1:4])
    one = torch.eye(3, dtype=inertia.dtype, device=inertia.device)
    upper = torch.cat((symmetric(inertia[..., 4:]), first), -1)
    lower = torch.cat((first.transpose(-1, -2), inertia[..., 0, None, None] * one), -1)
    return torch.cat((upper, lower), -2)


def _times(matrix: Tensor, vector: Tensor) -> Tensor:
    return (matrix @ vector.unsqueeze(-1)).squeeze(-1)
