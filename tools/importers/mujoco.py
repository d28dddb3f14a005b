"""Model files from MuJoCo models: ``python -m tools.importers.mujoco MODEL.xml ...``.

Needs the extra ``mujoco``. Joints that are not named stay at the model's reference pose, except
those an equality constraint couples to a named one: they follow it, and the moment arms are total
derivatives along that constraint.
"""

from __future__ import annotations

from dataclasses import replace
from graphlib import TopologicalSorter
from importlib import import_module
from pathlib import Path
from typing import Any

import click
import numpy as np

from daemon.terminal.command import Command
from pipeline.errors import UserError
from pipeline.geometry import Muscle, MusclePath
from tools.importers.common import ImportRequest, finish, fitted, importer_options
from tools.importers.samples import Array, sample, spread

FIBRE_RANGE = (0.5, 1.4)
"""Where normalised fibre lengths have to lie over the coordinates' ranges, tendon at slack."""


def _mujoco() -> Any:
    try:
        return import_module("mujoco")
    except ImportError as error:
        raise UserError(
            "The MuJoCo importer needs the package mujoco; install hillstream[mujoco]."
        ) from error


class MujocoPaths:
    """The muscles of a MuJoCo model as functions of some joint angles.

    Raises
    ------
    UserError
        If the file is no model, or has no such joint or muscle, a joint follows another one, or
        a range leaves the joint's own.
    """

    def __init__(self, path: Path, request: ImportRequest) -> None:
        self._mj = _mujoco()
        self.version = str(self._mj.__version__)
        try:
            self._model = self._mj.MjModel.from_xml_path(str(path))
        except ValueError as error:
            raise UserError(f"{path} is not a MuJoCo model: {error}.") from error
        self._data = self._mj.MjData(self._model)
        kinds = self._mj.mjtObj
        joints = [self._find(kinds.mjOBJ_JOINT, c.name, path) for c in request.coordinates]
        self._muscles = [self._find(kinds.mjOBJ_ACTUATOR, name, path) for name in request.muscles]
        self._followers = self._couplings()
        self._check(joints, request)
        self._positions = self._model.jnt_qposadr[joints]
        self._velocities = self._model.jnt_dofadr[joints]

    def _find(self, kind: Any, name: str, path: Path) -> int:
        index = int(self._mj.mj_name2id(self._model, kind, name))
        if index < 0:
            raise UserError(f"{path} has no joint or muscle called '{name}'.")
        return index

    def _couplings(self) -> list[tuple[int, int, Array]]:
        """Return (following joint, leading joint, polynomial with its highest power first).

        Leaders come first. The leading joint of one that is held still is -1.
        """
        model, found = self._model, {}
        for i in np.flatnonzero(self._data.eq_active):
            if model.eq_type[i] != self._mj.mjtEq.mjEQ_JOINT:
                kind = self._mj.mjtEq(model.eq_type[i]).name.removeprefix("mjEQ_").lower()
                raise UserError(
                    f"The equality constraint '{model.equality(i).name}' ({kind}) cannot be held "
                    'here; if it does not move these muscles, give it active="false" in the model.'
                )
            joint = int(model.eq_obj1id[i])
            found[joint] = (joint, int(model.eq_obj2id[i]), model.eq_data[i, 4::-1].copy())
        order = TopologicalSorter({joint: [leader] for joint, leader, _ in found.values()})
        return [found[joint] for joint in order.static_order() if joint in found]

    def _check(self, joints: list[int], request: ImportRequest) -> None:
        following = {follower for follower, _, _ in self._followers}
        for joint, wanted in zip(joints, request.coordinates, strict=True):
            if joint in following:
                raise UserError(
                    f"'{wanted.name}' follows another joint or is held still; name another one."
                )
            low, high = self._model.jnt_range[joint]
            if not low - 1e-6 <= wanted.range_rad[0] < wanted.range_rad[1] <= high + 1e-6:
                raise UserError(
                    f"The range {wanted.range_rad} rad of '{wanted.name}' must rise and lie "
                    f"inside the model's own, {low:.4g} to {high:.4g} rad."
                )
        for muscle, name in zip(self._muscles, request.muscles, strict=True):
            if self._model.actuator_gaintype[muscle] != self._mj.mjtGain.mjGAIN_MUSCLE:
                raise UserError(f"Actuator '{name}' is not a muscle.")

    def __call__(self, q: Array) -> tuple[Array, Array]:
        """Return lengths [muscle] and moment arms [coordinate, muscle] in m at angles `q` rad."""
        directions = self._pose(q)
        data = self._data
        self._mj.mj_fwdPosition(self._model, data)
        jacobian = np.zeros((self._model.nu, self._model.nv))
        self._mj.mju_sparse2dense(
            jacobian,
            data.actuator_moment,
            data.moment_rownnz,
            data.moment_rowadr,
            data.moment_colind,
        )
        # MuJoCo's moment is dl/dq; a muscle that shortens as the angle grows has a positive arm.
        return data.actuator_length[self._muscles].copy(), -(jacobian[self._muscles] @ directions).T

    def _pose(self, q: Array) -> Array:
        """Move the model and return how all joints go with the coordinates, [dof, coordinate]."""
        model, pose = self._model, self._data.qpos
        pose[:] = model.qpos0
        pose[self._positions] = q
        directions = np.zeros((model.nv, len(q)))
        directions[self._velocities, range(len(q))] = 1.0
        for follower, leader, polynomial in self._followers:
            here, there = model.jnt_qposadr[follower], model.jnt_qposadr[leader]
            if leader < 0:
                pose[here] = model.qpos0[here] + polynomial[-1]
                continue
            moved = pose[there] - model.qpos0[there]
            pose[here] = model.qpos0[here] + np.polyval(polynomial, moved)
            slope = np.polyval(np.polyder(polynomial), moved)
            directions[model.jnt_dofadr[follower]] = slope * directions[model.jnt_dofadr[leader]]
        return directions

    def muscle(self, name: str, index: int, path: MusclePath) -> Muscle:
        """Return a muscle's parameters as MuJoCo's own muscle takes them, with its fitted path.

        MuJoCo stores which normalised lengths r0, r1 the shortest and longest path stand for:
        optimal length = (longest - shortest) / (r1 - r0), tendon = shortest - r0 * optimal
        (MuJoCo documentation, muscle actuators). It knows no pennation.
        """
        actuator = self._muscles[index]
        r0, r1, force, scale = self._model.actuator_gainprm[actuator, :4]
        shortest, longest = self._model.actuator_lengthrange[actuator]
        optimal = (longest - shortest) / (r1 - r0)
        if force < 0:
            force = scale / self._model.actuator_acc0[actuator]
        return Muscle(
            name=name,
            max_isometric_force_n=_rounded(force),
            optimal_fibre_length_m=_rounded(optimal),
            tendon_slack_length_m=_rounded(shortest - r0 * optimal),
            pennation_at_optimal_rad=0.0,
            max_contraction_velocity_per_s=float(self._model.actuator_gainprm[actuator, 6]),
            path=path,
        )


