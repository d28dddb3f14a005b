"""The muscles of a source model fitted over one set of ranges."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from daemon.modelling.failures import without_failures
from daemon.modelling.fit_paths import Limits, fit_path
from daemon.modelling.samples import MOST_LEFT_OUT, Array, Samples, Told, sample, spread
from daemon.modelling.smooth import Smooth, smooth_ranges
from daemon.modelling.workers import Workers
from pipeline.errors import UserError
from pipeline.geometry import Coordinate, MusclePath

NEAR = 0.05
"""How far from a recorded posture one near it may be, half ranges."""
FEWEST_KNOWN = 20
"""With fewer postures at which the source knows a muscle's length there is nothing to fit."""
Result = TypeVar("Result")


@dataclass(frozen=True)
class Fit:
    """Fits over one set of ranges."""

    crew: Workers
    coordinates: tuple[Coordinate, ...]
    together: NDArray[np.bool_]
    limits: Limits
    count: int
    """How many postures are fitted; the others are for the errors."""
    points: Array
    """The postures, [n, coordinate], scaled to -1..1."""
    told: Told

    def run(self, names: Sequence[str]) -> tuple[list[MusclePath], Samples]:
        """Return the paths, errors on postures the fit has not seen, and all postures.

        Raises
        ------
        UserError
            If the source has no length of a muscle.
        """
        told = partial(self.told, "Postures of the model")
        asked = without_failures(sample(self.crew.ask, self.coordinates, self.points, told))
        for place, name in enumerate(names):
            if asked.known(place).sum() < FEWEST_KNOWN:
                raise UserError(
                    f"The source has no length of '{name}', or one that jumps everywhere, over "
                    "these ranges; leave it out (--without) or narrow the ranges."
                )
        paths = self.paths(asked, range(len(names)), partial(self.told, "Fitting muscles"))
        return paths, asked

    def paths(
        self, asked: Samples, places: Sequence[int], told: Callable[[float], None]
    ) -> list[MusclePath]:
        """Fit some of the muscles to samples."""
        jobs = []
        for place in places:
            one = asked.muscles([place])
            jobs.append(
                partial(
                    fit_path,
                    self.coordinates,
                    0,
                    self.together[place],
                    one.rows(slice(self.count)),
                    one.rows(slice(self.count, None)),
                    self.limits,
                )
            )
        return self.crew.each(_run, jobs, told)

    def smooth(
        self, names: Sequence[str], paths: Sequence[MusclePath], asked: Samples
    ) -> dict[str, Smooth]:
        """Return for each muscle that misses a limit where it would meet it."""
        missed = [
            place
            for place, path in enumerate(paths)
            if not self.limits.met(path) or asked.known(place).mean() < 1 - MOST_LEFT_OUT
        ]
        jobs = [
            partial(
                smooth_ranges, names[p], self.coordinates, self.together[p], asked.muscles([p]),
                paths[p], self.limits,
            )
            for p in missed
        ]  # fmt: skip
        found = self.crew.each(_run, jobs, partial(self.told, "Smooth ranges")) if jobs else []
        return {names[place]: one for place, one in zip(missed, found, strict=True)}


def postures(coordinates: Sequence[Coordinate], n: int, recorded: Mapping[str, Array]) -> Array:
    """Return the postures to sample, [n, coordinate], scaled to -1..1.

    Quasi-random, or every second one near a recorded one.
    """
    points = spread(len(coordinates), n, seed=2)
    places = [place for place, one in enumerate(coordinates) if one.name in recorded]
    if not places:
        return points
    middle = [coordinates[place].middle_rad for place in places]
    half = [coordinates[place].half_range_rad for place in places]
    angles = np.array([recorded[coordinates[place].name] for place in places]).T
    angles = (angles[np.isfinite(angles).all(axis=1)] - middle) / half
    if len(angles):
        near = points[1::2]  # a view: what is written here is written there
        chosen = angles[np.random.default_rng(2).integers(len(angles), size=len(near))]
        near[:, places] = np.clip(chosen + NEAR * near[:, places], -1.0, 1.0)
    return points


def _run(job: Callable[[], Result]) -> Result:
    return job()


def left_out(names: Sequence[str], seen: Samples) -> list[str]:
    """Return a sentence about the postures that are left out, if there are any."""
    counts = {name: int((~seen.known(place)).sum()) for place, name in enumerate(names)}
    few = ", ".join(f"{name} ({count})" for name, count in counts.items() if count)
    if not few:
        return []
    return [
        f"The source has no length, or one that jumps, at some of the {len(seen.x)} postures, "
        f"which are left out: {few}."
    ]
