"""A model file from a source model: which muscles, over which ranges, and how well they fit."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from daemon.modelling.anatomy import positive_movement, side_of
from daemon.modelling.crossing import interactions
from daemon.modelling.fit_paths import Limits, fit_path
from daemon.modelling.opening import open_source
from daemon.modelling.ranges import Range, chosen_ranges, recorded_ranges
from daemon.modelling.samples import MOST_LEFT_OUT, Array, Samples, Told, sample, spread
from daemon.modelling.smooth import Smooth, smooth_ranges
from daemon.modelling.source import Source, Wanted
from daemon.modelling.workers import Workers, every_processor, workers
from pipeline.errors import UserError
from pipeline.geometry import Coordinate, ModelFile, Muscle, MusclePath

SAMPLES_PER_JOINT, MOST_SAMPLES = 1000, 4000
"""Postures to fit, where none are asked for."""
Result = TypeVar("Result")
NEAR = 0.05
"""How far from a recorded posture one near it may be, half ranges."""
FEWEST_KNOWN = 20
"""With fewer postures at which the source knows a muscle's length there is nothing to fit."""


@dataclass(frozen=True)
class Fitted:
    """What a fit gives.

    Parameters
    ----------
    model
        The model, with the muscles that miss a limit too.
    limits
        What the muscles had to meet.
    over
        For each muscle that misses a limit one sentence that says why.
    ranges
        Ranges in rad by joint over which every muscle of `over` is smooth and meets the limits;
        empty where none were found.
    notes
        Sentences about what was assumed, freed or left out.
    """

    model: ModelFile
    limits: Limits
    over: Mapping[str, str] = field(default_factory=dict)
    ranges: Mapping[str, Range] = field(default_factory=dict)
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class About:
    """What a model file says of itself; None for what the source says."""

    name: str | None = None
    origin: str | None = None
    license: str | None = None
    """SPDX name of the source's licence."""


def _quiet(what: str, done: float) -> None:
    """Tell nobody."""