def fit_to_excursion(muscle: Muscle, shortest: float, longest: float) -> Muscle:
    """Return the muscle with lengths its fibres can work at.

    Over the ranges of the coordinates the path runs from `shortest` to `longest` (m). Where the
    fibre, tendon at slack, would leave `FIBRE_RANGE`, the optimal length is raised if the
    excursion is too long for it, and the slack length moved by the least that brings it inside.
    MuJoCo takes its lengths from the whole range of the joints and lets fibres shorten to a
    fifth of their optimal length there; a muscle with an elastic tendon cannot.
    """
    low, high = FIBRE_RANGE
    optimal = max(muscle.optimal_fibre_length_m, (longest - shortest) / (high - low))
    slack = min(
        max(muscle.tendon_slack_length_m, longest - high * optimal), shortest - low * optimal
    )
    return replace(
        muscle, optimal_fibre_length_m=_rounded(optimal), tendon_slack_length_m=_rounded(slack)
    )


def _rounded(value: float) -> float:
    return float(f"{value:.6g}")


@click.command(cls=Command)
@click.argument("model", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@importer_options
def main(model: Path, request: ImportRequest) -> None:
    """Fit the muscle paths of the MuJoCo MODEL and write a model file."""
    source = MujocoPaths(model, request)
    paths = fitted(request, source)
    points = spread(len(request.coordinates), 1000, seed=3)
    lengths = sample(source, request.coordinates, points, "Fibre lengths  ").length
    muscles = []
    for index, (name, path) in enumerate(zip(request.muscles, paths, strict=True)):
        own = source.muscle(name, index, path)
        taken = fit_to_excursion(own, np.nanmin(lengths[:, index]), np.nanmax(lengths[:, index]))
        muscles.append(taken)
        click.echo(_change(own, taken))
    finish(request, muscles, f"MuJoCo {source.version}")


def _change(own: Muscle, taken: Muscle) -> str:
    """Return a line that says what has become of a muscle's lengths."""
    return (
        f"{own.name:12s} optimal fibre {1e3 * own.optimal_fibre_length_m:.1f} -> "
        f"{1e3 * taken.optimal_fibre_length_m:.1f} mm, tendon slack "
        f"{1e3 * own.tendon_slack_length_m:.1f} -> {1e3 * taken.tendon_slack_length_m:.1f} mm"
    )


if __name__ == "__main__":
    main()
