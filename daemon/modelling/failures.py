"""Postures at which the source's wrapping has failed: alone in a neighbourhood that agrees."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from daemon.modelling.samples import Array, Samples

NEIGHBOURS, AGREE = 6, 5
"""A failure disagrees with so many of so many neighbours; beside a true jump about half do."""
FAILED_M = 0.01
"""A disagreement of lengths above this is one, m."""


def without_failures(samples: Samples) -> Samples:
    """Return the samples with nan where a muscle's length is a failure of the source."""
    if len(samples.x) <= NEIGHBOURS:
        return samples
    length = samples.length.copy()
    pairs = cKDTree(samples.x).query(samples.x, k=1 + NEIGHBOURS)[1][:, 1:]
    for muscle in range(length.shape[1]):
        disagree = (unexplained(samples, muscle, pairs) > FAILED_M).sum(axis=1)
        length[disagree >= AGREE, muscle] = np.nan
    return replace(samples, length=length)


def unexplained(samples: Samples, muscle: int, pairs: NDArray[np.intp]) -> Array:
    """Return by how much lengths change more between postures than their slopes say, m.

    `pairs` [n, k] are the postures with which each is compared; nan where one is not known.
    """
    moved = (samples.x[pairs] - samples.x[:, None]) * samples.half_range
    arms = samples.moment_arm[:, :, muscle]
    slope = -(arms[pairs] + arms[:, None]) / 2
    change = samples.length[pairs, muscle] - samples.length[:, None, muscle]
    return np.asarray(np.abs(change - (slope * moved).sum(axis=2)))
