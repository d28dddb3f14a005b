"""The arm of the identification study, and how it moves: a person simulated by forward dynamics."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.optimize import lsq_linear
from torch import Tensor

from pipeline.geometry import Geometry, load_model, with_muscles
from pipeline.identify.loss import motion_of
from pipeline.identify.methods import MotionRecording
from pipeline.model.nms import Output, Parameters, State, parameters_of, simulate
from pipeline.model.skeleton import Skeleton, load_skeleton, standard_inertia
from pipeline.model.subject import Subject

Array = NDArray[np.float64]

MODELS = Path(__file__).resolve().parents[3] / "configs" / "models"
MUSCLES = ("DELT1", "DELT2", "DELT3", "BIClong", "BICshort", "TRIlong", "BRA", "BRD")
DAMPING = (2.10, 1.05, 1.05, 0.75, 0.50)
"""Joint damping of MyoArm, N*m*s/rad; the plane of elevation is turned in two of its joints."""
HAND_M = (0.03, -0.33, 0.03)
"""About where a weight is held, in the axes of the radius, m."""
STEP_S, STRIDE = 2e-3, 5
"""The muscles are simulated at 500 Hz, the motion is sampled at 100 Hz."""
DURATION_S = 0.6
_TARGET_S, _DECISION_S, _DRIVE_S = 0.1, 0.02, 0.03
"""How often the person aims elsewhere and thinks again, and how fast excitation follows."""
_STIFFNESS, _VISCOSITY = 60.0, 8.0
"""How hard the person goes for a target: rad/s^2 per rad, and per rad/s."""
_EFFORT_NM = 3.0
"""Torque the person gives up for exciting muscles as she likes."""


@dataclass(frozen=True)
class Arm:
    """What is known of the arm, and what the study hides."""

    geometry: Geometry
    skeleton: Skeleton
    """With the true bones."""
    muscles: Parameters
    """The true ones."""
    low: Array
    high: Array
    """Ranges of the coordinates over which the muscles' paths are known, rad."""


def myoarm() -> Arm:
    """Return the MyoArm's shoulder, elbow and forearm with the eight muscles of the study."""
    whole = load_model(MODELS / "myoarm_right.json")
    model = with_muscles(whole, MUSCLES)
    chain = load_skeleton(MODELS / "myoarm_skeleton.json")
    keys = (
        "max_isometric_force_n",
        "optimal_fibre_length_m",
        "tendon_slack_length_m",
        "pennation_at_optimal_rad",
        "max_contraction_velocity_per_s",
    )
    columns = [np.array([getattr(muscle, key) for muscle in model.muscles]) for key in keys]
    ranges = np.array([coordinate.range_rad for coordinate in model.coordinates])
    return Arm(
        Geometry(model, chain.coordinates, chain.coordinates),
        Skeleton.of(chain),
        parameters_of(Subject.generic(model.muscle_names, *columns)),
        *ranges.T,
    )


class _Instant(NamedTuple):
    """One time step of all trials; everything of shape [trial, ...]."""

    q: Tensor
    qd: Tensor
    qdd: Tensor
    length: Array
    moment_arm: Array
    excitation: Array


class _Person:
    """Somebody who reaches about, each trial from another posture.

    She knows her arm: she excites the muscles whose isometric torques come closest to what would
    bring it to a target, and to excitations drawn at random, so that no muscle is left out.
    """

    def __init__(self, arm: Arm, trials: int, seed: int) -> None:
        self._arm, self._trials = arm, trials
        self._random = np.random.default_rng(seed)
        self._target = self.posture()
        self._aim = self._random.random((trials, len(MUSCLES)))
        self._excitation: Array | None = None

    def posture(self) -> Array:
        """Return a posture for each trial, well inside the ranges, rad."""
        place = 0.25 + 0.5 * self._random.random((self._trials, len(self._arm.low)))
        return np.asarray(self._arm.low + (self._arm.high - self._arm.low) * place)

    def excite(self, time_s: float, step_s: float, q: Tensor, qd: Tensor, arms: Array) -> Array:
        """Return the excitations at a time, shape [trial, muscle]."""
        if _due(time_s, _TARGET_S, step_s):
            self._target = self.posture()
        if _due(time_s, _DECISION_S, step_s):
            self._aim = self._decision(q, qd, arms)
        if self._excitation is None:
            self._excitation = self._aim
        self._excitation += (self._aim - self._excitation) * -np.expm1(-step_s / _DRIVE_S)
        return self._excitation.copy()

    def _decision(self, q: Tensor, qd: Tensor, arms: Array) -> Array:
        wanted = _STIFFNESS * (torch.from_numpy(self._target) - q) - _VISCOSITY * qd
        torque = self._arm.skeleton.inverse(q, qd, wanted) + qd * qd.new_tensor(DAMPING)
        strength = self._arm.muscles.max_isometric_force[:, 0].numpy()
        level = self._random.choice([0.1, 0.6], size=(self._trials, len(MUSCLES)))
        whim = level * self._random.random(level.shape)
        easy = _EFFORT_NM * np.eye(len(MUSCLES))
        return np.stack(
            [
                lsq_linear(
                    np.vstack((arms[i] * strength, easy)),
                    np.concatenate((torque[i].numpy(), _EFFORT_NM * whim[i])),
                    bounds=(0.01, 1.0),
                ).x
                for i in range(self._trials)
            ]
        )


