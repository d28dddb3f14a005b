"""Identify muscles and bones from excitations and motion, with no torque measured.

Two ways to the same minimum. AdamW as in the paper, but along the axes of the Gauss-Newton
curvature, which are looked up again every few steps: muscles and bones trade off against each other
along directions that are not parameters, and AdamW scales each axis by itself (Vyas et al. 2024 do
so in training networks). And Gauss-Newton, for which the problem is small enough.

The paper's loss has a valley that leads away from the truth: errors of acceleration shrink when the
bones grow heavy. Both ways therefore hold the mass matrix that turns the torque left over into
acceleration for some steps, and take it anew from the bones found so far. The minimum is the same.

References
----------
Zhou, Sanderink, Lemming, Fang 2025, Diff-MSM, arXiv 2508.13303; Vyas et al. 2024, SOAP, arXiv
2409.11321; Bakushinskii 1992, Comput Math Math Phys 32:1353 (a fading pull in Gauss-Newton).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, NamedTuple

import torch
from torch import Tensor

from pipeline.adamw import AdamW
from pipeline.identify.loss import (
    Motion,
    acceleration_error,
    acceleration_scale,
    mass_root,
    predicted_acceleration,
)
from pipeline.identify.space import MUSCLE_KINDS, MuscleBoneSpace
from pipeline.model.nms import Output, simulate

DIFFERENCE = 1e-4
"""Half the step of the central differences by a muscle's parameters, in units of the vector."""
FIRST_PULL, FADING = 0.1, 0.3
"""Pull of the prior in the first Gauss-Newton step, and what is left of it in each next one."""
SHORTEST = 1e-3
"""Share of a Gauss-Newton step below which it is not shortened further."""
LEAST_GRADIENT = 1e-16
"""AdamW's epsilon: along the flattest axes a gradient of 1e-9 is still a large error."""
SOLVED = 1e-16
"""Loss below which rounding decides."""

Watch = Callable[[Tensor, float], None]
"""Called with the vector after each step and the loss before it."""


class MotionRecording(NamedTuple):
    """Trials of excitations and motion; the muscles' grid may be finer than the motion's."""

    excitation: Tensor
    """Shape [trial, muscle, time]."""
    length: Tensor
    """Muscle-tendon length, m, shape [trial, muscle, time]."""
    moment_arm: Tensor
    """m, shape [trial, dof, muscle, time]."""
    step_s: float
    """Interval of the muscles' grid, s."""
    stride: int
    """Every how many of these times there is a sample of `motion`, from the first on."""
    motion: Motion
    """Leading dimensions [trial, time / stride]."""


@dataclass(frozen=True)
class IdentificationSettings:
    """How AdamW goes about it."""

    steps: int = 600
    learning_rate: float = 0.02
    """In units of the vector; it falls exponentially to a thousandth of this."""
    refresh: int = 25
    """Steps after which the axes of curvature are looked up again."""
    axes: Literal["curvature", "parameters"] = "curvature"
    """Along what AdamW scales its steps; the paper's are the parameters."""


