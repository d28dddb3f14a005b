"""A maximally activated rat soleus, stretched and shortened: recordings, models, fits.

The experiment of Krylow & Sandercock 1997 (J Biomech 30:27, doi 10.1016/S0021-9290(96)00097-8) as
the benchmark of Millard et al. 2013 (J Biomech Eng 135:021005, doi 10.1115/1.4023390) uses it. The
fit follows appendix A of Hambly et al. 2025 (doi 10.1109/TBME.2025.3569682).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from pipeline.calibrate.loss import LossSettings, plausibility_penalty
from pipeline.errors import UserError
from pipeline.model.nms import Parameters, parameters_of, simulate
from pipeline.model.parameters import ParameterSpace, Rule
from pipeline.model.subject import CALIBRATED, Subject

Array = NDArray[np.float64]

AMPLITUDES_MM = (0.05, 0.1, 0.25, 0.5, 1.0, 2.0)
"""Largest displacement of trials 1 to 6."""
ISOMETRIC_FORCE_N = 1.17
"""Measured maximum isometric force; errors are fractions of it."""
SCORED_FROM_S = 0.15
"""Until then the measured force rises from zero, which is activation and not tested here."""
DURATION_S = 2.0
STEP_S = 0.001
START_M = -2.0e-3
"""Muscle-tendon length without displacement, from optimal fibre plus slack tendon."""

PUBLISHED = Subject.generic(
    muscles=("soleus",),
    max_isometric_force=np.array([1.2758948506]),
    optimal_fibre_length=np.array([17.1e-3]),
    tendon_slack_length=np.array([17.1e-3]),
    pennation=np.radians([6.0]),
    max_velocity=np.array([5.3156293513]),
)
"""Parameters that ceinms2's test of the same recordings uses, with this project's damping."""

FREE = {
    "optimal_fibre_length": (0.75, 1.25),
    "tendon_slack_length": (0.75, 1.25),
    "strength": (0.5, 1.5),
}
"""What a fit may move, and its bounds relative to the published parameters."""
ITERATIONS = 400
LEARNING_RATE = 0.05


@dataclass(frozen=True)
class Trial:
    """One contraction at full activation; the grid starts at 0 s."""

    amplitude_mm: float
    length: Array
    """Muscle-tendon length on the grid, m."""
    t: Array
    """Instants of the scored measurements, s."""
    force: Array
    """Tendon force at those instants, N."""

    @property
    def lengthening(self) -> NDArray[np.bool_]:
        """Whether the muscle-tendon unit is being stretched at each instant."""
        grid = _grid(len(self.length))
        stretched: NDArray[np.bool_] = np.interp(self.t, grid, np.gradient(self.length)) > 0
        return stretched


class Response(NamedTuple):
    """What a muscle model answers to muscle-tendon lengths."""

    force: Tensor
    """Along the tendon, N, shape [trial, time]."""
    penalty: Tensor
    """For implausible fibre lengths and tendon strains."""
    w: Tensor
    """Fibre length along the tendon over optimal fibre length, shape [trial, 1, time]."""


MuscleModel = Callable[[Parameters, Tensor, Tensor | None], Response]
"""From parameters, muscle-tendon lengths in m [trial, 1, time] and a guess for `w`."""


def _grid(n: int) -> Array:
    return np.linspace(0.0, DURATION_S, n)


def load_trials(folder: Path, step_s: float = STEP_S) -> list[Trial]:
    """Read the six trials.

    Raises
    ------
    UserError
        If a file is missing or is not what it should be.
    """
    at, displacement_mm = _columns(folder / "displacement.dat")
    unit = np.interp(_grid(round(DURATION_S / step_s) + 1), at, displacement_mm)
    trials = []
    for number, amplitude in enumerate(AMPLITUDES_MM, start=1):
        t, force = _columns(folder / f"force_trial{number}.dat")
        scored = t >= SCORED_FROM_S
        length = _rest_length() + 1e-3 * amplitude * unit
        trials.append(Trial(amplitude, length, t[scored], force[scored]))
    return trials


def isometric(like: Trial) -> Trial:
    """Return the measured isometric force as a trial without displacement."""
    at, force = np.array([0.5 * DURATION_S]), np.array([ISOMETRIC_FORCE_N])
    return Trial(0.0, np.full_like(like.length, _rest_length()), at, force)


def _rest_length() -> float:
    fibre = PUBLISHED.optimal_fibre_length * np.cos(PUBLISHED.pennation)
    return float((fibre + PUBLISHED.tendon_slack_length)[0]) + START_M


def _columns(path: Path) -> tuple[Array, Array]:
    """Return the two columns below the header of a recording."""
    try:
        _, found, body = path.read_text(encoding="utf-8").partition("endheader\n")
    except OSError as error:
        raise UserError(f"{path} cannot be read: {error.strerror}.") from error
    try:
        rows = np.array([line.split() for line in body.splitlines()[1:]], dtype=np.float64)
        t, x = rows.T
    except ValueError as error:
        raise UserError(
            f"{path} must hold two columns of numbers below 'endheader' and a line of labels"
            f"{'' if found else '; it has no such line'}."
        ) from error
    return t, x


def elastic(parameters: Parameters, length: Tensor, guess: Tensor | None = None) -> Response:
    """Answer as hillstream's muscle does, from equilibrium at full activation."""
    full = torch.ones_like(length)
    output = simulate(parameters, full, length, full.unsqueeze(-3), _step(length), guess=guess)
    return Response(output.force[:, 0], plausibility_penalty(output, LossSettings()), output.w)