def _due(time_s: float, every_s: float, step_s: float) -> bool:
    return round(time_s / step_s) % round(every_s / step_s) == 0


def record(
    arm: Arm, seed: int, trials: int = 16, weight_kg: float = 0.0, finer: int = 1
) -> MotionRecording:
    """Simulate a person by forward dynamics and return what can be measured, without noise.

    Parameters
    ----------
    seed
        Of postures and excitations.
    trials
        Each is `DURATION_S` long, and counts until a joint leaves its range.
    weight_kg
        Known weight in the hand in every other trial.
    finer
        How many steps the simulation takes in one of `STEP_S`; above 1 its muscles are integrated
        more finely than those of the identification.
    """
    load = torch.zeros(trials, *arm.skeleton.inertia.shape, dtype=torch.float64)
    load[::2, -1] = _held(weight_kg)
    body = arm.skeleton.with_inertia(arm.skeleton.inertia + load)
    instants = _move(arm, body, _Person(arm, trials, seed), trials, STEP_S / finer, finer)
    q, qd, qdd, length, moment_arm, excitation = (
        torch.stack([torch.as_tensor(part) for part in parts], 1)
        for parts in zip(*instants, strict=True)
    )
    seen = (q[:, ::STRIDE], qd[:, ::STRIDE], qdd[:, ::STRIDE])
    inside = (q >= torch.from_numpy(arm.low)) & (q <= torch.from_numpy(arm.high))
    counts = inside.all(-1, keepdim=True).cumprod(1)[:, ::STRIDE].double()
    external = -seen[1] * q.new_tensor(DAMPING)
    motion = motion_of(arm.skeleton, *seen, external, load, counts.expand_as(seen[0]))
    return MotionRecording(
        excitation.transpose(1, 2),
        length.transpose(1, 2),
        moment_arm.movedim(1, -1),
        STEP_S,
        STRIDE,
        motion,
    )


def _held(weight_kg: float) -> Tensor:
    """Return the inertial parameters of a weight in the hand, a ball of 5 cm radius."""
    mass, place = torch.tensor(weight_kg), torch.tensor(HAND_M, dtype=torch.float64)
    return standard_inertia(mass.double(), place, 0.4 * weight_kg * 0.05**2 * torch.eye(3).double())


def _move(
    arm: Arm, body: Skeleton, person: _Person, trials: int, step_s: float, finer: int
) -> list[_Instant]:
    """Let the arm move, and return every `finer`-th instant."""
    q = torch.from_numpy(person.posture())
    qd = torch.zeros_like(q)
    state: State | None = None
    kept: list[_Instant] = []
    for k in range(round(DURATION_S / step_s)):
        length, arms = arm.geometry.evaluate(q.numpy())
        excitation = person.excite(k * step_s, step_s, q, qd, arms)
        output = _tick(arm.muscles, excitation, length, arms, step_s, state)
        state = output.state
        qdd = body.forward(q, qd, output.moment[..., 0] - qd * qd.new_tensor(DAMPING))
        if k % finer == 0:
            kept.append(_Instant(q, qd, qdd, length, arms, excitation))
        qd = qd + step_s * qdd
        q = (q + step_s * qd).clamp(-10.0, 10.0)  # a trial that has left its ranges has ended
    return kept


def _tick(
    muscles: Parameters,
    excitation: Array,
    length: Array,
    arms: Array,
    step_s: float,
    state: State | None,
) -> Output:
    """Return the muscles one step on."""
    return simulate(
        muscles,
        torch.from_numpy(excitation)[..., None],
        torch.from_numpy(length)[..., None],
        torch.from_numpy(arms)[..., None],
        step_s,
        state,
    )
