"""Model files from OpenSim models: ``python -m tools.importers.opensim MODEL.osim ...``.

Needs the extra ``opensim``. Coordinates that are not named stay at the model's default, except
those that a constraint of the model moves. A named one that the model has locked is freed.
"""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import Any

import click
import numpy as np

from daemon.terminal.command import Command
from pipeline.errors import UserError
from pipeline.geometry import Muscle, MusclePath
from tools.importers.common import ImportRequest, finish, fitted, importer_options
from tools.importers.difference import central_difference
from tools.importers.opensim_posture import PosedModel
from tools.importers.samples import Array

STEP_RAD = 1e-4
"""Step of the differences that give a moment arm; its error is below a micrometre."""


def _opensim() -> Any:
    try:
        opensim = import_module("opensim")
    except ImportError as error:
        raise UserError(
            "The OpenSim importer needs the package opensim; install hillstream[opensim]."
        ) from error
    opensim.Logger.setLevelString("off")
    return opensim


class OpensimPaths:
    """The muscles of an OpenSim model as functions of some coordinates.

    The model's constraints are held at every posture, and the moment arm is minus the derivative
    of the length: OpenSim's own moment arm can disagree with it, under constraints above all.

    Raises
    ------
    UserError
        If the file is no model, or has no such coordinate or muscle, a coordinate follows another
        one, or a range leaves the coordinate's own.
    """

    def __init__(self, path: Path, request: ImportRequest) -> None:
        opensim = _opensim()
        try:
            model = opensim.Model(str(path))
            model.finalizeConnections()
        except RuntimeError as error:
            raise UserError(f"{path} is not an OpenSim model: {error}.") from error
        self.version = str(opensim.GetVersion())
        coordinates, muscles = model.getCoordinateSet(), model.getMuscles()
        named = [_member(coordinates, c.name, path) for c in request.coordinates]
        self._muscles = [_member(muscles, name, path) for name in request.muscles]
        _check_ranges(named, request)
        self._posed = PosedModel(opensim, model, named)
        self.freed = self._posed.freed

    def __call__(self, q: Array) -> tuple[Array, Array]:
        """Return lengths [muscle] and moment arms [coordinate, muscle] in m at angles `q` rad."""
        return central_difference(self._lengths, q, STEP_RAD)

    def _lengths(self, q: Array) -> Array:
        """Return the muscles' lengths, m; nan where the model has none."""
        try:
            self._posed.take(q)
            length = np.array([muscle.getLength(self._posed.state) for muscle in self._muscles])
        except RuntimeError:
            length = np.full(len(self._muscles), np.nan)
        if not np.isfinite(length).all():
            self._posed.start_again()
        return length

    def muscle(self, index: int, path: MusclePath) -> Muscle:
        """Return a muscle's parameters, as the model has them, with its fitted path."""
        muscle = self._muscles[index]
        return Muscle(
            name=muscle.getName(),
            max_isometric_force_n=muscle.getMaxIsometricForce(),
            optimal_fibre_length_m=muscle.getOptimalFiberLength(),
            tendon_slack_length_m=muscle.getTendonSlackLength(),
            pennation_at_optimal_rad=muscle.getPennationAngleAtOptimalFiberLength(),
            max_contraction_velocity_per_s=muscle.getMaxContractionVelocity(),
            path=path,
        )


def _check_ranges(coordinates: list[Any], request: ImportRequest) -> None:
    for coordinate, wanted in zip(coordinates, request.coordinates, strict=True):
        low, high = coordinate.getRangeMin(), coordinate.getRangeMax()
        if not low - 1e-6 <= wanted.range_rad[0] < wanted.range_rad[1] <= high + 1e-6:
            raise UserError(
                f"The range {wanted.range_rad} rad of '{wanted.name}' must rise and lie "
                f"inside the model's own, {low:.4g} to {high:.4g} rad."
            )


def _member(collection: Any, name: str, path: Path) -> Any:
    if not collection.contains(name):
        raise UserError(f"{path} has no coordinate or muscle called '{name}'.")
    return collection.get(name)


@click.command(cls=Command)
@click.argument("model", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@importer_options
def main(model: Path, request: ImportRequest) -> None:
    """Fit the muscle paths of the OpenSim MODEL and write a model file."""
    source = OpensimPaths(model, request)
    for name in source.freed:
        click.echo(f"'{name}' is locked or prescribed in {model.name}; it is free for the fit.")
    paths = fitted(request, source)
    muscles = [source.muscle(index, path) for index, path in enumerate(paths)]
    finish(request, muscles, f"OpenSim {source.version.split('-')[0]}")


if __name__ == "__main__":
    main()
