"""Bones as an unbounded vector: one bounded multiplier for each of a bone's ten numbers."""

from __future__ import annotations

import torch
from torch import Tensor

from pipeline.model.label import Label
from pipeline.model.skeleton.inertia import SHAPE, inertia_of_shape, shape_of_inertia
from pipeline.shapes import Float

RANGE = (0.4, 1.6)
"""Range of every multiplier. Its low end is above zero, so mass and radii keep their sign."""
_HALF = (RANGE[1] - RANGE[0]) / 2
_LEAST_LENGTH = 0.1
"""What a length's multiplier acts on at least, as a fraction of the bone's radius.

A centre of mass that happens to lie next to an axis of the hinge could otherwise never leave it.
"""
_INSIDE = 0.999


def multiplier(vector: Float[Tensor, "*shape"]) -> Float[Tensor, "*shape"]:
    """Map an unbounded vector to multipliers inside `RANGE`; zero to 1, with slope 1 there."""
    return 1.0 + _HALF * torch.tanh(vector / _HALF)


def unbounded(multipliers: Float[Tensor, "*shape"]) -> Float[Tensor, "*shape"]:
    """Return the vector of multipliers; those outside `RANGE` are moved inside."""
    return _HALF * torch.atanh(((multipliers - 1.0) / _HALF).clamp(-_INSIDE, _INSIDE))


class BoneSpace:
    """Maps vectors [..., bone * 10] to inertial parameters; every vector is bones that can exist.

    Each number of a bone, as `SHAPE` names them, is its prior times a multiplier in `RANGE`. A
    centre of mass or a skew that is close to zero moves as if it were a tenth of the bone's
    radius, so that it can also change its sign.

    Parameters
    ----------
    names
        Names of the bones.
    prior
        What is believed of the bones, inertial parameters of shape [bone, 10]; the vector's zero.
    """

    def __init__(self, names: tuple[str, ...], prior: Tensor) -> None:
        self.labels = [Label(name, number) for name in names for number in SHAPE]
        self.size = len(self.labels)
        self._prior = shape_of_inertia(prior)
        self._scale = self._sizes()

    def _sizes(self) -> Tensor:
        """Return what each multiplier acts on, shape [bone, 10]."""
        least = _LEAST_LENGTH * self._prior[:, 4:7].square().sum(-1, keepdim=True).sqrt()
        scale = torch.copysign(torch.maximum(self._prior.abs(), least), self._prior)
        return torch.cat((self._prior[:, :1], scale[:, 1:4], self._prior[:, 4:7], scale[:, 7:]), 1)

    def inertia(self, vector: Float[Tensor, "*batch number"]) -> Float[Tensor, "*batch bone 10"]:
        """Return the inertial parameters at `vector`, shape [..., bone, 10]."""
        return inertia_of_shape(self.shape(vector))

    def shape(self, vector: Tensor) -> Tensor:
        """Return the bones' numbers at `vector` as `SHAPE` names them, [..., bone, 10]."""
        factor = multiplier(torch.unflatten(vector, -1, self._prior.shape))
        return self._prior + self._scale * (factor - 1.0)

    def vector(self, inertia: Float[Tensor, "*batch bone 10"]) -> Float[Tensor, "*batch number"]:
        """Return the vector [..., bone * 10] of bones; what lies outside the range moves inside."""
        factor = 1.0 + (shape_of_inertia(inertia) - self._prior) / self._scale
        return unbounded(factor).flatten(-2)
