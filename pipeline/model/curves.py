"""The four normalised curves of a Hill-type muscle, each with its slope.

Every function takes a tensor of any shape and returns ``(value, slope)`` of that shape, smooth
everywhere, so that Newton's method and the implicit gradient share one definition. Forces are
fractions of maximum isometric force, lengths of optimal fibre length, velocities of maximum
contraction velocity (positive when lengthening).

References
----------
De Groote, Kinney, Rao, Fregly 2016, Ann Biomed Eng 44:2922, doi 10.1007/s10439-016-1591-9,
supplement (force-length, force-velocity, passive force). Millard, Uchida, Seth, Delp 2013,
J Biomech Eng 135:021005, doi 10.1115/1.4023390 (tendon strain and stiffness).
"""

from __future__ import annotations

import math
from functools import lru_cache
from typing import NamedTuple

import torch
from torch import Tensor

from pipeline.shapes import Float

Curve = tuple[Float[Tensor, "*shape"], Float[Tensor, "*shape"]]

FORCE_LENGTH = (
    (0.815, 1.055, 0.162, 0.063),
    (0.433, 0.717, -0.030, 0.200),
    (0.100, 1.000, 0.354, 0.000),
)
"""Height, centre, width and widening with length of the three Gaussians of active force."""

FORCE_VELOCITY = (-0.318, -8.149, -0.374, 0.886)
"""d1 to d4 of the force-velocity curve."""

PASSIVE_STIFFNESS = 4.0
PASSIVE_STRAIN = 0.6
"""Fibre strain at which the passive force is one maximum isometric force."""
PASSIVE_ZERO_LENGTH = 0.2
"""Fibre length at which the passive force is zero."""

TENDON_STRAIN_AT_ISOMETRIC = 0.049
TENDON_STIFFNESS = 1.375 / TENDON_STRAIN_AT_ISOMETRIC
TENDON_TOE = 0.006
"""Strain over which the tendon's toe region bends from slack to taut."""
TENDON_OFFSET = TENDON_STRAIN_AT_ISOMETRIC - 1.0 / TENDON_STIFFNESS

_NARROWEST_GAUSSIAN = 0.02
"""Keeps the second Gaussian away from its singular length of 0.15; its value there is zero."""

_PASSIVE_RATE = PASSIVE_STIFFNESS / PASSIVE_STRAIN
_PASSIVE_SCALE = 1.0 / (
    math.exp(PASSIVE_STIFFNESS) - math.exp(_PASSIVE_RATE * (PASSIVE_ZERO_LENGTH - 1.0))
)
_PASSIVE_BELOW = _PASSIVE_SCALE * math.exp(_PASSIVE_RATE * (PASSIVE_ZERO_LENGTH - 1.0))

# Tensors without dimensions go with any type and device, and save an operation each.
_PASSIVE_EXPONENT = torch.tensor(math.log(_PASSIVE_SCALE) - _PASSIVE_RATE, dtype=torch.float64)
_SPEED_OFFSET = torch.tensor(FORCE_VELOCITY[2], dtype=torch.float64)
_SPEED_LEVEL = torch.tensor(FORCE_VELOCITY[3], dtype=torch.float64)
_TENDON_OFFSET = torch.tensor(-TENDON_OFFSET / TENDON_TOE, dtype=torch.float64)


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


def active_force_length(length: Float[Tensor, "*shape"]) -> Curve:
    """Active force over normalised fibre length, at full activation and zero velocity."""
    bells = _bells(length.dtype, length.device, length.dim())
    spread = torch.addcmul(bells.width, bells.widening, length).clamp_min(_NARROWEST_GAUSSIAN)
    x = (length - bells.centre) / spread
    bell = torch.exp(torch.addcmul(bells.log_height, x, x, value=-0.5))
    slope = bell * x * torch.addcmul(bells.minus_one, bells.widening, x) / spread
    return bell.sum(0), slope.sum(0)


def force_velocity(velocity: Float[Tensor, "*shape"]) -> Curve:
    """Force multiplier over normalised fibre velocity; 1 at rest, 0 at full shortening."""
    d1, d2 = FORCE_VELOCITY[:2]
    x = torch.add(_SPEED_OFFSET, velocity, alpha=d2)
    root = torch.sqrt((x * x).add_(1.0))
    area = torch.copysign(torch.log(x.abs() + root), x)  # asinh(x), several times faster
    return torch.add(_SPEED_LEVEL, area, alpha=d1), (d1 * d2) / root


def passive_force_length(length: Float[Tensor, "*shape"]) -> Curve:
    """Passive force of the stretched fibre."""
    growth = torch.exp(torch.add(_PASSIVE_EXPONENT, length, alpha=_PASSIVE_RATE))
    return growth - _PASSIVE_BELOW, _PASSIVE_RATE * growth


def tendon_force(strain: Float[Tensor, "*shape"]) -> Curve:
    """Tendon force over tendon strain: a toe, then linear.

    The curve goes on below zero strain, where it falls to zero without reaching it: a slack
    tendon keeps a slope, however small, and never pushes.
    """
    x = torch.add(_TENDON_OFFSET, strain, alpha=1.0 / TENDON_TOE)
    value = (TENDON_STIFFNESS * TENDON_TOE) * torch.nn.functional.softplus(x, threshold=40.0)
    return value, TENDON_STIFFNESS * torch.sigmoid(x)
