"""How well each parameter is known, and what that leaves open of the moments."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


class Standing(StrEnum):
    """What the data say of a parameter."""

    IDENTIFIED = "identified"
    WEAKLY_IDENTIFIED = "weakly_identified"
    UNOBSERVED = "unobserved"
    AT_BOUND = "at_bound"
    FIXED = "fixed"


@dataclass(frozen=True)
class Confidence:
    """What is known of a parameter set.

    Parameters
    ----------
    deviation
        For each calibrated parameter its standard deviation per muscle, in the parameter's unit
        (m, or 1); 0 where it is fixed.
    standing
        For each calibrated parameter its standing per muscle.
    directions
        Parameter sets (values by name) one standard deviation off the present one, each along
        another of the independent directions that matter most for the moments. The moments'
        variance by the parameters is the sum of the squared differences they make.
    residual
        Standard deviation of what the model leaves unexplained, N*m per DOF.
    """

    deviation: dict[str, Array]
    standing: dict[str, tuple[Standing, ...]]
    directions: tuple[dict[str, Array], ...]
    residual: tuple[float, ...]
