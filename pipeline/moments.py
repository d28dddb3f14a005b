"""Joint moments of some rows, what is known of their error, and the mean of two of them."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Versions = NDArray[np.int64]


class Moments(NamedTuple):
    """Joint moments and what is known of their error."""

    moment: Array
    """N*m, shape [n, dof]."""
    deviation: Array
    """Standard deviation, N*m, shape [n, dof]; NaN while nothing is known of it."""
    stiffness: Array
    """Minus the derivative of each moment by its own angle at constant activation, N*m/rad, shape
    [n, dof]; NaN where the slopes of the moment arms were not given."""
    muscles: Array
    """What each muscle does, the table of `muscle_states`, shape [n, row, muscle]; without rows
    where nobody wants it."""
    version: Versions
    """Version of the newest parameter set that takes part in the moment, shape [n]. While one set
    fades into the next it is that of the next, from the first row on in which it takes part; a
    set that waits for the end of a fade is in none."""
    leaving: Versions
    """Version of the set that fades out in the moment, shape [n]; `version` where none does."""


def cross_faded(leaving: Moments, coming: Moments, share: Array) -> Moments:
    """Return the moments on the way from one parameter set to the next.

    Parameters
    ----------
    leaving, coming
        Those of either set.
    share
        Share of the coming set in each row, 0..1, shape [n].
    """
    column = share[:, None]
    return Moments(
        _mixed(leaving.moment, coming.moment, column),
        _mixed(leaving.deviation, coming.deviation, column),
        _mixed(leaving.stiffness, coming.stiffness, column),
        _mixed(leaving.muscles, coming.muscles, column[..., None]),
        coming.version,
        np.where(share < 1.0, leaving.version, coming.version),
    )


def _mixed(old: Array, new: Array, share: Array) -> Array:
    """Return what lies between `old` and `new`; `old` may be NaN where `share` is all of `new`.

    The share does not fall from row to row.
    """
    between = (1.0 - share) * old + share * new
    return between if share[-1] < 1.0 else np.where(share < 1.0, between, new)