def rigid(parameters: Parameters, length: Tensor, guess: Tensor | None = None) -> Response:
    """Answer as the same muscle on a tendon that stays at its slack length."""
    response = elastic(parameters._replace(rigid=(True,)), length)
    return response._replace(penalty=torch.zeros_like(response.penalty))


def _step(length: Tensor) -> float:
    return DURATION_S / (length.shape[-1] - 1)


def respond(model: MuscleModel, subject: Subject, trials: Sequence[Trial]) -> Array:
    """Return a model's force on the grid, N, shape [trial, time]."""
    with torch.no_grad():
        force: Array = model(parameters_of(subject), _lengths(trials), None).force.numpy()
    return force


def at_instants(force: Array, trial: Trial) -> Array:
    """Return a force on the grid, shape [time], where the trial has measurements."""
    return np.interp(trial.t, _grid(len(force)), force)


def errors(force: Array, trials: Sequence[Trial]) -> Array:
    """Return each trial's mean absolute error over the measured isometric force."""
    return np.array(
        [
            np.abs(at_instants(predicted, trial) - trial.force).mean() / ISOMETRIC_FORCE_N
            for predicted, trial in zip(force, trials, strict=True)
        ]
    )


def _lengths(trials: Sequence[Trial]) -> Tensor:
    return torch.as_tensor(np.stack([trial.length for trial in trials])).unsqueeze(1)


def fit(
    model: MuscleModel,
    trials: Sequence[Trial],
    start: Subject = PUBLISHED,
    iterations: int = ITERATIONS,
) -> Subject:
    """Fit the `FREE` parameters to trials with AdamW, from the published ones in `start`.

    The loss is the trials' summed mean absolute error over the measured isometric force, and the
    calibrator's penalty on tendon strain and fibre length outside their ranges.
    """
    rules = {name: Rule(name in FREE, FREE.get(name, (-1.0, 1.0))) for name in CALIBRATED}
    space = ParameterSpace(start, rules)
    vector = space.zeros().requires_grad_()
    optimiser = torch.optim.AdamW([vector], lr=LEARNING_RATE, weight_decay=0.0)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, iterations)
    length, misses = _lengths(trials), [_miss(trial) for trial in trials]
    best, best_loss, guess = vector.detach().clone(), float("inf"), None
    for _ in range(iterations):
        response = model(space.parameters(vector), length, guess)
        guess = response.w.detach()
        error = sum(miss(force) for miss, force in zip(misses, response.force, strict=True))
        loss = error + response.penalty
        if loss.item() < best_loss:
            best, best_loss = vector.detach().clone(), loss.item()
        optimiser.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimiser.step()
        schedule.step()
    return space.subject(best)


def damped(subject: Subject, damping: float) -> Subject:
    """Return the same muscle with another damping."""
    return replace(subject, damping=np.array([damping]))


def _miss(trial: Trial) -> Callable[[Tensor], Tensor]:
    """Return the differentiable error of a force on the grid, shape [time]."""
    place = np.interp(trial.t, _grid(len(trial.length)), np.arange(len(trial.length)))
    nearest = np.minimum(place.astype(np.int64), len(trial.length) - 2)
    part, before = torch.as_tensor(place - nearest), torch.as_tensor(nearest)
    measured = torch.as_tensor(trial.force)

    def miss(force: Tensor) -> Tensor:
        predicted = torch.lerp(force[before], force[before + 1], part)
        return (predicted - measured).abs().mean() / ISOMETRIC_FORCE_N

    return miss