class AccelerationObjective:
    """The normalised mean squared acceleration error of a recording, averaged over the joints."""

    def __init__(self, space: MuscleBoneSpace, recording: MotionRecording) -> None:
        self.space = space
        self.recording = recording
        self._scale = acceleration_scale(recording.motion)
        self._guess: Tensor | None = None
        self._root: Tensor | None = None

    def let_go(self) -> None:
        """Take the mass matrix of the bones at hand again, as the paper does."""
        self._root = None

    def __call__(self, vector: Tensor) -> Tensor:
        """Return the loss at `vector`, differentiable in it.

        With the mass matrix at `vector`, or the one that `linearised` has taken since `let_go`.
        """
        motion = self.recording.motion
        predicted = self._predicted(vector, self._muscles(vector))
        return acceleration_error(predicted, motion, self._scale).mean(-1)

    def linearised(self, vector: Tensor) -> tuple[Tensor, Tensor]:
        """Return weighted acceleration errors, whose squares sum to the loss, and their derivative.

        Both with the mass matrix at `vector`, which the loss goes on with until `let_go`.

        Returns
        -------
        tuple
            Shapes [sample] and [sample, parameter].
        """
        motion = self.recording.motion
        with torch.no_grad():
            self._root = root = mass_root(motion, self.space.inertia(vector))
            output = self._muscles(vector)
            error = self._predicted(vector, output) - motion.acceleration
            by_muscles = self._by_muscles(vector, output)
        by_inertia = torch.func.jacrev(self._flat_inertia)(vector)
        torque = -motion.torque_per_inertia @ by_inertia
        torque[..., : self.space.muscle_size] += by_muscles
        slope = torch.cholesky_solve(torque, root)
        count = motion.weight.flatten(0, -2).sum(0).clamp_min(1.0) * len(self._scale)
        weight = (motion.weight / count).sqrt() / self._scale
        return (error * weight).flatten(), (slope * weight[..., None]).flatten(0, -2)

    def _flat_inertia(self, vector: Tensor) -> Tensor:
        return self.space.inertia(vector).flatten()

    def _muscles(self, vector: Tensor) -> Output:
        recording = self.recording
        output = simulate(
            self.space.parameters(vector), *recording[:3], recording.step_s, guess=self._guess
        )
        self._guess = output.w.detach()
        return output

    def _predicted(self, vector: Tensor, output: Output) -> Tensor:
        moment = output.moment[..., :: self.recording.stride]
        inertia = self.space.inertia(vector)
        return predicted_acceleration(self.recording.motion, inertia, moment, self._root)

    def _by_muscles(self, vector: Tensor, output: Output) -> Tensor:
        """Return the derivative of the moments, [trial, time, dof, muscle parameter].

        Muscles do not couple: one pair of simulations per kind of parameter moves all of them.
        """
        recording, count = self.recording, len(self.space.muscles)
        steps = vector.new_zeros(len(MUSCLE_KINDS), self.space.size)
        for kind, step in enumerate(steps):
            step[kind * count : (kind + 1) * count] = DIFFERENCE
        moved = torch.cat((vector + steps, vector - steps))[:, None]
        parameters = self.space.parameters(moved)
        found = simulate(parameters, *recording[:3], recording.step_s, guess=output.w)
        ahead, behind = found.force[..., :: recording.stride].chunk(2)
        slope = (ahead - behind) / (2.0 * DIFFERENCE)
        moment = recording.moment_arm[..., :: recording.stride] * slope[:, :, None]
        return moment.permute(1, 4, 2, 0, 3).flatten(-2)


def adamw(
    objective: AccelerationObjective,
    start: Tensor,
    settings: IdentificationSettings,
    watch: Watch | None = None,
) -> Tensor:
    """Minimise by AdamW and return the vector.

    Parameters
    ----------
    start
        Where to begin, shape [size of the space].
    watch
        Told of every step.
    """
    vector = start.detach()
    for first in range(0, settings.steps, settings.refresh):
        axes = _axes(objective, vector, settings)
        place = torch.zeros_like(vector, requires_grad=True)
        optimiser = AdamW([place], least_gradient=LEAST_GRADIENT)
        for step in range(first, min(first + settings.refresh, settings.steps)):
            fall = 10.0 ** (-3.0 * step / settings.steps)
            loss = objective(vector + axes @ place)
            loss.backward()  # type: ignore[no-untyped-call]
            optimiser.step(settings.learning_rate * fall)
            if watch is not None:
                watch((vector + axes @ place).detach(), float(loss.detach()))
        vector = (vector + axes @ place).detach()
    objective.let_go()
    return vector


def _axes(
    objective: AccelerationObjective, vector: Tensor, settings: IdentificationSettings
) -> Tensor:
    """Return an orthogonal matrix whose columns are the directions that AdamW scales."""
    if settings.axes == "parameters":
        return torch.eye(len(vector), dtype=vector.dtype, device=vector.device)
    slope = objective.linearised(vector)[1]
    axes: Tensor = torch.linalg.eigh(slope.T @ slope)[1]
    return axes


def gauss_newton(
    objective: AccelerationObjective,
    start: Tensor,
    iterations: int = 30,
    watch: Watch | None = None,
) -> Tensor:
    """Minimise by Gauss-Newton with a fading pull to the prior; parameters as in `adamw`.

    What the motion says loudly is found first, and what it whispers from there.
    """
    vector = start.detach()
    for iteration in range(iterations):
        error, slope = objective.linearised(vector)
        if watch is not None:
            watch(vector, float(error @ error))
        if float(error @ error) < SOLVED:
            break
        pull = FIRST_PULL * FADING**iteration
        curvature = slope.T @ slope + pull * torch.eye(len(vector), dtype=vector.dtype)
        step = -torch.linalg.solve(curvature, slope.T @ error + pull * vector)
        vector = vector + _length(objective, vector, step, pull) * step
    objective.let_go()
    return vector


def _length(objective: AccelerationObjective, vector: Tensor, step: Tensor, pull: float) -> float:
    """Return how much of a step to take: the first half of a half that does not go uphill."""

    def height(length: float) -> float:
        place = vector + length * step
        with torch.no_grad():
            return float(objective(place) + pull * place.square().sum())

    here, length = height(0.0), 1.0
    while length > SHORTEST and not height(length) <= here:
        length /= 2.0
    return length
