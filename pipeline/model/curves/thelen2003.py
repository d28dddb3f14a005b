"""Thelen 2003, as OpenSim's Thelen2003Muscle has it at full activation.

The published curves have kinks: where a tendon becomes taut, where a fibre reaches its optimal
length, and where shortening turns into stretch, at which the slope doubles. Here they bend there,
within the widths below. The published maximum velocity grows with activation; here it does not, as
in the other sets, whose force is activation times length times velocity.

References
----------
Thelen 2003, J Biomech Eng 125:70, doi 10.1115/1.1531112. Where OpenSim 4 differs by default: fibre
strain at one 0.6, width of active force 0.45.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property

import torch
from torch import Tensor

from pipeline.model.curves.base import Curve, CurveSet
from pipeline.shapes import Float

TOE_SHAPE, TOE_FORCE = 3.0, 0.33
"""kToe of the tendon's toe, and the force at its end."""

TAUT_WIDTH = 0.002
"""Tendon strain over which a slack tendon becomes taut; off by 0.4 % of maximum force at most."""
STRETCHED_WIDTH = 0.03
"""Length over which the fibre's passive force sets in; off by 0.13 % at most."""
TURN_WIDTH = 0.001
"""Velocity over which shortening turns into stretch; off by 0.4 % at most."""


@dataclass(frozen=True)
class Thelen2003(CurveSet):
    """The curves of Thelen 2003.

    Parameters
    ----------
    plateau
        Force multiplier that fast stretch levels off at (Flen).
    passive_strain
        Fibre strain at which the passive force is one maximum isometric force.
    tendon_strain
        Tendon strain at one maximum isometric force.
    active_width
        Square of the length by which active force falls to 1/e (gamma).
    passive_shape
        Steepness of the passive exponential (kPE).
    shortening_shape
        Af of the force-velocity curve.
    """

    plateau: float = 1.4
    passive_strain: float = 0.6
    tendon_strain: float = 0.033
    active_width: float = 0.45
    passive_shape: float = 5.0
    shortening_shape: float = 0.25

    def active_force_length(self, length: Float[Tensor, "*shape"]) -> Curve:
        """Return a Gaussian."""
        off = length - 1.0
        value = torch.exp(off * off * (-1.0 / self.active_width))
        return value, value * off * (-2.0 / self.active_width)

    def force_velocity(self, velocity: Float[Tensor, "*shape"]) -> Curve:
        """Return a hyperbola of shortening and one of stretch.

        Thelen's equation 6, solved for the force.
        """
        stretch, share = _rectified(velocity, TURN_WIDTH)
        shortening = velocity - stretch
        steep = (2.0 + 2.0 / self.shortening_shape) / (self.plateau - 1.0)
        inward = 1.0 / (1.0 - shortening / self.shortening_shape)
        outward = 1.0 / (1.0 + stretch * steep)
        value = (1.0 + shortening) * inward + (self.plateau - 1.0) * (1.0 - outward)
        slope = (1.0 + 1.0 / self.shortening_shape) * inward * inward * (1.0 - share)
        room = (self.plateau - 1.0) * steep
        return value, torch.addcmul(slope, share * outward, outward, value=room)

    def passive_force_length(self, length: Float[Tensor, "*shape"]) -> Curve:
        """Return an exponential from optimal length on."""
        strain, share = _rectified(length - 1.0, STRETCHED_WIDTH)
        rate, scale = self.passive_shape / self.passive_strain, 1.0 / math.expm1(self.passive_shape)
        value = scale * torch.expm1(rate * strain)
        return value, (value + scale) * share * rate

    def tendon_force(self, strain: Float[Tensor, "*shape"]) -> Curve:
        """Return an exponential toe, then a straight line."""
        end, stiffness = self._toe
        taut, share = _rectified(strain, TAUT_WIDTH)
        toe, rate = taut.clamp_max(end), TOE_SHAPE / end
        scale = TOE_FORCE / math.expm1(TOE_SHAPE)
        curved = scale * torch.expm1(rate * toe)
        slope = torch.where(taut < end, rate * (curved + scale), stiffness)
        return torch.add(curved, taut - toe, alpha=stiffness), slope * share

    @cached_property
    def _toe(self) -> tuple[float, float]:
        """Strain at the end of the toe, and the stiffness beyond, which meets the toe's slope."""
        # With the published numbers 0.99 e0 exp(3) / (1.66 exp(3) - 0.67), as OpenSim writes it.
        grown = math.exp(TOE_SHAPE)
        slope = TOE_SHAPE * TOE_FORCE * grown / (grown - 1.0)
        end = self.tendon_strain * slope / (slope + 1.0 - TOE_FORCE)
        return end, (1.0 - TOE_FORCE) / (self.tendon_strain - end)


def _rectified(x: Tensor, width: float) -> tuple[Tensor, Tensor]:
    """Return max(x, 0) with a bend of some width for a kink, and its slope."""
    place = x * (1.0 / width)
    return width * torch.nn.functional.softplus(place, threshold=40.0), torch.sigmoid(place)
