"""Which coordinates a muscle depends on, and which of them act together on its length."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from daemon.modelling.samples import Array, Ask, Told, sample, spread
from pipeline.geometry import Coordinate

CROSSING_M = 1e-5
"""A moment arm, or a change of one, below this is taken as rounding of the source model, m."""


def interactions(
    ask: Ask, coordinates: Sequence[Coordinate], told: Told, n: int = 60
) -> NDArray[np.bool_]:
    """Return [muscle, coordinate, coordinate]: which pairs of angles act together on a length.

    The diagonal says which coordinates a muscle depends on at all. Two coordinates act together
    where moving one of them alone changes the moment arm about the other. A muscle over two
    joints is often a sum of one part per joint, and needs far fewer terms for it.
    """
    base = spread(len(coordinates), n, seed=0)
    moved = spread(len(coordinates), n, seed=1)
    postures = [base]
    for j in range(len(coordinates)):
        there = base.copy()
        there[:, j] = moved[:, j]
        postures.append(there)
    everything = sample(
        ask, coordinates, np.concatenate(postures), lambda done: told("Which joints", done)
    ).moment_arm
    at_base, *changed = np.split(everything, 1 + len(coordinates))
    found = np.zeros((at_base.shape[2], len(coordinates), len(coordinates)), dtype=bool)
    for j, arms in enumerate(changed):
        found[:, :, j] = _exceeds_rounding(arms - at_base)
    crossed = _exceeds_rounding(at_base)
    found |= found.swapaxes(1, 2)
    found |= np.eye(len(coordinates), dtype=bool)
    found &= crossed[:, :, None] & crossed[:, None, :]
    return found


def _exceeds_rounding(moment_arm: Array) -> NDArray[np.bool_]:
    """Return [muscle, coordinate]: whether any posture's, nan left aside, is more than rounding."""
    return np.asarray((np.abs(moment_arm) > CROSSING_M).any(axis=0).T)
