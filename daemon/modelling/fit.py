"""A model file from a source model: which muscles, over which ranges, and how well they fit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from daemon.modelling.anatomy import positive_movement, side_of
from daemon.modelling.crossing import interactions
from daemon.modelling.fit_paths import Limits
from daemon.modelling.fitting import Fit, left_out, postures
from daemon.modelling.opening import open_source
from daemon.modelling.ranges import Range, chosen_ranges, recorded_ranges
from daemon.modelling.samples import Array, Samples, Told
from daemon.modelling.smooth import Smooth
from daemon.modelling.source import Source, Wanted
from daemon.modelling.unnamed import beyond_the_model, moved_but_not_named
from daemon.modelling.workers import Workers, every_processor, workers
from pipeline.errors import UserError
from pipeline.geometry import Coordinate, ModelFile, Muscle

SAMPLES_PER_JOINT, MOST_SAMPLES = 1000, 4000
"""Postures to fit, where none are asked for."""


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
        points = postures(coordinates, count + max(count // 4, 1), recorded or {})
        fit = Fit(crew, coordinates, together, limits, count, points, on_progress)
        paths, seen = fit.run(names)
        smooth = fit.smooth(names, paths, seen)
    over = {name: found.sentence for name, found in smooth.items()}
    coordinates = _with_movements(coordinates, names, seen)
    made = tuple(
        opened.muscle(name, path, _known(seen.length[:, place]))
        for place, (name, path) in enumerate(zip(names, paths, strict=True))
    )
    notes += beyond_the_model(recorded or {}, wanted.joints, chosen)
    notes += moved_but_not_named(recorded or {}, opened, wanted)
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


def _known(lengths: NDArray[np.float64]) -> NDArray[np.float64]:
    return lengths[np.isfinite(lengths)]


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
