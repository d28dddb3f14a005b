"""What stretches tell once each may be a little off in every state, by chance and on its own.

A baseline that is not quite the person is off by another amount in every movement. Taken for noise
of the residuals, that would make muscles that work much known better than they are.

References
----------
Rasmussen and Williams 2006, Gaussian Processes for Machine Learning, section 5.4.1 (settings of a
prior by the evidence).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


def with_jitter(information: Array, vector: Array, variance: Array) -> tuple[Array, Array, float]:
    """Return what stretches tell of the states they are scattered about.

    Parameters
    ----------
    information, vector
        What each tells, shapes [stretch, state, state] and [stretch, state].
    variance
        Of the scatter, shape [stretch, state].

    Returns
    -------
    tuple
        Information and vector of the same shapes, and by how much the logarithm of the data's
        likelihood is another, the part that depends on the states aside.
    """
    size = vector.shape[1]
    grown = np.eye(size) + information * variance[:, None, :]
    both = np.concatenate((information, vector[..., None]), axis=-1)
    solved: Array = np.linalg.solve(grown, both).astype(np.float64, copy=False)
    left, told = solved[..., :size], solved[..., size]
    likelihood = np.einsum("ki,ki,ki->", vector, variance, told) - np.linalg.slogdet(grown)[1].sum()
    return 0.5 * (left + left.swapaxes(1, 2)), told, 0.5 * float(likelihood)
