"""The pace of the calibrator's search: fast at first and after a change, then ever slower."""

from __future__ import annotations

import math

HEAT_LOSS = 0.85
"""Factor by which the learning rate approaches its floor at each update."""
_FOLLOWS = 0.2
"""Share of the newest error in its usual level."""


class Pace:
    """The learning rates of strength and of geometry: one at first, then two.

    Parameters
    ----------
    rate, floor
        Learning rate at the start, and where it ends.
    geometry_scale
        What that of everything but strength falls to, as a fraction of strength's.
    """

    def __init__(self, rate: float, floor: float, geometry_scale: float) -> None:
        self._rate, self._floor, self._geometry_scale = rate, floor, geometry_scale
        self._heat = 1.0

    def rates(self) -> tuple[float, float]:
        """Return the learning rates of strength and of everything else."""
        rate = self._floor + (self._rate - self._floor) * self._heat
        return rate, rate * (self._geometry_scale + (1.0 - self._geometry_scale) * self._heat)

    def renew(self) -> None:
        """Begin again as fast as at first."""
        self._heat = 1.0

    def slow_down(self) -> None:
        """Go on a little slower."""
        self._heat *= HEAT_LOSS


class UsualError:
    """The running level of the error of the set in force on the newest data.

    Parameters
    ----------
    rise
        Factor over that level which tells of a change: of the person, the task or an electrode.
    """

    def __init__(self, rise: float) -> None:
        self._rise = rise
        self._level: float | None = None

    def has_risen(self, error: float) -> bool:
        """Take the newest error; tell whether it is out of all proportion to those before."""
        if not math.isfinite(error):
            return False
        level = error if self._level is None else self._level
        self._level = level + _FOLLOWS * (error - level)
        return error > self._rise * level
