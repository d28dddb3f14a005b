"""Forward kinematics: the hinges of a limb at given angles."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor

from pipeline.model.skeleton.tree import KinematicTree


class Frames(NamedTuple):
    """The axes of every hinge in those of the hinge before it, from the trunk outwards."""

    coupling: Tensor
    """The hinges' angles by the coordinates, shape [hinge, dof]."""
    rotation: list[Tensor]
    """Each of shape [..., 3, 3]; its columns are the hinge's axes."""
    offset: list[Tensor]
    """m, each of shape [3]."""
    axis: list[Tensor]
    """In the hinge's own axes, each of shape [3]."""


def frames(chain: KinematicTree, q: Tensor) -> Frames:
    """Return the hinges at the angles `q`, rad, shape [..., dof]."""
    coupling = torch.as_tensor(chain.coupling()).to(q)
    angle = q @ coupling.T
    axis = [q.new_tensor(hinge.axis) for hinge in chain.hinges]
    rotation = [
        _fixed(q.new_tensor(hinge.quaternion)) @ about(axis[i], angle[..., i])
        for i, hinge in enumerate(chain.hinges)
    ]
    return Frames(coupling, rotation, [q.new_tensor(h.offset_m) for h in chain.hinges], axis)


def about(axis: Tensor, angle: Tensor) -> Tensor:
    """Return rotations [..., 3, 3] about a unit vector [3] by angles [...] (Rodrigues)."""
    one = torch.eye(3, dtype=angle.dtype, device=angle.device)
    skew = skewed(axis)
    sine, cosine = torch.sin(angle)[..., None, None], torch.cos(angle)[..., None, None]
    return one + sine * skew + (1.0 - cosine) * (skew @ skew)


def skewed(vector: Tensor) -> Tensor:
    """Return the matrices [..., 3, 3] whose product with b is the cross product with b."""
    x, y, z = vector.unbind(-1)
    zero = torch.zeros_like(x)
    return torch.unflatten(torch.stack((zero, -z, y, z, zero, -x, -y, x, zero), -1), -1, (3, 3))


def _fixed(quaternion: Tensor) -> Tensor:
    """Return the rotation of a unit quaternion (w, x, y, z)."""
    skew = skewed(quaternion[1:])
    one = torch.eye(3, dtype=quaternion.dtype, device=quaternion.device)
    return one + 2.0 * (quaternion[0] * skew + skew @ skew)
