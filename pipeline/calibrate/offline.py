"""Calibration on chosen stretches of a recording: one objective, minimised by AdamW.

References
----------
Hambly et al. 2025, doi 10.1109/TBME.2025.3569682, eq. 4 and section III.B.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple, Protocol, runtime_checkable

import numpy as np
import torch
from torch import Tensor

from pipeline.adamw import AdamW
from pipeline.calibrate.course import Courses, End, History, looks
from pipeline.calibrate.loss import (
    LossSettings,
    Trials,
    moment_error,
    moment_scale,
    plausibility_penalty,
)
from pipeline.calibrate.prior import distance
from pipeline.calibrate.window import Window, trials_at
from pipeline.model.nms import Output, simulate
from pipeline.model.parameters import ParameterSpace
from pipeline.shapes import Float
from pipeline.timebase.rows import PairedRows

Watch = Callable[[float, float], None]
"""Called with the fraction done and the present relative error whenever the host looks."""


@dataclass(frozen=True)
class DescentSettings:
    """How a recording is calibrated on; docs/calibration.md says where the figures come from."""

    steps: int = 300
    learning_rate: float = 0.1
    learning_rate_end: float = 0.01
    patience: int = 50
    """Steps without progress after which it stops early."""
    progress: float = 1e-6
    """Fall of the objective that counts as progress."""
    error_level: float = 2.0
    """Relative error from which on a joint that cannot be reproduced pulls less."""
    prior_weight: float = 0.0012
    loss: LossSettings = field(default_factory=lambda: LossSettings(penalty_weight=1.0))


@dataclass(frozen=True)
class Calibration:
    """What an optimisation found."""

    vector: Tensor
    """The best parameters, as `ParameterSpace` has them."""
    objective: float
    relative_error: float
    """Relative error at these parameters."""
    iterations: int
    """AdamW steps, or evaluations of the objective."""
    seconds: float
    history: History


def cut(
    rows: PairedRows, stretches: Sequence[slice], rate_hz: float, burn_in_s: float, like: Tensor
) -> Trials:
    """Make a trial of each stretch of rows.

    Every trial begins at least `burn_in_s` before its stretch, or at the first row, and the
    shorter stretches earlier; those rows carry no weight.

    Parameters
    ----------
    stretches
        Slices of `rows`, none empty.
    like
        A tensor whose type and device the trials take.
    """
    settle = round(burn_in_s * rate_hz)
    window = Window(len(rows.t), rate_hz, settle)
    window.add(rows)
    size = settle + max(part.stop - part.start for part in stretches)
    stops = np.array([part.stop for part in stretches])
    wanted = stops[:, None] - size + np.arange(size)
    index = wanted.clip(0)
    counts = wanted >= np.array([part.start for part in stretches])[:, None]
    weight = window.usable()[index] & counts[..., None]
    return trials_at(rows, index, weight, like)


def relative_error(output: Output, trials: Trials) -> Float[Tensor, "*subject"]:
    """Sum over trials and DOFs of the mean squared error over the reference's variance there."""
    count = trials.weight.sum(-1, keepdim=True).clamp_min(1.0)
    mean = (trials.moment * trials.weight).sum(-1, keepdim=True) / count
    variance = ((trials.moment - mean) * trials.weight).square().sum(-1)
    error = ((output.moment - trials.moment) * trials.weight).square().sum(-1)
    return torch.where(variance > 0, error / variance, 0.0).sum((-2, -1))


class Evaluation(NamedTuple):
    """What an objective says of one vector."""

    value: Tensor
    """What is minimised, differentiable in the vector."""
    relative_error: Tensor


