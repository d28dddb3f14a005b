"""Identifiability: deviations of a parameter set, and what the data say of each parameter."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

IDENTIFIED_BELOW = 0.2
WEAK_BELOW = 0.7
"""Remaining fractions of that deviation up to which a parameter is identified, or weakly so."""


class Identifiability(StrEnum):
    """What the data say of a parameter."""

    IDENTIFIED = "identified"
    WEAKLY_IDENTIFIED = "weakly_identified"
    UNOBSERVED = "unobserved"
    AT_BOUND = "at_bound"
    FIXED = "fixed"


@dataclass(frozen=True)
class BoneNumber:
    """What is known of one number of a bone."""

    factor: float
    """By which the number differs from what was believed; see `BoneSpace`."""
    deviation: float
    """Standard deviation of the factor."""
    identifiability: Identifiability


@dataclass(frozen=True)
class Confidence:
    """What is known of a parameter set.

    Parameters
    ----------
    deviation
        For each calibrated parameter its standard deviation per muscle, in the parameter's unit
        (m, or 1); 0 where it is fixed.
    identifiability
        For each calibrated parameter its identifiability per muscle.
    directions
        Parameter sets (values by name) off the present one, each along another of the independent
        directions that matter most for the moments, and so far that the sum of the squared
        differences they make is the moments' variance by the parameters.
    residual
        Standard deviation of what the model leaves unexplained, N*m per DOF.
    bones
        By label, such as ``ulna:mass``, each number of the bones that is identified too.
    delay_deviation_s
        Standard deviation of the electromechanical delay, s; 0 where it is given.
    """

    deviation: dict[str, Array]
    identifiability: dict[str, tuple[Identifiability, ...]]
    directions: tuple[dict[str, Array], ...]
    residual: tuple[float, ...]
    bones: dict[str, BoneNumber] = field(default_factory=dict)
    delay_deviation_s: float = 0.0
