"""Excitations of muscles without electrode, row by row, from those with one.

The recorded excitations give the primitives by non-negative least squares, the primitives times
the weights of the calibration give the rest.

The least squares are solved exactly and in constant time: the solution is the plain least-squares
solution of some subset of the synergies, and with a handful of synergies all subsets can be
prepared once and compared at each tick. No iteration can fail to converge in the middle of a run.

References
----------
Hambly et al. 2025, doi 10.1109/TBME.2025.3569682, section III.C.
"""

from __future__ import annotations

from itertools import pairwise
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

MIN_VAF = 0.85
"""Variance accounted for from which on the synergies are enough (Hambly et al. 2025, III.D)."""
MOST_SYNERGIES = 10
"""Above it there would be too many subsets for the time of a tick."""
RIDGE = 1e-4
"""Pull of the primitives towards zero, over the mean square weight of a synergy.

It makes the solution unique, so that it does not jump, where fewer muscles are left than there
are synergies, and changes it by a ten thousandth elsewhere.
"""


class SynergyWeights(NamedTuple):
    """What the calibration knows of how muscles move together."""

    weights: Array
    """Of all muscles, shape [muscle, synergy]."""
    unit: Array
    """Excitation by which each muscle's error is weighed, shape [muscle]: its peak, so that a
    muscle that is never excited much says as much of the primitives as another."""


class PrimitiveSolver:
    """Non-negative least squares for one set of muscles that have an electrode.

    Minimises ``|weights h - excitation|^2 + ridge |h|^2`` over ``h >= 0``.

    Parameters
    ----------
    weights
        Of those muscles, shape [muscle, synergy].

    Raises
    ------
    ValueError
        If there are more than `MOST_SYNERGIES`.
    """

    def __init__(self, weights: Array) -> None:
        count = weights.shape[1]
        if count > MOST_SYNERGIES:
            raise ValueError(f"{count} synergies are more than {MOST_SYNERGIES}")
        self._weights = weights
        self.ridge = RIDGE * float((weights**2).sum(0).mean()) or RIDGE
        """What the squared primitives are multiplied by."""
        gram = weights.T @ weights + self.ridge * np.eye(count)
        # Row s of `used` says which synergies belong to subset s; the others stay at zero.
        used = (np.arange(2**count)[:, None] >> np.arange(count)) & 1 == 1
        both = used[:, :, None] & used[:, None, :]
        inverse = np.linalg.inv(np.where(both, gram, np.eye(count)))
        self._inverse = np.where(both, inverse, 0.0).reshape(-1, count)

    def solve(self, excitation: Array) -> Array:
        """Return the primitives of one row, shape [synergy].

        Parameters
        ----------
        excitation
            Shape [muscle].
        """
        projected = excitation @ self._weights
        candidates = (self._inverse @ projected).reshape(-1, len(projected))
        # The more of the excitation a subset explains, the better; the empty one explains nothing.
        explained = np.where((candidates >= 0.0).all(1), candidates @ projected, -1.0)
        best: Array = candidates[explained.argmax()]
        return best


class Synthesis:
    """Fills in the excitations of muscles without electrode.

    Parameters
    ----------
    synergies
        From the calibration.

    Raises
    ------
    ValueError
        If there are more than `MOST_SYNERGIES`.
    """

    def __init__(self, synergies: SynergyWeights) -> None:
        self.weights, self._unit = synergies
        self._use(np.ones(len(self.weights), dtype=bool))

    def fill(self, excitation: Array, measured: NDArray[np.bool_]) -> Array:
        """Return the excitations with those that are not measured synthesised.

        What a row gives depends on that row alone.

        Parameters
        ----------
        excitation
            Shape [n, muscle]; values that are not measured are not looked at.
        measured
            Which of them an electrode has recorded, shape [n, muscle] or [muscle].

        Returns
        -------
        Array
            Shape [n, muscle]; the synthesised ones lie in 0..1.
        """
        measured = np.broadcast_to(measured, excitation.shape)
        filled = excitation.copy()
        changes = np.flatnonzero((measured[1:] != measured[:-1]).any(1)) + 1
        for start, stop in pairwise((0, *changes.tolist(), len(filled))):
            if start < stop and not measured[start].all():
                self._fill(filled[start:stop], measured[start])
        return filled

    def _fill(self, excitation: Array, measured: NDArray[np.bool_]) -> None:
        """Fill rows, in place, that the same muscles are measured in."""
        if (measured != self._measured).any():
            self._use(measured)
        unknown = self.weights[~measured]
        for row in excitation:
            made = unknown @ self._solver.solve(row[measured] / self._unit[measured])
            row[~measured] = made.clip(0.0, 1.0)

    def _use(self, measured: NDArray[np.bool_]) -> None:
        """Prepare for rows in which those muscles are measured."""
        self._measured = measured.copy()
        self._solver = PrimitiveSolver((self.weights / self._unit[:, None])[measured])
