"""Inertial parameters of a bone, and the numbers that can only describe a bone that exists.

Dynamics are linear in ten parameters of a bone: its mass, its first moment (mass times centre of
mass) and its inertia about the origin. Not every ten numbers belong to a body. They do if and only
if the pseudo-inertia, a 4x4 matrix of the second moments of the mass, is positive definite; this
holds the positive mass, the positive inertia and the triangle inequality (Wensing et al. 2018).

Its Cholesky factor makes that so by construction (Rucker and Wensing 2022): the pseudo-inertia is
mass times ``[[T T' + c c', c], [c', 1]]`` with the centre of mass c and an upper triangular T, the
bone's shape in metres, whose diagonal is above zero.

References
----------
Wensing, Kim, Slotine 2018, IEEE RA-L 3:60, doi 10.1109/LRA.2017.2729659; Rucker and Wensing 2022,
IEEE RA-L 7:2992, doi 10.1109/LRA.2022.3144517.
"""

from __future__ import annotations

import torch
from torch import Tensor

from pipeline.shapes import Float

INERTIAL = (
    "mass",
    *(f"first_moment_{axis}" for axis in "xyz"),
    *(f"inertia_{axes}" for axes in ("xx", "yy", "zz", "xy", "xz", "yz")),
)
"""The ten inertial parameters in their order; kg, kg*m and kg*m^2, about the bone's origin."""

SHAPE = (
    "mass",
    *(f"centre_{axis}" for axis in "xyz"),
    *(f"radius_{axis}" for axis in "xyz"),
    *(f"skew_{axes}" for axes in ("xy", "xz", "yz")),
)
"""Ten numbers that are a bone whenever mass and radii are above zero: kg, and m for the rest."""

_ROW, _COLUMN = (0, 1, 2, 0, 0, 1), (0, 1, 2, 1, 2, 2)
"""Where xx, yy, zz, xy, xz, yz stand in a matrix."""


def symmetric(six: Float[Tensor, "*batch 6"]) -> Float[Tensor, "*batch 3 3"]:
    """Return matrices [..., 3, 3] of entries xx, yy, zz, xy, xz, yz."""
    xx, yy, zz, xy, xz, yz = six.unbind(-1)
    return torch.unflatten(torch.stack((xx, xy, xz, xy, yy, yz, xz, yz, zz), -1), -1, (3, 3))


def _six(matrix: Tensor) -> Tensor:
    return matrix[..., _ROW, _COLUMN]


def _square(vector: Tensor) -> Tensor:
    """Return the matrix ``|c|^2 1 - c c'``: the inertia of a unit mass at c."""
    one = torch.eye(3, dtype=vector.dtype, device=vector.device)
    outer = vector.unsqueeze(-1) * vector.unsqueeze(-2)
    return vector.square().sum(-1)[..., None, None] * one - outer


def standard_inertia(mass: Tensor, centre: Tensor, inertia: Tensor) -> Tensor:
    """Return the ten inertial parameters.

    Parameters
    ----------
    mass
        kg, shape [...].
    centre
        Centre of mass, m, shape [..., 3].
    inertia
        About the centre of mass, kg*m^2, shape [..., 3, 3].

    Returns
    -------
    Tensor
        As `INERTIAL` names them, shape [..., 10].
    """
    about_origin = inertia + mass[..., None, None] * _square(centre)
    return torch.cat((mass[..., None], mass[..., None] * centre, _six(about_origin)), -1)


def central_inertia(inertia: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Return mass, centre of mass and inertia about it, as `standard_inertia` takes them."""
    mass, first = inertia[..., :1], inertia[..., 1:4]
    centre = first / mass
    about_centre = symmetric(inertia[..., 4:]) - mass.unsqueeze(-1) * _square(centre)
    return mass[..., 0], centre, about_centre


def pseudo_inertia(inertia: Float[Tensor, "*batch 10"]) -> Float[Tensor, "*batch 4 4"]:
    """Return the pseudo-inertia [..., 4, 4] of inertial parameters [..., 10]."""
    rotational = symmetric(inertia[..., 4:])
    one = torch.eye(3, dtype=inertia.dtype, device=inertia.device)
    trace = rotational.diagonal(dim1=-2, dim2=-1).sum(-1)[..., None, None]
    moment = inertia[..., 1:4]
    upper = torch.cat((0.5 * trace * one - rotational, moment.unsqueeze(-1)), -1)
    lower = torch.cat((moment, inertia[..., :1]), -1).unsqueeze(-2)
    return torch.cat((upper, lower), -2)


def inertia_of_shape(shape: Float[Tensor, "*batch 10"]) -> Float[Tensor, "*batch 10"]:
    """Return the inertial parameters [..., 10] of bones described as `SHAPE` says, [..., 10]."""
    mass, centre = shape[..., 0], shape[..., 1:4]
    zero = torch.zeros_like(mass)
    x, y, z, xy, xz, yz = shape[..., 4:].unbind(-1)
    factor = torch.unflatten(torch.stack((x, xy, xz, zero, y, yz, zero, zero, z), -1), -1, (3, 3))
    second = factor @ factor.transpose(-1, -2)
    one = torch.eye(3, dtype=shape.dtype, device=shape.device)
    trace = second.diagonal(dim1=-2, dim2=-1).sum(-1)[..., None, None]
    return standard_inertia(mass, centre, mass[..., None, None] * (trace * one - second))


def shape_of_inertia(inertia: Float[Tensor, "*batch 10"]) -> Float[Tensor, "*batch 10"]:
    """Return bones as `SHAPE` describes them, [..., 10], of consistent inertial parameters.

    Raises
    ------
    torch.linalg.LinAlgError
        If no body has these parameters.
    """
    mass = inertia[..., :1]
    centre = inertia[..., 1:4] / mass
    second = pseudo_inertia(inertia)[..., :3, :3] / mass.unsqueeze(-1)
    second = second - centre.unsqueeze(-1) * centre.unsqueeze(-2)
    # An upper triangular factor is a lower triangular one of the axes in reverse order.
    factor = torch.linalg.cholesky(second.flip(-1, -2)).flip(-1, -2)
    return torch.cat((mass, centre, _six(factor)), -1)
