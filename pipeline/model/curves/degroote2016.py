"""De Groote et al. 2016, with the tendon stiffness of Millard et al. 2013: the default.

Smooth everywhere, and never flat: a slack tendon and a short fibre keep a slope, however small.

References
----------
De Groote, Kinney, Rao, Fregly 2016, Ann Biomed Eng 44:2922, doi 10.1007/s10439-016-1591-9,
supplement (force-length, force-velocity, passive force). Millard, Uchida, Seth, Delp 2013,
J Biomech Eng 135:021005, doi 10.1115/1.4023390 (tendon strain and stiffness).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import NamedTuple

import torch
from torch import Tensor

from pipeline.model.curves.base import Curve, CurveSet
from pipeline.shapes import Float

FORCE_LENGTH = (
    (0.815, 1.055, 0.162, 0.063),
    (0.433, 0.717, -0.030, 0.200),
    (0.100, 1.000, 0.354, 0.000),
)
"""Height, centre, width and widening with length of the three Gaussians of active force."""

FORCE_VELOCITY = (-0.318, -8.149, -0.374, 0.886)
"""d1 to d4 of the force-velocity curve."""

PASSIVE_STIFFNESS = 4.0
PASSIVE_ZERO_LENGTH = 0.2
"""Fibre length at which the passive force is zero."""

TENDON_STIFFNESS = 1.375
"""Of the taut tendon, over one maximum isometric force per strain at that force."""
TENDON_TOE = 0.006
"""Strain over which the tendon's toe region bends from slack to taut."""

_NARROWEST_GAUSSIAN = 0.02
"""Keeps the second Gaussian away from its singular length of 0.15; its value there is zero."""


class _Bells(NamedTuple):
    """The Gaussians of active force side by side, each tensor of shape [3, 1, ..., 1]."""

    log_height: Tensor
    centre: Tensor
    width: Tensor
    widening: Tensor
    minus_one: Tensor


@lru_cache
def _bells(dtype: torch.dtype, device: torch.device, dimensions: int) -> _Bells:
    with torch.inference_mode(False):  # what is kept must serve gradients too
        table = torch.tensor(FORCE_LENGTH, dtype=dtype, device=device)
        height, centre, width, widening = table.reshape(
            len(FORCE_LENGTH), 4, *[1] * dimensions
        ).unbind(1)
        return _Bells(height.log(), centre, width, widening, torch.full_like(height, -1.0))


class _Numbers(NamedTuple):
    """What the parameters of the set come to, worked out once.

    Tensors without dimensions go with any type and device, and save an operation each.
    """

    passive_rate: float
    passive_below: float
    passive_exponent: Tensor
    tendon_stiffness: float
    tendon_offset: Tensor


_SPEED_OFFSET = torch.tensor(FORCE_VELOCITY[2], dtype=torch.float64)
_SPEED_LEVEL = torch.tensor(FORCE_VELOCITY[3], dtype=torch.float64)


@dataclass(frozen=True)
class DeGroote2016(CurveSet):
    """The curves of De Groote et al. 2016.

    Parameters
    ----------
    plateau
        Force multiplier that fast stretch levels off at; None lets it rise on, to 1.79 at maximum
        velocity, as published.
    passive_strain
        Fibre strain at which the passive force is one maximum isometric force.
    tendon_strain
        Tendon strain at one maximum isometric force.
    """

    plateau: float | None = None
    passive_strain: float = 0.6
    tendon_strain: float = 0.049

    @cached_property
    def _numbers(self) -> _Numbers:
        rate = PASSIVE_STIFFNESS / self.passive_strain
        scale = 1.0 / (math.exp(PASSIVE_STIFFNESS) - math.exp(rate * (PASSIVE_ZERO_LENGTH - 1.0)))
        stiffness = TENDON_STIFFNESS / self.tendon_strain
        offset = self.tendon_strain - 1.0 / stiffness
        with torch.inference_mode(False):
            return _Numbers(
                rate,
                scale * math.exp(rate * (PASSIVE_ZERO_LENGTH - 1.0)),
                torch.tensor(math.log(scale) - rate, dtype=torch.float64),
                stiffness,
                torch.tensor(-offset / TENDON_TOE, dtype=torch.float64),
            )

    @property
    def levels(self) -> bool:
        """Whether the set has a plateau; as published force rises on."""
        return self.plateau is not None

    def active_force_length(self, length: Float[Tensor, "*shape"]) -> Curve:
        """Return three Gaussians, two of which widen with length."""
        bells = _bells(length.dtype, length.device, length.dim())
        spread = torch.addcmul(bells.width, bells.widening, length).clamp_min(_NARROWEST_GAUSSIAN)
        x = (length - bells.centre) / spread
        bell = torch.exp(torch.addcmul(bells.log_height, x, x, value=-0.5))
        slope = bell * x * torch.addcmul(bells.minus_one, bells.widening, x) / spread
        return bell.sum(0), slope.sum(0)

    def force_velocity(self, velocity: Float[Tensor, "*shape"]) -> Curve:
        """Return an inverse hyperbolic sine, with a plateau in stretch where the set has one."""
        d1, d2 = FORCE_VELOCITY[:2]
        x = torch.add(_SPEED_OFFSET, velocity, alpha=d2)
        root = torch.sqrt((x * x).add_(1.0))
        area = torch.copysign(torch.log(x.abs() + root), x)  # asinh(x), several times faster
        value, slope = torch.add(_SPEED_LEVEL, area, alpha=d1), (d1 * d2) / root
        return (value, slope) if self.plateau is None else _levelled(value, slope, self.plateau)

    def passive_force_length(self, length: Float[Tensor, "*shape"]) -> Curve:
        """Return an exponential."""
        n = self._numbers
        growth = torch.exp(torch.add(n.passive_exponent, length, alpha=n.passive_rate))
        return growth - n.passive_below, n.passive_rate * growth

    def tendon_force(self, strain: Float[Tensor, "*shape"]) -> Curve:
        """Return a toe, then a line.

        The curve goes on below zero strain, where it falls to zero without reaching it: a slack
        tendon keeps a slope, however small, and never pushes.
        """
        n = self._numbers
        x = torch.add(n.tendon_offset, strain, alpha=1.0 / TENDON_TOE)
        value = torch.nn.functional.softplus(x, threshold=40.0)
        return (n.tendon_stiffness * TENDON_TOE) * value, n.tendon_stiffness * torch.sigmoid(x)


def _levelled(value: Tensor, slope: Tensor, plateau: float) -> Curve:
    """Bend a force multiplier above one so that it levels off, with its slope at one kept."""
    above, room = value - 1.0, plateau - 1.0
    bent = torch.tanh(above.clamp_min(0.0) / room)
    return torch.add(above.clamp_max(0.0), bent, alpha=room) + 1.0, slope * (1.0 - bent * bent)
