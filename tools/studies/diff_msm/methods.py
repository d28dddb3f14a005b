"""The methods that the identification study compares, and how each is judged."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.optimize import dual_annealing
from torch import Tensor

from pipeline.identify.base_parameters import BaseParameters, base_parameters
from pipeline.identify.methods import (
    AccelerationObjective,
    IdentificationSettings,
    MotionRecording,
    adamw,
    gauss_newton,
)
from pipeline.identify.space import MASS_AND_CENTRE, MUSCLE_KINDS, MuscleBoneSpace
from pipeline.model.label import Label
from pipeline.model.nms import Parameters, simulate
from pipeline.model.skeleton import RANGE, SHAPE, BoneSpace, inertia_of_shape, shape_of_inertia
from pipeline.model.skeleton.multipliers import multiplier, unbounded
from tools.studies.diff_msm.arm import MUSCLES, Arm, myoarm, record

Array = NDArray[np.float64]
History = list[tuple[float, float, float]]
"""Seconds of processor time, loss, and mean error of the muscles' parameters there, %."""
Search = Callable[[AccelerationObjective, Tensor, "Diary"], Tensor]

DEVIATION = 0.1
"""Standard deviation of the initial guesses, relative to the truth."""
LEARNT_FROM, NEW = 1, 2
"""Seeds of the recording that is learnt from, and of one that nobody has seen."""


@dataclass(frozen=True)
class Guess:
    """What is believed at the start."""

    muscles: Parameters
    inertia: Tensor