def fit_model(
    source: str | Path,
    joints: Sequence[str],
    *,
    side: str | None = None,
    muscles: Sequence[str] | None = None,
    without: Sequence[str] = (),
    ranges: Mapping[str, Range] | None = None,
    recorded: Mapping[str, Array] | None = None,
    about: About | None = None,
    limits: Limits | None = None,
    samples: int | None = None,
    processes: int | None = None,
    on_progress: Told = _quiet,
) -> Fitted:
    """Fit the muscles of an OpenSim or MuJoCo model.

    Parameters
    ----------
    source
        An ``.osim`` file, or MuJoCo's ``.xml``.
    joints
        Coordinates by the model's own names, in the order they are to have.
    side
        ``l`` or ``r``: joints may then be named without it, and muscles of the other side are left
        out.
    muscles
        Muscles by name; None for all whose length depends on one of the joints.
    without
        Muscles to leave out.
    ranges
        Ranges by hand, rad, by joint; they must lie inside the model's own, which are taken where
        nothing else is said.
    recorded
        Recorded angles, rad, by joint, of one length (`daemon.modelling.ranges.recorded_angles`).
        They narrow the ranges to what was recorded and a margin, and half of the postures that
        are fitted are near them: a source may have its kink just where a person dwells.
    about
        What the file says of itself.
    limits
        Largest errors of a path, and how far the fit may go for them.
    samples
        Postures to fit; a quarter as many others are kept for the errors.
    processes
        How many; None for one on each processor.
    on_progress
        Is told what is being done, and which fraction of it is.

    Returns
    -------
    Fitted
        The model, which `daemon.modelling.writing.write_model` writes.

    Raises
    ------
    UserError
        If the source cannot be read, its package is not installed, a name is not the model's, a
        range is impossible, or the source has no length of a muscle.
    """
    limits, processes = limits or Limits(), processes or every_processor()
    opened, wanted = _opened(Path(source), joints, side, muscles)
    narrower = recorded_ranges(recorded or {})
    chosen, notes = chosen_ranges(wanted.joints, opened.ranges_rad, ranges or {}, narrower)
    coordinates = tuple(
        Coordinate(name, limit, "larger angle")
        for name, limit in zip(wanted.joints, chosen, strict=True)
    )
    names, together = _crossing(opened, wanted, coordinates, without, on_progress)
    wanted = replace(wanted, muscles=names)
    if names != opened.muscle_names:
        opened = open_source(wanted)
    count = samples or min(SAMPLES_PER_JOINT * len(coordinates), MOST_SAMPLES)
    with workers(wanted, opened, processes) as crew:
        points = _postures(coordinates, count + max(count // 4, 1), recorded or {})
        fit = Fit(crew, coordinates, together, limits, count, points, on_progress)
        paths, seen = fit.run(names)
        smooth = fit.smooth(names, paths, seen)
    over = {name: found.sentence for name, found in smooth.items()}
    coordinates = _with_movements(coordinates, names, seen)
    made = tuple(
        opened.muscle(name, path, _known(seen.length[:, place]))
        for place, (name, path) in enumerate(zip(names, paths, strict=True))
    )
    notes = [*opened.notes, *notes, *left_out(names, seen)]
    model = _model_file(
        opened, wanted, about or About(), coordinates, made, _sampled(count, bool(recorded))
    )
    return Fitted(model, limits, over, _common(coordinates, smooth), tuple(notes))


def _opened(
    path: Path, joints: Sequence[str], side: str | None, muscles: Sequence[str] | None
) -> tuple[Source, Wanted]:
    """Open the source; without named muscles with all, or all of a side."""
    if not joints:
        raise UserError("Name at least one joint.")
    chosen = None if muscles is None else tuple(dict.fromkeys(muscles))
    wanted = Wanted(path, tuple(joints), chosen, side)
    opened = open_source(wanted)
    if len(set(opened.joints)) < len(joints):
        raise UserError(f"A joint is named twice in {', '.join(joints)}.")
    wanted = replace(wanted, joints=opened.joints)
    if muscles is None and side is not None:
        ours = tuple(name for name in opened.muscle_names if side_of(name) in (None, side))
        if ours != opened.muscle_names:
            opened = open_source(replace(wanted, muscles=ours))
    return opened, wanted


def _crossing(
    opened: Source,
    wanted: Wanted,
    coordinates: tuple[Coordinate, ...],
    without: Sequence[str],
    told: Told,
) -> tuple[tuple[str, ...], NDArray[np.bool_]]:
    """Return the muscles to fit, and which coordinates act together on each."""
    for name in without:
        if name not in opened.muscle_names:
            raise UserError(f"There is no muscle '{name}' to leave out.")
    together = interactions(Workers(opened, None).ask, coordinates, told)
    kept = [
        place
        for place, name in enumerate(opened.muscle_names)
        if name not in without and (wanted.muscles is not None or together[place].any())
    ]
    if not kept:
        raise UserError(f"No muscle of '{wanted.path}' crosses {', '.join(wanted.joints)}.")
    return tuple(opened.muscle_names[place] for place in kept), together[kept]


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
        asked = sample(self.crew.ask, self.coordinates, self.points, told)
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


def _postures(coordinates: Sequence[Coordinate], n: int, recorded: Mapping[str, Array]) -> Array:
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


def _known(lengths: NDArray[np.float64]) -> NDArray[np.float64]:
    return lengths[np.isfinite(lengths)]


def left_out(names: Sequence[str], seen: Samples) -> list[str]:
    """Return a sentence for each muscle of which postures are left out."""
    said = []
    for place, name in enumerate(names):
        known = seen.known(place)
        if not known.all():
            said.append(
                f"The source has no length, or one that jumps, of '{name}' at {(~known).sum()} of "
                f"{len(known)} postures; they are left out."
            )
    return said


def _with_movements(
    coordinates: Sequence[Coordinate], names: Sequence[str], seen: Samples
) -> tuple[Coordinate, ...]:
    """Return the coordinates with the movement of positive sign, as the muscles tell it."""
    arms = np.nanmean(seen.moment_arm, axis=0)
    return tuple(
        replace(
            coordinate,
            positive=positive_movement(
                coordinate.name, zip(names, arms[column].tolist(), strict=True)
            ),
        )
        for column, coordinate in enumerate(coordinates)
    )


def _common(coordinates: Sequence[Coordinate], smooth: Mapping[str, Smooth]) -> dict[str, Range]:
    """Return the ranges in which all of the muscles are smooth, as far as there are any."""
    if not smooth or any(found.ranges is None for found in smooth.values()):
        return {}
    every = [found.ranges for found in smooth.values() if found.ranges is not None]
    common = {}
    for coordinate in coordinates:
        low = max(ranges[coordinate.name][0] for ranges in every)
        high = min(ranges[coordinate.name][1] for ranges in every)
        if high - low < coordinate.half_range_rad / 2:
            return {}
        if (low, high) != coordinate.range_rad:
            common[coordinate.name] = (low, high)
    return common


def _sampled(count: int, recorded: bool) -> str:
    near = ", every second one near a recorded one" if recorded else ""
    return (
        f"{count} quasi-random postures over the coordinates' ranges{near}, errors from "
        f"{max(count // 4, 1)} others"
    )


def _model_file(
    opened: Source,
    wanted: Wanted,
    about: About,
    coordinates: tuple[Coordinate, ...],
    muscles: tuple[Muscle, ...],
    sampled: str,
) -> ModelFile:
    origin = (
        f"{about.origin or f'{opened.title}, {wanted.path.name}'}; paths sampled with "
        f"{opened.tool} and fitted to {sampled}."
    )
    return ModelFile(
        about.name or opened.title, origin, about.license or "not stated", coordinates, muscles
    )
