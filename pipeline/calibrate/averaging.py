"""The running mean of a search's iterates, which is nearer the optimum than any of them.

Each update descends on another window, with a step that never ends: the iterate wanders about the
parameters that fit all windows. The mean of the last iterates wanders less.

References
----------
Polyak and Juditsky 1992, SIAM J Control Optim 30:838, doi 10.1137/0330046.
"""

from __future__ import annotations

from torch import Tensor


class RunningMean:
    """Mean of all vectors while they are few, then one that forgets the old ones.

    Parameters
    ----------
    most
        Vectors, one of an update, over which the mean goes.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._count = 0
        self._mean: Tensor | None = None

    def add(self, vector: Tensor) -> Tensor:
        """Take a vector, shape [parameter], and return the mean with it."""
        self._count = min(self._count + 1, self._most)
        before = vector if self._mean is None else self._mean
        self._mean = before + (vector - before) / self._count
        return self._mean

    def forget(self) -> None:
        """Begin anew: what comes belongs to another person, or to another state of this one."""
        self._count = 0
