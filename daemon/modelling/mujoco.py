"""Muscles of MuJoCo models (extra ``mujoco``).

Joints that are not named stay at the model's reference pose, except
those an equality constraint couples to a named one: they follow it, and the moment arms are total
derivatives along that constraint.
"""

from __future__ import annotations

from graphlib import TopologicalSorter

import numpy as np

from daemon.modelling.fibres import fit_to_excursion
from daemon.modelling.mujoco_file import named, read_mujoco
from daemon.modelling.samples import Array
from daemon.modelling.source import Wanted, unknown
from pipeline.errors import UserError
from pipeline.geometry import Muscle, MusclePath


class MujocoPaths:
    """The muscles of a MuJoCo model as functions of some joint angles; a `Source`.

    Raises
    ------
    UserError
        If the file is no model, or has no such joint or muscle, or a joint follows another one or
        does not turn.
    """

    slow = False

    def __init__(self, wanted: Wanted) -> None:
        self._mj, self._model, self.notes = read_mujoco(wanted.path)
        model = self._model
        self.tool = f"MuJoCo {self._mj.__version__}"
        self.title = wanted.path.stem
        self._data = self._mj.MjData(model)
        self._model_lacks_mass = bool(self.notes)  # meshes that were left out had some
        joints = named(model.joint, model.njnt)
        self.known_joints, self.joints = tuple(joints), wanted.resolved(list(joints), "joint")
        self.muscle_names = self._wanted_muscles(wanted)
        actuators = named(model.actuator, model.nu)
        self._muscles = [actuators[name] for name in self.muscle_names]
        self._followers = self._couplings()
        chosen = [joints[name] for name in self.joints]
        self._check(chosen, wanted)
        self.ranges_rad = tuple((float(low), float(high)) for low, high in model.jnt_range[chosen])
        self._positions = model.jnt_qposadr[chosen]
        self._velocities = model.jnt_dofadr[chosen]

    def _wanted_muscles(self, wanted: Wanted) -> tuple[str, ...]:
        actuators = named(self._model.actuator, self._model.nu)
        kind = self._mj.mjtGain.mjGAIN_MUSCLE
        muscles = [n for n, i in actuators.items() if self._model.actuator_gaintype[i] == kind]
        for name in wanted.muscles or ():
            if name not in actuators:
                raise unknown("muscle", name, wanted.path, muscles)
            if name not in muscles:
                raise UserError(f"Actuator '{name}' of '{wanted.path}' is not a muscle.")
        return tuple(muscles) if wanted.muscles is None else wanted.muscles

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

    def _check(self, joints: list[int], wanted: Wanted) -> None:
        following = {follower for follower, _, _ in self._followers}
        for joint, name in zip(joints, self.joints, strict=True):
            if joint in following:
                raise UserError(
                    f"'{name}' follows another joint or is held still; name another one."
                )
            if self._model.jnt_type[joint] != self._mj.mjtJoint.mjJNT_HINGE:
                raise UserError(
                    f"'{name}' of '{wanted.path}' is not a hinge; name joints that are."
                )

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

    def muscle(self, name: str, path: MusclePath, lengths: Array) -> Muscle:
        """Return a muscle's parameters that its fibres can work with, with its fitted path.

        MuJoCo stores which normalised lengths r0, r1 the shortest and longest path stand for:
        optimal length = (longest - shortest) / (r1 - r0), tendon = shortest - r0 * optimal
        (MuJoCo documentation, muscle actuators). It knows no pennation.
        """
        actuator = self._muscles[self.muscle_names.index(name)]
        r0, r1, force, scale = self._model.actuator_gainprm[actuator, :4]
        shortest, longest = self._model.actuator_lengthrange[actuator]
        optimal = (longest - shortest) / (r1 - r0)
        if force < 0:  # MuJoCo then takes it from the acceleration that the muscle gives
            if not self._model.actuator_acc0[actuator] > 0 or self._model_lacks_mass:
                raise UserError(
                    f"'{name}' states no force, and MuJoCo derives none from its bodies; "
                    "give it one in the model, or leave the muscle out (--without)."
                )
            force = scale / self._model.actuator_acc0[actuator]
        own = Muscle(
            name=name,
            max_isometric_force_n=_rounded(force),
            optimal_fibre_length_m=_rounded(optimal),
            tendon_slack_length_m=_rounded(shortest - r0 * optimal),
            pennation_at_optimal_rad=0.0,
            max_contraction_velocity_per_s=float(self._model.actuator_gainprm[actuator, 6]),
            path=path,
        )
        taken = fit_to_excursion(own, float(lengths.min()), float(lengths.max()))
        if not taken.tendon_slack_length_m > 0:
            raise UserError(
                f"'{name}' has a tendon of {1e3 * taken.tendon_slack_length_m:.3g} mm by MuJoCo's "
                "range of lengths; mend that in the model, or leave the muscle out (--without)."
            )
        if taken != own:
            self.notes.append(_change(own, taken))
        return taken


def _change(own: Muscle, taken: Muscle) -> str:
    """Return a sentence that says what has become of a muscle's lengths."""
    return (
        f"'{own.name}': optimal fibre length {1e3 * own.optimal_fibre_length_m:.1f} -> "
        f"{1e3 * taken.optimal_fibre_length_m:.1f} mm, tendon slack length "
        f"{1e3 * own.tendon_slack_length_m:.1f} -> {1e3 * taken.tendon_slack_length_m:.1f} mm, so "
        "that its fibres can work over the ranges."
    )


def _rounded(value: float) -> float:
    return float(f"{value:.6g}")
