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

import torch
from torch import Tensor

Curve = tuple[Tensor, Tensor]

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


def active_force_length(length: Tensor) -> Curve:
    """Active force over normalised fibre length, at full activation and zero velocity."""
    value, slope = torch.zeros_like(length), torch.zeros_like(length)
    for height, centre, width, widening in FORCE_LENGTH:
        spread = (width + widening * length).clamp_min(_NARROWEST_GAUSSIAN)
        x = (length - centre) / spread
        bell = height * torch.exp(-0.5 * x * x)
        value = value + bell
        slope = slope - bell * x * (1.0 - widening * x) / spread
    return value, slope


def force_velocity(velocity: Tensor) -> Curve:
    """Force multiplier over normalised fibre velocity; 1 at rest, 0 at full shortening."""
    d1, d2, d3, d4 = FORCE_VELOCITY
    x = d2 * velocity + d3
    return d1 * torch.asinh(x) + d4, d1 * d2 * torch.rsqrt(x * x + 1.0)


def passive_force_length(length: Tensor) -> Curve:
    """Passive force of the stretched fibre."""
    rate = PASSIVE_STIFFNESS / PASSIVE_STRAIN
    zero = torch.exp(torch.tensor(rate * (PASSIVE_ZERO_LENGTH - 1.0))).item()
    scale = 1.0 / (torch.exp(torch.tensor(PASSIVE_STIFFNESS)).item() - zero)
    growth = scale * torch.exp(rate * (length - 1.0))
    return growth - scale * zero, rate * growth


def tendon_force(strain: Tensor) -> Curve:
    """Tendon force over tendon strain: a toe, then linear.

    The curve goes on below zero strain, where it falls to zero without reaching it: a slack
    tendon keeps a slope, however small, and never pushes.
    """
    x = (strain - TENDON_OFFSET) / TENDON_TOE
    value = (TENDON_STIFFNESS * TENDON_TOE) * torch.nn.functional.softplus(x, threshold=40.0)
    return value, TENDON_STIFFNESS * torch.sigmoid(x)
