"""Moment arms as minus the derivative of a length."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from daemon.modelling.samples import Array

JUMP_M = 0.05
"""Change of a moment arm within a step that is no kink but a jump of the length, m."""


def central_difference(
    length: Callable[[Array], Array], q: Array, step: float
) -> tuple[Array, Array]:
    """Return a function's value [muscle] and minus its slope by each angle [coordinate, muscle].

    The slope is nan where the value jumps: where the slopes to both sides differ by more than
    `JUMP_M`, which no kink of a path over a wrapping surface does.
    """
    here = length(q)
    arms = []
    for moved in step * np.eye(len(q)):
        ahead, behind = length(q + moved), length(q - moved)
        jumps = np.abs(ahead - 2 * here + behind) / step > JUMP_M
        arms.append(np.where(jumps, np.nan, (behind - ahead) / (2 * step)))
    return here, np.array(arms)
