"""Base parameters: what motion tells of bones, and what it does not.

Of the ten inertial parameters of each bone of a limb that hangs on a trunk at rest, only certain
sums ever show in a torque: the minimum set of dynamic coefficients, or base parameters. A mass on
the axis of the only hinge that moves it, for one, shows in nothing.

References
----------
Gautier 1991, J Robotic Systems 8:485, doi 10.1002/rob.4620080405 (base parameters by QR).
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from pipeline.errors import UserError
from pipeline.model.identifiability import IDENTIFIED_BELOW, WEAK_BELOW, Identifiability
from pipeline.model.label import Label
from pipeline.model.skeleton import INERTIAL, Skeleton

DEPENDENT = 1e-9
"""Share of a column, left after those before it, below which it adds nothing."""


@dataclass(frozen=True)
class BaseParameters:
    """The sums of inertial parameters that a set of motions shows.

    Parameters
    ----------
    labels
        For each sum the parameter that it is named after, and that its coefficient is 1 of.
    combination
        Shape [sum, bone * 10]; its product with the bones' parameters gives the sums.
    """

    labels: tuple[Label, ...]
    combination: Tensor

    def of(self, inertia: Tensor) -> Tensor:
        """Return the sums [..., base] of bones of shape [..., bone, 10]."""
        return inertia.flatten(-2) @ self.combination.T


def base_parameters(skeleton: Skeleton, q: Tensor, qd: Tensor, qdd: Tensor) -> BaseParameters:
    """Return the minimum set of dynamic coefficients of motions, shape [sample, dof] each.

    Raises
    ------
    UserError
        If nothing moves and nothing is held up, so that no coefficient shows.
    """
    columns = skeleton.regressor(q, qd, qdd).flatten(0, -2)
    size = columns.norm(dim=0)
    scale = torch.where(size > 0, size, 1.0)
    triangle = torch.linalg.qr(columns / scale, mode="r")[1]
    own = triangle.diagonal().abs() > DEPENDENT * len(columns) ** 0.5
    if not own.any():
        raise UserError("The motion shows no inertial parameter: no joint moves or carries weight.")
    kept, rest = triangle[:, own], triangle[:, ~own]
    share = torch.linalg.lstsq(kept, rest).solution
    combination = torch.zeros(int(own.sum()), len(own), dtype=columns.dtype)
    combination[:, own] = torch.eye(int(own.sum()), dtype=columns.dtype)
    combination[:, ~own] = share * scale[~own] / scale[own][:, None]
    names = [Label(bone, name) for bone in skeleton.chain.bone_names for name in INERTIAL]
    labels = tuple(name for name, used in zip(names, own.tolist(), strict=True) if used)
    return BaseParameters(labels, combination)


def identifiabilities(slope: Tensor, noise: float, prior: float) -> list[Identifiability]:
    """Tell what the data say of each parameter of a vector.

    Parameters
    ----------
    slope
        Derivative of the samples by the vector as `AccelerationObjective.linearised` returns it,
        in which the squares of the samples sum to their mean: shape [sample, parameter].
    noise
        Standard deviation of a sample, as a share of the spread of its joint's acceleration.
    prior
        Standard deviation of a parameter before any data, in units of the vector.
    """
    samples = int((slope != 0).any(1).sum())
    told = slope.T @ slope * (samples / noise**2)
    told = told + torch.eye(len(told), dtype=told.dtype) / prior**2
    left = torch.linalg.inv(told).diagonal().sqrt() / prior
    return [_standing(float(value)) for value in left]


def _standing(left: float) -> Identifiability:
    if left < IDENTIFIED_BELOW:
        return Identifiability.IDENTIFIED
    return Identifiability.WEAKLY_IDENTIFIED if left < WEAK_BELOW else Identifiability.UNOBSERVED
