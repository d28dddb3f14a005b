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
    KNOWN_WITH_ANOTHER = "known_with_another"
    """Not by itself, but together with another parameter: see `Combination`."""


@dataclass(frozen=True)
class BoneNumber:
    """What is known of one number of a bone."""

    factor: float
    """By which the number differs from what was believed; see `BoneSpace`."""
    deviation: float
    """Standard deviation of the factor."""
    identifiability: Identifiability


class Joining(StrEnum):
    """How two parameters make one number."""

    PRODUCT = "product"
    SUM = "sum"


@dataclass(frozen=True)
class Combination:
    """Two parameters that are not known, but together are."""

    first: str
    second: str
    """Their labels, such as ``BIClong:gain`` and ``BIClong:strength``."""
    joining: Joining
    value: float
    """Of lengths their sum, m; of strengths the sum of the maximum isometric forces, N; of gain and
    strength their product."""
    deviation: float
    """Its standard deviation, in the same unit."""


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
    combinations
        What is known of parameters that are known together only, each with the other it is known
        best with.
    """

    deviation: dict[str, Array]
    identifiability: dict[str, tuple[Identifiability, ...]]
    directions: tuple[dict[str, Array], ...]
    residual: tuple[float, ...]
    bones: dict[str, BoneNumber] = field(default_factory=dict)
    delay_deviation_s: float = 0.0
    combinations: tuple[Combination, ...] = ()
