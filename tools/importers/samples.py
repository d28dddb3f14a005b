"""What a source model says of many postures."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import click
import numpy as np
from numpy.typing import NDArray
from scipy.stats import qmc

from pipeline.errors import UserError
from pipeline.geometry import Coordinate

Array = NDArray[np.float64]
Posture = Callable[[Array], tuple[Array, Array]]
"""From angles in rad [coordinate] to lengths [muscle] and moment arms [coordinate, muscle], m.

A muscle has nan where the source has no length, or none with a slope.
"""

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


def sample(posture: Posture, coordinates: Sequence[Coordinate], x: Array, label: str) -> Samples:
    """Ask the source model for the postures `x` [n, coordinate], scaled to -1..1."""
    middle = np.array([coordinate.middle_rad for coordinate in coordinates])
    half = np.array([coordinate.half_range_rad for coordinate in coordinates])
    with click.progressbar(middle + x * half, label=label) as angles:
        lengths, moment_arms = zip(*(posture(q) for q in angles), strict=True)
    return Samples(x, np.array(lengths), np.array(moment_arms), half)


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


def tell_left_out(muscles: Sequence[str], seen: Samples, unseen: Samples) -> None:
    """Say of which muscles postures are left out; refuse where they are too many."""
    for place, name in enumerate(muscles):
        kept = [samples.known(place) for samples in (seen, unseen)]
        left_out, total = sum(int((~known).sum()) for known in kept), sum(map(len, kept))
        if left_out:
            said = f"The source has no length, or one that jumps, of '{name}' at {left_out} of "
            said += f"{total} postures"
            if any(known.mean() < 1 - MOST_LEFT_OUT for known in kept):
                raise UserError(
                    f"{said}, too many for a fit; narrow the coordinates' ranges or leave the "
                    "muscle out."
                )
            click.echo(f"{said}; they are left out.")
