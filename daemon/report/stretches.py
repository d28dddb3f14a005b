"""The stretches of a session whose moments are shown: a whole one would be a grey bar."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

STRETCH_S = 6.0
"""Length of a stretch, s."""
_COUNT = 3


def stretches(t: NDArray[np.float64]) -> list[float]:
    """Return where the stretches begin: soon after the start, in the middle, at the end.

    Parameters
    ----------
    t
        Times of the moments, s, shape [time].
    """
    if not len(t):
        return []
    last = max(float(t[-1]) - STRETCH_S, float(t[0]))
    return [float(t) for t in np.linspace(min(float(t[0]) + 1.0, last), last, _COUNT)]
