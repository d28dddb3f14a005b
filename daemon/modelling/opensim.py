"""Muscles of OpenSim models (extra ``opensim``).

Coordinates that are not named stay at the model's default, except those that a constraint of the
model moves. A named one that the model has locked is freed.
"""

from __future__ import annotations

import math
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np

from daemon.modelling.difference import central_difference
from daemon.modelling.opensim_names import Renamed, with_legal_names
from daemon.modelling.opensim_posture import PosedModel
from daemon.modelling.samples import Array
from daemon.modelling.source import Wanted, unknown
from pipeline.errors import UserError
from pipeline.geometry import Muscle, MusclePath

STEP_RAD = 1e-4
"""Step of the differences that give a moment arm; its error is below a micrometre."""
_ROTATIONAL = 1
"""Motion type of a coordinate that turns, in OpenSim's counting."""


def _opensim() -> Any:
    try:
        opensim = import_module("opensim")
    except ImportError as error:
        raise UserError(
            "An OpenSim model needs OpenSim, which is not installed; "
            "pip install 'hillstream[opensim]'."
        ) from error
    opensim.Logger.setLevelString("off")
    return opensim


class OpensimPaths:
    """The muscles of an OpenSim model as functions of some coordinates; a `Source`.

    The model's constraints are held at every posture, and the moment arm is minus the derivative
    of the length: OpenSim's own moment arm can disagree with it, under constraints above all.

    Raises
    ------
    UserError
        If the file is no model, or has no such coordinate or muscle, or a coordinate follows
        another one or does not turn.
    """

    slow = True

    def __init__(self, wanted: Wanted) -> None:
        opensim = _opensim()
        with with_legal_names(wanted.path) as (file, renamed):
            model = _read(opensim, file, wanted.path)
        self.tool = f"OpenSim {str(opensim.GetVersion()).split('-')[0]}"
        self.title = str(model.getName()) or wanted.path.stem
        coordinates = model.getCoordinateSet()
        known = [coordinates.get(i).getName() for i in range(coordinates.getSize())]
        self.known_joints, self.joints = tuple(known), wanted.resolved(known)
        named = [coordinates.get(name) for name in self.joints]
        for coordinate in named:
            _check_turns(coordinate, wanted.path)
        self.ranges_rad = tuple((c.getRangeMin(), c.getRangeMax()) for c in named)
        self._muscles = _muscles(model, wanted, renamed)
        self.muscle_names = tuple(self._muscles)
        self._posed = PosedModel(opensim, model, named)
        self.notes = [
            f"'{name}' is locked or prescribed in {wanted.path.name}; it is free for the fit."
            for name in self._posed.freed
        ]

    def __call__(self, q: Array) -> tuple[Array, Array]:
        """Return lengths [muscle] and moment arms [coordinate, muscle] in m at angles `q` rad."""
        return central_difference(self._lengths, q, STEP_RAD)

    def _lengths(self, q: Array) -> Array:
        """Return the muscles' lengths, m; nan where the model has none."""
        try:
            self._posed.take(q)
            state = self._posed.state
            length = np.array([muscle.getLength(state) for muscle in self._muscles.values()])
        except RuntimeError:
            length = np.full(len(self._muscles), np.nan)
        if not np.isfinite(length).all():
            self._posed.start_again()
        return length

    def muscle(self, name: str, path: MusclePath, lengths: Array) -> Muscle:
        """Return a muscle's parameters, as the model has them, with its fitted path."""
        muscle = self._muscles[name]
        return Muscle(
            name=name,
            max_isometric_force_n=muscle.getMaxIsometricForce(),
            optimal_fibre_length_m=muscle.getOptimalFiberLength(),
            tendon_slack_length_m=muscle.getTendonSlackLength(),
            pennation_at_optimal_rad=muscle.getPennationAngleAtOptimalFiberLength(),
            max_contraction_velocity_per_s=muscle.getMaxContractionVelocity(),
            path=path,
        )


def _read(opensim: Any, file: Path, path: Path) -> Any:
    try:
        model = opensim.Model(str(file))
        model.finalizeConnections()
    except RuntimeError as error:
        said = " ".join(str(error).partition("Thrown at")[0].split()).rstrip(".")
        raise UserError(f"'{path}' is not a model that OpenSim can read: {said}.") from error
    return model


def _muscles(model: Any, wanted: Wanted, renamed: Renamed) -> dict[str, Any]:
    """Return the muscles that are wanted, by the names they have in the file."""
    every = model.getMuscles()
    found = {}
    for place in range(every.getSize()):
        muscle = every.get(place)
        if wanted.muscles is not None or muscle.get_appliesForce():
            found[renamed.get(muscle.getName(), muscle.getName())] = muscle
    if wanted.muscles is None:
        return found
    for name in wanted.muscles:
        if name not in found:
            raise unknown("muscle", name, wanted.path, list(found))
    return {name: found[name] for name in wanted.muscles}


def _check_turns(coordinate: Any, path: Path) -> None:
    if coordinate.getMotionType() != _ROTATIONAL:
        raise UserError(
            f"'{coordinate.getName()}' of '{path}' is not an angle; name coordinates that turn."
        )
    if not math.isfinite(coordinate.getRangeMin() + coordinate.getRangeMax()):
        raise UserError(f"'{coordinate.getName()}' of '{path}' has no range; give one in the file.")
