"""Moment arms as minus the derivative of a length."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from daemon.modelling.samples import Array

JUMP_M = 0.05
"""Change of a moment arm within a step that is no kink but a jump of the length, m."""


MOST_M = 0.25
"""A moment arm above this is none of a body's, but a jump that takes longer than a step, m."""


DOUBTED_M, WIDER = 2e-3, 20
"""Slopes to both sides that differ by more than this, in m, are taken again with so many steps.

A wrapping that is solved to a micrometre jumps by that much, which within one step is a slope of
its own; a kink stays what it is.
"""


def central_difference(
    length: Callable[[Array], Array], q: Array, step: float
) -> tuple[Array, Array]:
    """Return a function's value [muscle] and minus its slope by each angle [coordinate, muscle].

    The slope is nan where the value jumps: where the slopes to both sides differ by more than
    `JUMP_M`, which no kink of a path over a wrapping surface does, or the slope exceeds `MOST_M`.
    """
    here = length(q)
    arms = []
    for direction in np.eye(len(q)):
        slope, bend = _slope(length, here, q, direction, step)
        doubted = bend > DOUBTED_M
        if doubted.any():
            wide, wide_bend = _slope(length, here, q, direction, WIDER * step)
            slope, bend = np.where(doubted, wide, slope), np.where(doubted, wide_bend, bend)
        arms.append(np.where((bend > JUMP_M) | (np.abs(slope) > MOST_M), np.nan, slope))
    return here, np.array(arms)


def _slope(
    length: Callable[[Array], Array], here: Array, q: Array, direction: Array, step: float
) -> tuple[Array, Array]:
    """Return minus the slope along a direction, and how much those to both sides differ."""
    ahead, behind = length(q + step * direction), length(q - step * direction)
    return (behind - ahead) / (2 * step), np.abs(ahead - 2 * here + behind) / step
