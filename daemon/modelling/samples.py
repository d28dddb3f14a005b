"""What a source model says of many postures."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.stats import qmc

from pipeline.geometry import Coordinate

Array = NDArray[np.float64]
Posture = Callable[[Array], tuple[Array, Array]]
"""From angles in rad [coordinate] to lengths [muscle] and moment arms [coordinate, muscle], m.

A muscle has nan where the source has no length, or none with a slope.
"""
Told = Callable[[str, float], None]
"""Is told what is being done, and which fraction of it is."""
Ask = Callable[[Array, Callable[[float], None]], tuple[Array, Array]]
"""A `Posture` for many: [n, coordinate] to [n, muscle] and [n, coordinate, muscle]."""

MOST_LEFT_OUT = 0.1
"""Share of the postures that may be left out of a fit; with more it says little of the range."""


@dataclass(frozen=True)
class Samples:
    """Postures and what the source model says of them.

    `x` [n, coordinate] are angles scaled to -1..1 over their ranges, `length` [n, muscle] and
    `moment_arm` [n, coordinate, muscle] in m, `half_range` [coordinate] in rad. Both are nan where
    the source says nothing of a muscle.
    """

    x: Array
    length: Array
    moment_arm: Array
    half_range: Array

    def known(self, muscle: int) -> NDArray[np.bool_]:
        """Return [n]: whether the source knows this muscle's length and moment arms."""
        arms = np.isfinite(self.moment_arm[:, :, muscle]).all(axis=1)
        return np.asarray(arms & np.isfinite(self.length[:, muscle]))

    def rows(self, chosen: slice | NDArray[np.intp]) -> Samples:
        """Return some of the postures."""
        return replace(
            self,
            x=self.x[chosen],
            length=self.length[chosen],
            moment_arm=self.moment_arm[chosen],
        )

    def muscles(self, chosen: Sequence[int]) -> Samples:
        """Return some of the muscles."""
        places = list(chosen)
        return replace(
            self, length=self.length[:, places], moment_arm=self.moment_arm[:, :, places]
        )


def one_by_one(posture: Posture) -> Ask:
    """Return the way to ask for many postures in this process."""

    def ask(q: Array, told: Callable[[float], None]) -> tuple[Array, Array]:
        answers = []
        for row, angles in enumerate(q):
            answers.append(posture(angles))
            told((row + 1) / len(q))
        lengths, moment_arms = zip(*answers, strict=True)
        return np.array(lengths), np.array(moment_arms)

    return ask


def sample(
    ask: Ask, coordinates: Sequence[Coordinate], x: Array, told: Callable[[float], None]
) -> Samples:
    """Ask the source model for the postures `x` [n, coordinate], scaled to -1..1."""
    middle = np.array([coordinate.middle_rad for coordinate in coordinates])
    half = np.array([coordinate.half_range_rad for coordinate in coordinates])
    length, moment_arm = ask(middle + x * half, told)
    return Samples(x, length, moment_arm, half)


def spread(n_coordinates: int, n: int, seed: int) -> Array:
    """Return `n` quasi-random points of the cube -1..1."""
    points: Array = qmc.Halton(n_coordinates, rng=seed).random(n)
    return 2 * points - 1


def of_muscle(samples: Samples, muscle: int, columns: NDArray[np.intp]) -> Samples:
    """Return what the source knows of one muscle, over the coordinates `columns`."""
    known = samples.known(muscle)
    return Samples(
        samples.x[known][:, columns],
        samples.length[known][:, [muscle]],
        samples.moment_arm[known][:, columns][:, :, [muscle]],
        samples.half_range[columns],
    )
