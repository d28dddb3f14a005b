"""Skeletons from MuJoCo models (extra ``mujoco``).

The limb begins at the first joint named; what carries it is held still.
Bodies beyond the last joint named are welded to its bone at the model's reference pose.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from daemon.modelling.mujoco_file import mujoco_package
from pipeline.errors import UserError
from pipeline.model.skeleton.tree import Bone, Hinge, KinematicTree

Array = NDArray[np.float64]

_SAME = 1e-9
"""Difference below which two axes or places are the same."""
_BALLAST_KG = 0.0011
"""Bodies of at most this mass stand for no bone: they only keep the source's solver going."""


@dataclass(frozen=True)
class _Mass:
    """Mass, first moment and inertia about an origin, which add up."""

    mass: float
    first: Array
    second: Array


class MujocoLimb:
    """A serial limb of a MuJoCo model.

    Raises
    ------
    UserError
        If the file is no model, or its bodies make no serial limb of these coordinates.
    """

    def __init__(self, path: Path, coordinates: tuple[str, ...]) -> None:
        mj = mujoco_package()
        self.version = str(mj.__version__)
        try:
            self.model = mj.MjModel.from_xml_path(str(path))
        except ValueError as error:
            raise UserError(f"{path} is not a MuJoCo model: {error}.") from error
        self.data = mj.MjData(self.model)
        mj.mj_kinematics(self.model, self.data)
        names = [self.model.joint(j).name for j in range(self.model.njnt)]
        for name in coordinates:
            if name not in names:
                raise UserError(f"{path} has no joint called '{name}'.")
        self.coordinates = coordinates
        self._names = names
        self._leaders = self._couplings(mj)
        self._bodies = self._path_of_bodies()

    def _couplings(self, mj: Any) -> dict[int, tuple[str, float]]:
        """Return for each joint that follows another one that one and the ratio."""
        model, found = self.model, {}
        for i in range(model.neq):
            if model.eq_type[i] == mj.mjtEq.mjEQ_JOINT and model.eq_obj2id[i] >= 0:
                ratio = float(model.eq_data[i, 1])
                found[int(model.eq_obj1id[i])] = (self._names[model.eq_obj2id[i]], ratio)
        return found

    def _path_of_bodies(self) -> list[int]:
        """Return the bodies from the first joint's to the last one's."""
        first, last = (
            int(self.model.jnt_bodyid[self._names.index(self.coordinates[i])]) for i in (0, -1)
        )
        bodies = [last]
        while bodies[-1] != first:
            if bodies[-1] == 0:
                raise UserError(
                    f"'{self.coordinates[-1]}' is not further out than '{self.coordinates[0]}'."
                )
            bodies.append(int(self.model.body_parentid[bodies[-1]]))
        return bodies[::-1]

    def hinges(self) -> tuple[Hinge, ...]:
        """Return the hinges, those that turn about one axis together made one."""
        found: list[Hinge] = []
        for body in self._bodies:
            offset, turn = self.model.body_pos[body], self.model.body_quat[body]
            if body == self._bodies[0]:
                offset, turn = np.zeros(3), self.data.xquat[body]
            for joint in np.flatnonzero(self.model.jnt_bodyid == body):
                found = _with_hinge(found, self._hinge(int(joint), offset, turn))
                offset, turn = np.zeros(3), np.array([1.0, 0.0, 0.0, 0.0])
            if self._is_bone(body):
                found[-1] = replace(found[-1], bone=str(self.model.body(body).name))
        return tuple(found)

    def _hinge(self, joint: int, offset: Array, turn: Array) -> Hinge:
        name, angle = self._names[joint], {}
        leader, ratio = self._leaders.get(joint, (name, 1.0))
        if leader in self.coordinates:
            angle[leader] = ratio
        if np.abs(self.model.jnt_pos[joint]).max() > _SAME:
            raise UserError(f"Joint '{name}' does not pass through its body's origin.")
        return Hinge(
            name, tuple(offset.tolist()), tuple(turn.tolist()),
            tuple(self.model.jnt_axis[joint].tolist()), angle,
        )  # fmt: skip

    def _is_bone(self, body: int) -> bool:
        return bool(self.model.body_mass[body] > _BALLAST_KG)

    def bones(self) -> tuple[Bone, ...]:
        """Return the bones; the last one has everything beyond it welded to it."""
        solid = [body for body in self._bodies if self._is_bone(body)]
        return tuple(
            self._bone(body, self._beyond(body) if body == solid[-1] else [body]) for body in solid
        )

    def _beyond(self, body: int) -> list[int]:
        """Return a body and its descendants."""
        found = [body]
        for other in range(body + 1, self.model.nbody):
            if self.model.body_parentid[other] in found:
                found.append(other)
        return found

    def _bone(self, origin: int, parts: list[int]) -> Bone:
        masses = [self._part(origin, part) for part in parts]
        mass = math.fsum(part.mass for part in masses)
        centre = np.sum([part.first for part in masses], axis=0) / mass
        inertia = np.sum([part.second for part in masses], axis=0) - _inertia_at(mass, centre)
        xx, yy, zz = np.diag(inertia).tolist()
        sides = (float(inertia[0, 1]), float(inertia[0, 2]), float(inertia[1, 2]))
        name = str(self.model.body(origin).name)
        return Bone(name, float(mass), tuple(centre.tolist()), (xx, yy, zz, *sides))

    def _part(self, origin: int, part: int) -> _Mass:
        """Return what a body adds to a bone, in the axes and about the origin of `origin`."""
        axes = self.data.xmat[origin].reshape(3, 3)
        centre = axes.T @ (self.data.xipos[part] - self.data.xpos[origin])
        turn = axes.T @ self.data.ximat[part].reshape(3, 3)
        mass = float(self.model.body_mass[part])
        central = turn @ np.diag(self.model.body_inertia[part]) @ turn.T
        return _Mass(mass, mass * centre, central + _inertia_at(mass, centre))


def _inertia_at(mass: float, place: Array) -> Array:
    """Return the inertia of a point mass about the origin."""
    return np.asarray(mass * (place @ place * np.eye(3) - np.outer(place, place)))


def _with_hinge(found: list[Hinge], new: Hinge) -> list[Hinge]:
    """Return the hinges with one more, or with the last one turning by both angles.

    Two hinges about one axis with nothing between them are one whose angle is the sum.
    """
    last = found[-1] if found else None
    together = (
        last is not None
        and last.bone is None
        and np.abs(new.offset_m).max() < _SAME
        and abs(abs(new.quaternion[0]) - 1.0) < _SAME
        and np.abs(np.subtract(new.axis, last.axis)).max() < _SAME
    )
    if last is None or not together:
        return [*found, new]
    angle = {k: last.angle.get(k, 0.0) + new.angle.get(k, 0.0) for k in last.angle | new.angle}
    return [*found[:-1], replace(last, name=new.name, angle=angle)]


def skeleton_of(
    path: Path, coordinates: tuple[str, ...], name: str, origin: str, licence: str
) -> KinematicTree:
    """Return the hinges and bones of a limb, as `MujocoLimb` reads them."""
    limb = MujocoLimb(path, coordinates)
    return KinematicTree(
        name, f"{origin}; read with MuJoCo {limb.version}", licence,
        limb.coordinates, limb.hinges(), limb.bones(), tuple(limb.model.opt.gravity.tolist()),
    )  # fmt: skip