class CalibrationObjective:
    """What calibration minimises: moment error, implausible operation, distance from the prior.

    Each joint's mean squared error over its variance, e, enters as ``L log(1 + e / L)``: as e
    where the joint can be reproduced, as less where it cannot, so that a joint without electrodes
    on its main muscles does not bend the muscles that it shares with others.
    """

    def __init__(
        self, space: ParameterSpace, trials: Trials, step_s: float, settings: DescentSettings
    ) -> None:
        self.space = space
        self._trials = trials
        self._scale = moment_scale(trials)
        self._step_s = step_s
        self._settings = settings
        self._guess: Tensor | None = None

    def __call__(self, vector: Tensor, excitation: Tensor | None = None) -> Evaluation:
        """Evaluate at `vector`.

        Parameters
        ----------
        excitation
            What drives the muscles, in place of the trials' excitation; differentiable too.
        """
        settings, trials = self._settings, self._trials
        output = simulate(
            self.space.parameters(vector),
            trials.excitation if excitation is None else excitation,
            trials.length,
            trials.moment_arm,
            self._step_s,
            guess=self._guess,
        )
        self._guess = output.w.detach()
        value = objective_value(output, trials, self._scale, vector, settings)
        return Evaluation(value, relative_error(output, trials).detach())


def objective_value(
    output: Output,
    trials: Trials,
    scale: Tensor,
    vector: Tensor,
    settings: DescentSettings,
    real: Tensor | None = None,
) -> Tensor:
    """Return what `CalibrationObjective` minimises, a value for each leading dimension.

    Parameters
    ----------
    output
        What the model makes of the trials at `vector`.
    scale
        Spread of each DOF's reference, N*m, shape [..., dof].
    real
        Which samples there are, bool, shape [..., trial, 1, time]; None where all are.
    """
    error, level = moment_error(output, trials, scale), settings.error_level
    return (
        level * torch.log1p(error / level).sum(-1)
        + plausibility_penalty(output, settings.loss, real)
        + settings.prior_weight * distance(vector)
    )


@runtime_checkable
class Minimised(Protocol):
    """What `descend` minimises."""

    def __call__(self, vector: Tensor) -> Evaluation:
        """Evaluate at `vector`."""


def descend(
    objective: Minimised, start: Tensor, settings: DescentSettings, watch: Watch | None = None
) -> Calibration:
    """Minimise by AdamW with a decaying learning rate, and stop when there is no progress.

    Parameters
    ----------
    start
        Where to begin, a vector of the objective.
    watch
        Told of the progress.

    Raises
    ------
    FloatingPointError
        If the objective stops being a finite number.
    """
    vector = start.detach().clone().requires_grad_()
    courses = Courses(start.unsqueeze(0), settings.patience, settings.progress)
    go_down(objective, vector, courses, settings, watch)
    end = courses.ends()[0]
    if end.failure is not None:
        raise end.failure
    return found_on(end, error_at(objective, end.best))


def go_down(
    objective: Minimised,
    vector: Tensor,
    courses: Courses,
    settings: DescentSettings,
    watch: Watch | None = None,
) -> None:
    """Move a vector down an objective until the host sees that it is over; no wait but to look."""
    started, optimiser = time.perf_counter(), AdamW([vector])
    for step in range(settings.steps):
        value, error = objective(vector)
        seconds = time.perf_counter() - started
        courses.take(vector.unsqueeze(0), value.unsqueeze(0), error.unsqueeze(0), seconds)
        if looks(step, vector.device):
            if watch is not None:
                watch((step + 1) / settings.steps, float(error))
            if bool(courses.over):
                break
        value.backward()  # type: ignore[no-untyped-call]
        optimiser.step(rate(settings, step / settings.steps))


def found_on(end: End, error: float) -> Calibration:
    """Return what a descent has come to; `error` is the relative error at its best."""
    return Calibration(end.best, end.lowest, error, len(end.history), end.seconds, end.history)


def error_at(objective: Minimised, vector: Tensor) -> float:
    """Return the relative error at `vector`."""
    with torch.no_grad():
        return float(objective(vector).relative_error)


def rate(settings: DescentSettings, done: float) -> float:
    """Return the learning rate: half a cosine from its start to its end."""
    begin, end = settings.learning_rate, settings.learning_rate_end
    return end + (begin - end) * 0.5 * (1.0 + math.cos(math.pi * done))
