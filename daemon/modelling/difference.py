"""Moment arms as minus the derivative of a length."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from daemon.modelling.samples import Array

JUMP_M = 0.05
"""Change of a moment arm within a step that is no kink but a jump of the length, m."""


MOST_M = 0.25
"""A moment arm above this is none of a body's, but a jump that takes longer than a step, m."""


def central_difference(
    length: Callable[[Array], Array], q: Array, step: float
) -> tuple[Array, Array]:
    """Return a function's value [muscle] and minus its slope by each angle [coordinate, muscle].

    The slope is nan where the value jumps: where the slopes to both sides differ by more than
    `JUMP_M`, which no kink of a path over a wrapping surface does, or the slope exceeds `MOST_M`.
    """
    here = length(q)
    arms = []
    for moved in step * np.eye(len(q)):
        ahead, behind = length(q + moved), length(q - moved)
        jumps = np.abs(ahead - 2 * here + behind) / step > JUMP_M
        slope = (behind - ahead) / (2 * step)
        arms.append(np.where(jumps | (np.abs(slope) > MOST_M), np.nan, slope))
    return here, np.array(arms)
