"""Conformal deviations: claimed ones, scaled until 95 % of the errors lie within two of them.

What the parameters leave open of a moment and what the model leaves unexplained do not foresee all
that a person does next. So each joint's claim is held against the errors of rows that nothing was
learnt from before they were predicted, and scaled by a quantile of their ratio. Where more errors
than wanted lie outside, as while a muscle tires, a higher quantile is taken, until as many as
wanted do.

References
----------
Gibbs and Candes, Adaptive conformal inference under distribution shift, NeurIPS 2021 (the update of
the level).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

DEVIATIONS = 2.0
"""Deviations on either side that are to hold the moment."""
OUTSIDE = 0.05
"""Share of the errors that is to lie outside."""
WINDOW_S = 20.0
"""Errors are remembered this long, s."""
ADAPTS = 0.2
"""By how much of what one second has outside too much the level is lowered."""
LEVELS = (0.0, 0.5)
"""Between these the level stays: at 0 the largest error remembered lies within."""


class ConformalScale:
    """What the claimed deviations of the joints are multiplied by, learnt second by second.

    Parameters
    ----------
    n_dofs
        Number of joints.
    rate_hz
        Rate of the rows, Hz.
    """

    def __init__(self, n_dofs: int, rate_hz: float) -> None:
        self.scale: Array = np.ones(n_dofs)
        """For each joint what is in force, shape [dof]; 1 before there is an error."""
        self._second = max(1, round(rate_hz))
        self._level = np.full(n_dofs, OUTSIDE)
        self._ratio: Array = np.full((round(WINDOW_S * rate_hz), n_dofs), np.nan)
        """Newest errors over what was claimed, shape [row, dof], round and round."""
        self._outside: Array = np.full((self._second, n_dofs), np.nan)
        """Which of the newest second lay outside of what was published, 0 or 1."""
        self._count = 0

    def learn(self, error: Array, claimed: Array, published: Array) -> None:
        """Take errors of rows in their order, after they were predicted.

        Parameters
        ----------
        error
            N*m, NaN where there is no reference, shape [n, dof].
        claimed
            Deviation before it was scaled, N*m, NaN where it is not known, of that shape.
        published
            The same as it was scaled then.
        """
        miss = np.abs(error)
        with np.errstate(divide="ignore", invalid="ignore"):
            ratio = miss / claimed
        outside = np.where(np.isfinite(ratio), miss > DEVIATIONS * published, np.nan)
        for row, out in zip(ratio, outside, strict=True):
            self._ratio[self._count % len(self._ratio)] = row
            self._outside[self._count % self._second] = out
            self._count += 1
            if self._count % self._second == 0:
                self._renew()

    def _renew(self) -> None:
        """Adapt level and scale of each joint to the second that has passed."""
        for dof in range(len(self.scale)):
            fresh = self._outside[np.isfinite(self._outside[:, dof]), dof]
            known = self._ratio[np.isfinite(self._ratio[:, dof]), dof]
            if len(fresh) and len(known) >= self._second:
                missed = OUTSIDE - float(fresh.mean())
                self._level[dof] = np.clip(self._level[dof] + ADAPTS * missed, *LEVELS)
                self.scale[dof] = np.quantile(known, 1.0 - self._level[dof]) / DEVIATIONS
