"""Calibration where some muscles have no electrode: their excitations are found with the rest.

Muscles with an electrode are driven by what it records. The others are driven by synergies: the
primitives that explain the recorded excitations, times weights that the moments tell. Primitives,
weights and muscle parameters are refined together.

References
----------
Hambly et al. 2025, doi 10.1109/TBME.2025.3569682, eq. 5 and section III.C.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import torch
from torch import Tensor

from pipeline.calibrate.loss import Trials
from pipeline.calibrate.offline import (
    Calibration,
    CalibrationObjective,
    DescentSettings,
    Evaluation,
    Watch,
    descend,
)
from pipeline.calibrate.synergy.factorisation import Synergies, synergies_for
from pipeline.emg.synthesis import MIN_VAF
from pipeline.model.parameters import ParameterSpace

UNIT = 0.1
"""Weights and primitives enter the vector in this unit, so that AdamW's steps suit them."""
_LEAST_PEAK = 1e-3
_TINY = 1e-12


@dataclass(frozen=True)
class HybridSettings:
    """How the synergies are found; docs/synergy.md says where the figures come from."""

    calibration: DescentSettings = field(default_factory=DescentSettings)
    count: int | None = None
    """Number of synergies; None takes as many as `min_vaf` needs."""
    min_vaf: float = MIN_VAF
    tracking_weight: float = 50.0
    """Of the recorded excitations' mean squared error over their mean square, each over its peak.

    High, since on new data the recorded excitations are all that the primitives are known from.
    """
    effort_weight: float = 0.01
    """Of the mean square of each synthesised excitation over its `HybridObjective.unit`, summed
    over the muscles: the more there are, the more freely they could share what the others leave."""
    bound_weight: float = 10.0
    """Of the mean squared excess of weights, primitives and excitations over 0..1."""
    first_weight: float = 0.5
    """Weight that a muscle without electrode starts with, over the mean of the others'."""


class HybridObjective:
    """Eq. 5: `CalibrationObjective`, with synergies driving the muscles without electrode.

    The vector is that of `ParameterSpace`, followed by the weights of all muscles and the
    primitives of each trial.

    Parameters
    ----------
    space
        The muscle parameters.
    trials
        The data; the excitations of muscles without electrode are not looked at.
    recorded
        Which muscles have an electrode, shape [muscle].
    step_s
        Interval of the time grid, s.
    settings
        How to weigh.

    Raises
    ------
    ValueError
        If no muscle has an electrode.
    """

    def __init__(
        self,
        space: ParameterSpace,
        trials: Trials,
        recorded: Tensor,
        step_s: float,
        settings: HybridSettings,
    ) -> None:
        if not bool(recorded.any()):
            raise ValueError("no muscle has an electrode")
        self.space = space
        self.settings = settings
        self._plain = CalibrationObjective(space, trials, step_s, settings.calibration)
        self._recorded = recorded.to(trials.excitation.device)
        self._known = trials.excitation[:, self._recorded]
        self._measured = trials.excitation
        self.unit = self._units()
        """Peak of each recorded excitation, of the others the mean peak; shape [muscle]."""
        self._scaled = self._known / self.unit[self._recorded, None]
        self._first = self._factorised()
        self.count = self._first.weights.shape[-1]
        """Number of synergies."""

    def start(self, vector: Tensor) -> Tensor:
        """Return where to begin: muscle parameters, and the synergies of what is recorded."""
        weights, primitives = self._first
        parts = (weights / self.unit[:, None], primitives)
        return torch.cat((vector, *(part.flatten() / UNIT for part in parts))).detach()

    def parameters(self, vector: Tensor) -> Tensor:
        """Return the part of the vector that belongs to `ParameterSpace`."""
        return vector[: self.space.size]

    def synergies(self, vector: Tensor) -> Synergies:
        """Return weights [muscle, synergy] and primitives [trial, synergy, time]."""
        like = self._first
        rest = vector[self.space.size :]
        weights, primitives = rest[: like.weights.numel()], rest[like.weights.numel() :]
        return Synergies(
            UNIT * self.unit[:, None] * weights.view_as(like.weights),
            UNIT * primitives.view_as(like.primitives),
        )

    def __call__(self, vector: Tensor) -> Evaluation:
        """Evaluate at `vector`."""
        synergies, measured = self.synergies(vector), self._recorded[:, None]
        excitation = driven(synergies.excitation(), self._measured, measured)
        plain = self._plain(self.parameters(vector), excitation)
        added = synergy_penalty(synergies, self._measured, measured, self.unit, self.settings)
        return plain._replace(value=plain.value + added)

    def _units(self) -> Tensor:
        peak = self._known.amax((0, 2)).clamp_min(_LEAST_PEAK)
        unit = peak.mean().expand(len(self._recorded)).clone()
        unit[self._recorded] = peak
        return unit

    def _factorised(self) -> Synergies:
        """Return synergies of the recorded muscles, with a first guess of the others' weights."""
        trial, muscles, time = self._scaled.shape
        joined = self._scaled.transpose(0, 1).reshape(muscles, trial * time)
        found = synergies_for(joined, self.settings.min_vaf, self.settings.count)
        guess = self.settings.first_weight * found.weights.mean(0)
        weights = guess.expand(len(self._recorded), -1).clone()
        weights[self._recorded] = found.weights
        primitives = found.primitives.reshape(-1, trial, time).transpose(0, 1).contiguous()
        return Synergies(weights * self.unit[:, None], primitives)


