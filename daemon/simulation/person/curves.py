"""The muscle's four curves in numpy, written apart from the daemon's own.

Forces are fractions of maximum isometric force, lengths of optimal fibre length, velocities of
maximum contraction velocity (positive when lengthening). Every function takes an array of any
shape and returns one of that shape.

References
----------
De Groote, Kinney, Rao, Fregly 2016, Ann Biomed Eng 44:2922, doi 10.1007/s10439-016-1591-9,
supplement. Millard, Uchida, Seth, Delp 2013, J Biomech Eng 135:021005 (tendon strain, stiffness).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

_HEIGHT, _CENTRE, _WIDTH, _WIDENING = np.array(
    [[0.815, 1.055, 0.162, 0.063], [0.433, 0.717, -0.030, 0.200], [0.100, 1.0, 0.354, 0.0]]
).T
"""The three Gaussians of the active force; their widths grow with length."""
_LEAST_WIDTH = 0.02
"""Keeps the second Gaussian's width from crossing zero, where its value is zero anyway."""

_PASSIVE_RATE = 4.0 / 0.6
_PASSIVE_ZERO = np.exp(_PASSIVE_RATE * (0.2 - 1.0))
_PASSIVE_SCALE = 1.0 / (np.exp(4.0) - _PASSIVE_ZERO)

TENDON_STIFFNESS = 1.375 / 0.049
"""Isometric forces per strain of the taut tendon, which reaches one at a strain of 4.9 %."""
_TENDON_OFFSET = 0.049 - 1.0 / TENDON_STIFFNESS
_TENDON_TOE = 0.006


def active_force_length(length: Array) -> Array:
    """Active force over fibre length, at full activation and zero velocity."""
    column = length[..., None]
    x = (column - _CENTRE) / np.maximum(_WIDTH + _WIDENING * column, _LEAST_WIDTH)
    force: Array = np.exp(-0.5 * x * x) @ _HEIGHT
    return force


def force_velocity(velocity: Array) -> Array:
    """Force multiplier over fibre velocity: about 1 at rest and 0 at full shortening."""
    multiplier: Array = -0.318 * np.arcsinh(-8.149 * velocity - 0.374) + 0.886
    return multiplier


def passive_force_length(length: Array) -> Array:
    """Force of the passive fibre over its length."""
    force: Array = _PASSIVE_SCALE * (np.exp(_PASSIVE_RATE * (length - 1.0)) - _PASSIVE_ZERO)
    return force


def tendon_force(strain: Array) -> Array:
    """Force of the tendon over its strain: next to nothing when slack, a toe, then linear."""
    toe = np.logaddexp(0.0, (strain - _TENDON_OFFSET) / _TENDON_TOE)
    return TENDON_STIFFNESS * _TENDON_TOE * toe