class Diary:
    """Keeps time, loss and error of a search."""

    def __init__(self, truth: Parameters, space: MuscleBoneSpace) -> None:
        self._truth, self._space = truth, space
        self._began = time.thread_time(), time.perf_counter()
        self.history: History = []
        self.evaluations = 0

    def note(self, vector: Tensor, loss: float) -> None:
        """Take down one evaluation, and the error after every fifth."""
        self.evaluations += 1
        if self.evaluations % 5 == 1:
            self.keep(vector, loss)

    def keep(self, vector: Tensor, loss: float) -> None:
        """Take down the error at `vector`."""
        error = muscle_errors(self._space.parameters(vector), self._truth)
        self.history.append((self.spent()[0], loss, float(np.mean(error))))

    def thinned(self) -> History:
        """Return about a hundred entries, the last among them."""
        return [*self.history[:: max(1, len(self.history) // 100)], self.history[-1]]

    def spent(self) -> tuple[float, float]:
        """Return the seconds of processor time and of the clock on the wall."""
        return time.thread_time() - self._began[0], time.perf_counter() - self._began[1]


class _BudgetSpentError(Exception):
    """The time is up."""


@dataclass(frozen=True)
class Annealing:
    """SciPy's dual annealing over the multipliers, in the range that AdamW has."""

    budget_s: float

    def __call__(self, objective: AccelerationObjective, start: Tensor, diary: Diary) -> Tensor:
        """Return the best vector found within the budget of processor time."""
        best, lowest = start, math.inf

        def value(factors: Array) -> float:
            nonlocal best, lowest
            if diary.spent()[0] > self.budget_s:
                raise _BudgetSpentError
            vector = unbounded(torch.from_numpy(factors))
            with torch.no_grad():
                loss = float(objective(vector))
            diary.evaluations += 1
            if loss < lowest:
                best, lowest = vector, loss
                diary.keep(vector, loss)
            return loss

        bounds = [(RANGE[0] + 1e-3, RANGE[1] - 1e-3)] * len(start)
        with suppress(_BudgetSpentError):
            dual_annealing(value, bounds, x0=np.ones(len(start)), seed=1, maxiter=10**9)
        diary.keep(best, lowest)
        return best


def _descent(settings: IdentificationSettings) -> Search:
    def search(objective: AccelerationObjective, start: Tensor, diary: Diary) -> Tensor:
        return adamw(objective, start, settings, diary.note)

    return search


def _newton(objective: AccelerationObjective, start: Tensor, diary: Diary) -> Tensor:
    return gauss_newton(objective, start, watch=diary.keep)


def methods(budget_s: float) -> dict[str, tuple[Search, tuple[str, ...]]]:
    """Return every method by name: its search, and what it identifies of a bone."""
    curved = _descent(IdentificationSettings())
    plain = _descent(
        IdentificationSettings(axes="parameters", refresh=IdentificationSettings.steps)
    )
    return {
        "AdamW, muscles and bones": (curved, SHAPE),
        "AdamW, muscles": (curved, ()),
        "annealing, muscles and bones": (Annealing(budget_s), SHAPE),
        "annealing, muscles": (Annealing(budget_s), ()),
        "Gauss-Newton, muscles and bones": (_newton, SHAPE),
        "AdamW along the parameters, muscles and bones": (plain, SHAPE),
        "AdamW, muscles, masses and centres": (curved, MASS_AND_CENTRE),
    }


@dataclass(frozen=True)
class Study:
    """The arm, what was recorded of it, and which coefficients of its bones show at all."""

    arm: Arm
    learnt: MotionRecording
    new: MotionRecording
    base: BaseParameters


@lru_cache
def study(finer: int = 1) -> Study:
    """Return the study's material; the same for every seed."""
    arm = myoarm()
    draw = torch.Generator().manual_seed(1)
    q, qd, qdd = torch.randn((3, 60, len(arm.low)), generator=draw, dtype=torch.float64)
    return Study(
        arm,
        record(arm, LEARNT_FROM, finer=finer),
        record(arm, NEW),
        base_parameters(arm.skeleton, q, qd, qdd),
    )


def guess(arm: Arm, seed: int, free: tuple[str, ...]) -> Guess:
    """Draw what is believed at the start: each parameter normal around the truth.

    Bones vary in the numbers that `SHAPE` names, so that every guess can exist. Where only some of
    them are identified, the others are the true ones; where none is, all are wrong.
    """
    random = np.random.default_rng(seed)
    factor = torch.from_numpy(1.0 + DEVIATION * random.normal(size=(3, len(MUSCLES), 1)))
    muscles = arm.muscles._replace(
        **{kind: getattr(arm.muscles, kind) * factor[i] for i, kind in enumerate(MUSCLE_KINDS)}
    )
    inertia = arm.skeleton.inertia
    off = torch.from_numpy(1.0 + DEVIATION * random.normal(size=tuple(inertia.shape)))
    if free:
        off[:, [i for i, name in enumerate(SHAPE) if name not in free]] = 1.0
    return Guess(muscles, inertia_of_shape(shape_of_inertia(inertia) * off))


def title(name: str, finer: int) -> str:
    """Return what a method is called in the tables."""
    return name if finer == 1 else f"{name}, truth integrated finer"


def run(name: str, seed: int, budget_s: float, finer: int = 1) -> dict[str, Any]:
    """Identify with one method from the guess of one seed, and judge it."""
    torch.set_num_threads(1)
    material = study(finer)
    search, free = methods(budget_s)[name]
    believed = guess(material.arm, seed, free)
    bones = material.arm.skeleton.chain.bone_names
    space = MuscleBoneSpace(MUSCLES, bones, believed.muscles, believed.inertia, free)
    objective = AccelerationObjective(space, material.learnt)
    diary = Diary(material.arm.muscles, space)
    diary.keep(space.zeros(), float(objective(space.zeros())))
    found = search(objective, space.zeros(), diary)
    processor_s, wall_s = diary.spent()
    with torch.no_grad():
        diary.keep(found, float(objective(found)))
    return {
        "method": title(name, finer),
        "seed": seed,
        "processor_s": processor_s,
        "wall_s": wall_s,
        "evaluations": diary.evaluations,
        "loss": diary.history[-1][1],
        "history": diary.thinned(),
        "start": judged(material, believed),
        **judged(material, Guess(space.parameters(found), space.inertia(found))),
    }


def judged(material: Study, found: Guess) -> dict[str, Any]:
    """Return how far muscles and bones are from the truth, and what they say of new motions."""
    arm = material.arm
    truth, bones = arm.skeleton.inertia, arm.skeleton.chain.bone_names
    near = BoneSpace(bones, truth)
    off = 100.0 * (multiplier(near.vector(found.inertia)) - 1.0).abs()
    muscles = muscle_errors(found.muscles, arm.muscles)
    base = base_errors(material.base, found.inertia, truth)
    kinds = [str(Label(muscle, kind)) for kind in MUSCLE_KINDS for muscle in MUSCLES]
    every = np.concatenate((muscles, off.numpy()))
    return {
        "muscle_error": float(muscles.mean()),
        "muscle_errors": dict(zip(kinds, muscles.tolist(), strict=True)),
        "bone_error": float(off.mean()),
        "bone_errors": dict(zip(map(str, near.labels), off.tolist(), strict=True)),
        "base_error": float(base.mean()),
        "base_errors": dict(zip(map(str, material.base.labels), base.tolist(), strict=True)),
        "distance": float(np.linalg.norm(every / 100.0)),
        **_on_new_motion(material, found),
    }


def muscle_errors(found: Parameters, truth: Parameters) -> Array:
    """Return the error of every muscle parameter, %, kind after kind."""
    ratios = [getattr(found, kind) / getattr(truth, kind) for kind in MUSCLE_KINDS]
    return np.asarray(100.0 * (torch.cat(ratios).flatten() - 1.0).abs().detach().numpy())


def base_errors(base: BaseParameters, found: Tensor, truth: Tensor) -> Array:
    """Return the error of every base coefficient, % of the RMS of all in the same unit."""
    wanted = base.of(truth)
    lengths = torch.tensor(["first_moment" in label.kind for label in base.labels])
    size = torch.where(
        lengths, wanted[lengths].square().mean().sqrt(), wanted[~lengths].square().mean().sqrt()
    )
    return np.asarray((100.0 * (base.of(found) - wanted).abs() / size).detach().numpy())


def _on_new_motion(material: Study, found: Guess) -> dict[str, float]:
    """Return the loss and the error of the joint moments on a recording nobody has seen."""
    new, bones = material.new, material.arm.skeleton.chain.bone_names
    space = MuscleBoneSpace(MUSCLES, bones, found.muscles, found.inertia, ())
    with torch.no_grad():
        loss = float(AccelerationObjective(space, new)(space.zeros()))
        said, true = (
            simulate(muscles, *new[:3], new.step_s).moment[..., :: new.stride].transpose(1, 2)
            for muscles in (found.muscles, material.arm.muscles)
        )
    weight = new.motion.weight
    error = ((said - true).square() * weight).sum((0, 1)) / (true.square() * weight).sum((0, 1))
    return {"new_loss": loss, "new_moment_error": float(100.0 * error.sqrt().mean())}
