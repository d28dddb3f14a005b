"""States that wander from stretch to stretch, all at once: one block-tridiagonal solve.

The precision of all states together, given what every stretch tells and by how much the states may
change in between, couples neighbours in time only. Solving it once is what a Kalman filter and a
Rauch-Tung-Striebel smoother do in two passes.

References
----------
Rauch, Tung and Striebel 1965, AIAA J 3:1445; Bell 1994, SIAM J Optim 4:626 (the smoother as a
Gauss-Newton step with a block-tridiagonal matrix).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


class Chain:
    """The precision of a random walk that has been observed, factorised.

    Parameters
    ----------
    information
        What each stretch tells of the states, shape [stretch, state, state].
    step
        Precision of the change from one stretch to the next, shape [stretch - 1, state].
    start
        Precision of the first states before any data, shape [state].
    """

    def __init__(self, information: Array, step: Array, start: Array) -> None:
        count, size = information.shape[:2]
        self._step = step
        diagonal = information.copy()
        every = np.arange(size)
        diagonal[0, every, every] += start
        diagonal[:-1, every, every] += step
        diagonal[1:, every, every] += step
        self._inverse = np.empty_like(diagonal)
        """Of what is left of each diagonal block once those before it are eliminated."""
        self._log_ratio = float(np.log(step).sum() + np.log(start).sum())
        """Of the determinants of the precision before any data and after, as a logarithm."""
        left = diagonal[0]
        for k in range(count):
            self._inverse[k] = inverse = np.linalg.inv(left)
            self._log_ratio -= float(np.linalg.slogdet(left)[1])
            if k + 1 < count:
                left = diagonal[k + 1] - step[k, :, None] * inverse * step[k]

    def solve(self, right: Array) -> Array:
        """Return the states that right-hand sides ask for.

        Parameters
        ----------
        right
            Shape [stretch, state, side].
        """
        found = right.copy()
        for k in range(1, len(found)):
            found[k] += self._step[k - 1, :, None] * (self._inverse[k - 1] @ found[k - 1])
        found[-1] = self._inverse[-1] @ found[-1]
        for k in reversed(range(len(found) - 1)):
            found[k] = self._inverse[k] @ (found[k] + self._step[k, :, None] * found[k + 1])
        return found

    def evidence(self, vector: Array) -> float:
        """Return the logarithm of the data's likelihood, the states averaged over.

        Parameters
        ----------
        vector
            What each stretch tells beside the information, shape [stretch, state].

        Returns
        -------
        float
            But for what the data alone make of it.
        """
        found = self.solve(vector[..., None])[..., 0]
        return 0.5 * (float((vector * found).sum()) + self._log_ratio)

    def covariance(self) -> Array:
        """Return the covariance of each stretch's states, shape [stretch, state, state]."""
        found = self._inverse.copy()
        for k in reversed(range(len(found) - 1)):
            gain = self._inverse[k] * self._step[k]
            found[k] += gain @ found[k + 1] @ gain.T
        return found