def driven(made: Tensor, excitation: Tensor, measured: Tensor) -> Tensor:
    """Return what drives the muscles: the recorded excitation where there is one.

    Parameters
    ----------
    made
        What synergies make of it, shape [trial, muscle, time].
    excitation
        What was recorded, of the same shape.
    measured
        Which of it, bool, of that shape or one that broadcasts to it.
    """
    return torch.where(measured, excitation, made.clamp(0.0, 1.0))


def synergy_penalty(
    synergies: Synergies,
    excitation: Tensor,
    measured: Tensor,
    unit: Tensor,
    settings: HybridSettings,
) -> Tensor:
    """Return what eq. 5 adds to eq. 4: tracking, effort, and bounds.

    Parameters
    ----------
    excitation, measured
        As `driven` has them.
    unit
        Excitation by which each muscle is weighed, shape [muscle].
    """
    made = synergies.excitation()
    relative, wanted = made / unit[:, None], excitation / unit[:, None]
    known = measured.expand_as(made).to(made.dtype)
    error = ((relative - wanted).square() * known).sum()
    power = (wanted.square() * known).sum().clamp_min(_TINY)
    effort = (relative.square() * (1.0 - known)).mean((0, 2)).sum()
    bounds = sum((_excess(part) for part in (*synergies, made)), torch.zeros_like(error))
    return (
        settings.tracking_weight * error / power
        + settings.effort_weight * effort
        + settings.bound_weight * bounds
    )


def calibrate_hybrid(
    objective: HybridObjective, start: Tensor, watch: Watch | None = None
) -> tuple[Calibration, Synergies]:
    """Minimise eq. 5 from muscle parameters `start`, as `ParameterSpace` has them.

    Returns
    -------
    tuple
        The calibration, whose vector is that of the muscle parameters alone, and the synergies:
        weights of all muscles, primitives of each trial.

    Raises
    ------
    FloatingPointError
        If the objective stops being a finite number.
    """
    found = descend(objective, objective.start(start), objective.settings.calibration, watch)
    vector = objective.parameters(found.vector)
    weights, primitives = objective.synergies(found.vector)
    return replace(found, vector=vector), Synergies(
        weights.clamp_min(0.0), primitives.clamp_min(0.0)
    )


def _excess(value: Tensor) -> Tensor:
    """Return the mean squared excess over 0..1."""
    return (value - value.clamp(0.0, 1.0)).square().mean()
