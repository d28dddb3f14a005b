"""The solver bench: the calibrator's inner loop against the same model stepped through time."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from daemon.bench.stepwise import stepwise_moments
from daemon.config import ParametersConfig
from daemon.host.machine import processor
from pipeline.adamw import AdamW
from pipeline.calibrate.loss import (
    LossSettings,
    Trials,
    data_loss,
    moment_error,
    moment_scale,
    plausibility_penalty,
)
from pipeline.calibrate.replay import Replay
from pipeline.errors import UserError
from pipeline.model.curve_choice import PUBLISHED, CurveChoice
from pipeline.model.nms import Output, simulate
from pipeline.model.parameters import ParameterSpace, Rule
from pipeline.model.subject import CALIBRATED, Subject

Array = NDArray[np.float64]
Progress = Callable[[str, float], None]

STEP_S = 0.01
DOFS = 3
LEARNING_RATE = 0.05
WARM_UP = 5
"""Iterations before the clock starts: the first ones start without an earlier trajectory."""
SOLVER_REPEATS = 15
ROUNDS = 5
"""Turns that the two ways take, so that both meet the same load of the machine."""


@dataclass(frozen=True)
class Size:
    """Size of a calibration problem."""

    time: int
    muscles: int
    trials: int
    subjects: int = 1


SHORT = Size(time=300, muscles=16, trials=3)
LONG = Size(time=1000, muscles=11, trials=1)


def bench_solver(
    device: str = "auto",
    threads: int = 1,
    on_progress: Progress | None = None,
    subjects: Sequence[int] = (1, 16),
) -> dict[str, object]:
    """Measure one AdamW iteration: forward, backward, step.

    Parameters
    ----------
    device
        ``cpu``, ``cuda``, or ``auto`` for CUDA where there is one.
    threads
        Processor threads, as many as the calibrator uses by default. These tensors are small: a
        second thread gains little on an idle machine and loses much on a busy one.
    on_progress
        Called with what is measured next and the fraction done.
    subjects
        Numbers of subjects to calibrate in one call.

    Returns
    -------
    dict
        ``ratio_T300`` and ``ratio_T1000`` (stepwise time over solver time), ``ms`` {problem:
        {``solver``, ``stepwise``}}, ``doubled_ms`` {``time``, ``muscles``, ``trials``,
        ``subjects``: [ms before, ms after]}, ``subjects_ms`` {number: ms}, on CUDA
        ``subjects_replayed_ms`` of iterations replayed as a CUDA graph, and where it was measured:
        ``device``, ``machine``, ``threads``, ``dtype``, ``torch``. Times are medians.

    Raises
    ------
    UserError
        If there is no such device, or if so many subjects do not fit into its memory.
    """
    place = torch.device(chosen_device(device))
    with computing_with(threads):
        return _measured(place, on_progress or (lambda what, done: None), subjects)


@contextmanager
def computing_with(threads: int) -> Iterator[None]:
    """Let torch use so many threads for a while."""
    before = torch.get_num_threads()
    torch.set_num_threads(threads)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def _measured(
    device: torch.device, on_progress: Progress, subjects: Sequence[int]
) -> dict[str, object]:
    ms: dict[str, dict[str, float]] = {}
    for number, size in enumerate((SHORT, LONG)):
        on_progress(f"{size.time} time steps", number / 7)
        ms[f"T{size.time}"] = compared_ms(size, device)
    doubled_ms = {}
    for number, axis in enumerate(("time", "muscles", "trials", "subjects")):
        on_progress(f"twice the {axis}", (2 + number) / 7)
        twice = replace(SHORT, **{axis: 2 * getattr(SHORT, axis)})
        doubled_ms[axis] = [solver_ms(SHORT, device), solver_ms(twice, device)]
    on_progress("many subjects", 6 / 7)
    return {
        **{f"ratio_{name}": both["stepwise"] / both["solver"] for name, both in ms.items()},
        "ms": ms,
        "doubled_ms": doubled_ms,
        **_of_subjects(device, subjects),
        **described(device),
    }


def _of_subjects(device: torch.device, subjects: Sequence[int]) -> dict[str, dict[str, float]]:
    """Return the times of iterations of so many subjects each, as `bench_solver` names them."""
    found: dict[str, dict[str, float]] = {"subjects_ms": {}}
    if device.type == "cuda":
        found["subjects_replayed_ms"] = {}
    for number in subjects:
        size = replace(SHORT, subjects=number)
        try:
            for name, times in found.items():
                times[str(number)] = solver_ms(size, device, replayed="replayed" in name)
        except torch.OutOfMemoryError as error:
            raise UserError(
                f"{number} subjects do not fit into the memory of {_machine(device)}; measure "
                "fewer with --subjects."
            ) from error
    return found


def described(device: torch.device) -> dict[str, object]:
    """Return where and with what it was measured."""
    return {
        "device": device.type,
        "machine": _machine(device),
        "threads": torch.get_num_threads(),
        "dtype": "float32",
        "torch": torch.__version__,
    }


def solver_ms(
    size: Size, device: torch.device, repeats: int = SOLVER_REPEATS, replayed: bool = False
) -> float:
    """Return the time of an iteration with the trajectory solver, ms; `replayed` as by `Replay`."""
    problem = Problem(size, device)
    times_ms(problem.iterate, device, WARM_UP)
    way = problem.iterate
    if replayed:
        way = problem.iterate_replayed
        times_ms(way, device, 1)  # records it
    return statistics.median(times_ms(way, device, repeats))


def compared_ms(size: Size, device: torch.device, rounds: int = ROUNDS) -> dict[str, float]:
    """Return the time of an iteration in both ways, ``solver`` and ``stepwise``, ms."""
    problem, yardstick = Problem(size, device), Problem(size, device)
    solver, stepwise = [], []
    times_ms(problem.iterate, device, WARM_UP)
    times_ms(yardstick.iterate_stepwise, device, 1)
    for _ in range(rounds):
        solver += times_ms(problem.iterate, device, SOLVER_REPEATS)
        stepwise += times_ms(yardstick.iterate_stepwise, device, 1)
    return {"solver": statistics.median(solver), "stepwise": statistics.median(stepwise)}


class Problem:
    """A simulated calibration: generic muscles follow moments of stronger, longer ones."""

    def __init__(
        self,
        size: Size,
        device: torch.device,
        curves: CurveChoice = PUBLISHED,
        rigid: bool = False,
    ) -> None:
        rules, subject = ParametersConfig(), _subject(size.muscles)
        stiff = frozenset(subject.muscles if rigid else ())
        self.space = ParameterSpace(
            replace(subject, curves=curves, rigid_tendon=stiff),
            {n: Rule(getattr(rules, n).free, getattr(rules, n).bounds) for n in CALIBRATED},
            dtype=torch.float32,
            device=device.type,
        )
        self.output: Output | None = None
        self._replay = Replay(device)
        self.trials = self._trials(size)
        self.scale = moment_scale(self.trials)
        vector = self.space.zeros().expand(size.subjects, 1, -1).clone()
        self.vector = vector.requires_grad_()
        self.optimiser = AdamW([self.vector])

    def _trials(self, size: Size) -> Trials:
        """Return trials whose moments come from parameters away from the prior."""
        like = self.space.zeros()
        excitation, length, moment_arm = (like.new_tensor(part) for part in _movement(size))
        truth = self.space.parameters(0.5 * torch.sin(torch.arange(self.space.size)).to(like))
        with torch.no_grad():
            moment = simulate(truth, excitation, length, moment_arm, STEP_S).moment
        return Trials(excitation, length, moment_arm, moment, torch.ones_like(moment))

    def iterate(self) -> None:
        """Take one AdamW step as the calibrator does, from the trajectory of the one before."""
        self.output = simulate(
            self.space.parameters(self.vector),
            *self.trials[:3],
            STEP_S,
            guess=self.output.w.detach() if self.output else None,
        )
        penalty = plausibility_penalty(self.output, LossSettings()).sum()
        self._step(self._misfit(self.output) + penalty)

    def iterate_replayed(self) -> None:
        """Take such a step where the trajectory stays in the same memory, for a CUDA graph."""
        assert self.output is not None, "the first step is not one to be recorded"
        self._replay.take(self._iterate_in_place)

    def _iterate_in_place(self) -> None:
        before = self.output
        self.iterate()
        if before is not None and self.output is not None:
            before.w.detach().copy_(self.output.w.detach())
            self.output = before

    def iterate_stepwise(self) -> None:
        """Take one AdamW step with the model stepped through time; spared the penalties."""
        if self.output is None:
            self.iterate()
        assert self.output is not None
        moment = stepwise_moments(
            self.space.parameters(self.vector),
            *self.trials[:3],
            STEP_S,
            self.output.w[..., :1].detach(),
        )
        self._step(self._misfit(replace(self.output, moment=moment)))

    def _misfit(self, output: Output) -> Tensor:
        return data_loss(moment_error(output, self.trials, self.scale)).sum()

    def _step(self, loss: Tensor) -> None:
        loss.backward()  # type: ignore[no-untyped-call]
        self.optimiser.step(LEARNING_RATE)


def _subject(muscles: int) -> Subject:
    """Return a person whose muscles range from short with a long tendon to the opposite."""
    spread = np.linspace(0.0, 1.0, muscles)
    return Subject.generic(
        muscles=tuple(f"muscle {i + 1}" for i in range(muscles)),
        max_isometric_force=500.0 + 3000.0 * spread,
        optimal_fibre_length=0.05 + 0.1 * spread,
        tendon_slack_length=0.35 - 0.25 * spread,
        pennation=0.4 * (1.0 - spread),
        max_velocity=np.full(muscles, 10.0),
    )


def _movement(size: Size) -> tuple[Array, Array, Array]:
    """Return excitation, muscle-tendon length and moment arm of a walk-like movement."""
    subject = _subject(size.muscles)
    shape = (size.subjects, size.trials, size.muscles, 1)
    number = np.arange(np.prod(shape)).reshape(shape)
    cycle = 2.0 * np.pi * (STEP_S * np.arange(size.time) + 0.37 * number)
    rest = subject.optimal_fibre_length + 1.02 * subject.tendon_slack_length
    length = rest[:, None] + 0.2 * subject.optimal_fibre_length[:, None] * np.sin(cycle)
    excitation = 0.4 * np.maximum(0.0, np.sin(cycle + 1.0 + 0.1 * number)) + 0.02
    side = np.where(np.arange(size.muscles) % 2, 1.0, -1.0)
    arm = 0.04 * side * np.cos(np.arange(DOFS)[:, None] + np.arange(size.muscles))
    moment_arm = np.broadcast_to(arm[..., None], (*shape[:2], DOFS, size.muscles, size.time))
    return excitation, length, moment_arm


def times_ms(iterate: Callable[[], None], device: torch.device, repeats: int) -> list[float]:
    """Return the time of each of some iterations, ms."""
    times = []
    for _ in range(repeats):
        _wait(device)
        start = time.perf_counter()
        iterate()
        _wait(device)
        times.append(1e3 * (time.perf_counter() - start))
    return times


def _wait(device: torch.device) -> None:
    if device.type == "cuda":
        torch.cuda.synchronize(device)


def chosen_device(device: str) -> str:
    """Return the device that is meant; raises UserError where there is none."""
    if device == "auto":
        return "cuda" if torch.cuda.is_available() else "cpu"
    if device == "cuda" and not torch.cuda.is_available():
        raise UserError("There is no CUDA device that torch can use; measure with device 'cpu'.")
    return device


def _machine(device: torch.device) -> str:
    return torch.cuda.get_device_name(device) if device.type == "cuda" else processor()
