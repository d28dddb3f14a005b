"""Model files from OpenSim models: ``python -m tools.importers.opensim MODEL.osim ...``.

Needs the extra ``opensim``. Coordinates that are not named stay at the model's default; those that
are named are unlocked. Couplings are held at every posture. A moment arm is minus the derivative of
the length: OpenSim's own differs from it under constraints and where a path begins to wrap.
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
from tools.importers.fit_paths import Array

STEP_RAD = 1e-4
"""Half the step of the differences by which a length is differentiated, rad."""
JUMP_M = 0.02
"""Slopes to either side that differ by more, m: the length jumps there, and the lesser holds."""
_HELD_RAD = 1e-6
"""How exactly a coordinate must be where it was set, rad."""


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

    Raises
    ------
    UserError
        If the file is no model, or has no such coordinate or muscle, or a range leaves the
        coordinate's own.
    """

    def __init__(self, path: Path, request: ImportRequest) -> None:
        opensim = _opensim()
        try:
            self._model = opensim.Model(str(path))
        except RuntimeError as error:
            raise UserError(f"{path} is not an OpenSim model: {error}.") from error
        self._state = self._model.initSystem()
        self._path = path
        self.version = str(opensim.GetVersion())
        coordinates, muscles = self._model.getCoordinateSet(), self._model.getMuscles()
        self._coordinates = [_member(coordinates, c.name, path) for c in request.coordinates]
        self._muscles = [_member(muscles, name, path) for name in request.muscles]
        self._vector = opensim.Vector
        self._coupled = _coupled(opensim, self._model, self._state)
        self._loosen()
        for coordinate, wanted in zip(self._coordinates, request.coordinates, strict=True):
            low, high = coordinate.getRangeMin(), coordinate.getRangeMax()
            if not low - 1e-6 <= wanted.range_rad[0] < wanted.range_rad[1] <= high + 1e-6:
                raise UserError(
                    f"The range {wanted.range_rad} rad of '{wanted.name}' must rise and lie "
                    f"inside the model's own, {low:.4g} to {high:.4g} rad."
                )

    def _loosen(self) -> None:
        """Let the coordinates that are asked for move, also a little beyond their range."""
        for coordinate in self._coordinates:
            if coordinate.getLocked(self._state):
                click.echo(f"{coordinate.getName()} is locked in the model; it is unlocked to fit.")
                coordinate.setLocked(self._state, False)
            coordinate.setClamped(self._state, False)

    def __call__(self, q: Array) -> tuple[Array, Array]:
        """Return lengths [muscle] and moment arms [coordinate, muscle] in m at angles `q` rad.

        NaN where the model has no length.
        """
        length = self._lengths(q)
        slopes = []
        for step in STEP_RAD * np.eye(len(q)):
            after = (self._lengths(q + step) - length) / STEP_RAD
            before = (length - self._lengths(q - step)) / STEP_RAD
            lesser = np.where(np.abs(after) < np.abs(before), after, before)
            slopes.append(np.where(np.abs(after - before) > JUMP_M, lesser, (after + before) / 2.0))
        return length, -np.array(slopes)

    def _lengths(self, q: Array) -> Array:
        for coordinate, angle in zip(self._coordinates, q, strict=True):
            coordinate.setValue(self._state, float(angle), False)
        for follower, leaders, function in self._coupled:
            values = self._vector(len(leaders), 0.0)
            for place, leader in enumerate(leaders):
                values.set(place, leader.getValue(self._state))
            follower.setValue(self._state, function.calcValue(values), False)
        self._model.realizePosition(self._state)
        self._check_held(q)
        length = np.array([muscle.getLength(self._state) for muscle in self._muscles])
        if not np.isfinite(length).all():  # what a path wraps over remembers, and stays broken
            self._state = self._model.initSystem()
            self._loosen()
        return length

    def _check_held(self, q: Array) -> None:
        """Refuse a coordinate that is not where it was set."""
        for coordinate, angle in zip(self._coordinates, q, strict=True):
            found = coordinate.getValue(self._state)
            if not abs(found - angle) < _HELD_RAD:
                raise UserError(
                    f"'{coordinate.getName()}' of {self._path} was set to {angle:.4g} rad and is "
                    f"at {found:.4g} rad; a constraint or motion of the model holds it, so it "
                    "cannot be fitted: name the coordinate that moves it."
                )

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


def _coupled(opensim: Any, model: Any, state: Any) -> list[tuple[Any, list[Any], Any]]:
    """Return the coordinates that follow others, as a patella does the knee, with what gives them.

    Setting coordinates one by one leaves these behind; assembling the model would move the ones
    that were set.
    """
    found, every = [], model.getConstraintSet()
    for place in range(every.getSize()):
        coupler = opensim.CoordinateCouplerConstraint.safeDownCast(every.get(place))
        if coupler is None or not coupler.isEnforced(state):
            continue
        names = coupler.getIndependentCoordinateNames()
        coordinates = model.getCoordinateSet()
        leaders = [coordinates.get(names.get(i)) for i in range(names.getSize())]
        follower = coordinates.get(coupler.getDependentCoordinateName())
        found.append((follower, leaders, coupler.getFunction()))
    return found


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
    paths = fitted(request, source)
    muscles = [source.muscle(index, path) for index, path in enumerate(paths)]
    finish(request, muscles, f"OpenSim {source.version.split('-')[0]}")


if __name__ == "__main__":
    main()
