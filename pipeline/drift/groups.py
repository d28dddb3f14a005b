"""Which muscles' changes data tell apart, and which only together.

Two muscles that always work together leave open which of them pulls less; what both together make
is known all the same. A muscle's group is the smallest found of which the mean change, each member
weighed by its share of the moment, is known.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

KNOWN_BELOW = 0.05
"""Standard deviation of a change below which it is known: one of 10 % is seen."""


def mean_deviation(covariance: Array, weight: Array, members: list[int]) -> float:
    """Return the standard deviation of the members' mean change.

    Parameters
    ----------
    covariance
        Of the units' changes, shape [unit, unit].
    weight
        Share of the moment of each, shape [unit].
    """
    share = weight[members] / weight[members].sum()
    return float(np.sqrt(share @ covariance[np.ix_(members, members)] @ share))


def group_of(unit: int, covariance: Array, weight: Array) -> tuple[int, ...] | None:
    """Return the unit and those that it is known with; None where not even all are known.

    Who is taken for the group most easily joins it: whose change is most negatively correlated with
    the group's.

    Parameters
    ----------
    unit
        The unit.
    covariance, weight
        As in `mean_deviation`.
    """
    members = [unit]
    deviation = np.sqrt(covariance.diagonal())
    while not mean_deviation(covariance, weight, members) < KNOWN_BELOW:
        others = [one for one in range(len(weight)) if one not in members]
        if not others:
            return None
        with_group = covariance[np.ix_(others, members)] @ weight[members]
        members.append(others[int(np.argmin(with_group / deviation[others]))])
    return tuple(sorted(members))
