"""The neuromusculoskeletal model: excitations, lengths and moment arms in, joint moments out.

One function for a live tick and for a window of calibration: the live tick is a window of one
sample that carries the state of the sample before.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from pipeline.model import activation, curves
from pipeline.model.action import Action, elastic_action
from pipeline.model.equilibrium import LEAST_HEIGHT, Muscles, fibre_length, tendon_strain
from pipeline.model.subject import Subject
from pipeline.model.trajectory import Report, fibre_trajectory
from pipeline.shapes import Float


class Parameters(NamedTuple):
    """Muscle parameters as tensors, each of shape [..., muscle, 1]; units as in `Subject`."""

    max_isometric_force: Tensor
    optimal_fibre_length: Tensor
    tendon_slack_length: Tensor
    height: Tensor
    max_velocity: Tensor
    damping: Tensor
    strength: Tensor
    gain: Tensor
    shape_factor: Tensor
    c1: Tensor
    c2: Tensor


@dataclass(frozen=True)
class State:
    """What the model remembers between two samples."""

    activation: activation.ActivationState
    w: Tensor
    """Fibre length along the tendon over optimal fibre length, shape [..., muscle, 1]."""
    drift: Tensor
    """Change of w over the last sample, where the solver looks for the next one."""


@dataclass(frozen=True)
class Output:
    """What the model computes for a window."""

    moment: Float[Tensor, "*batch dof time"]
    """Joint moments, N*m, shape [..., dof, time]."""
    force: Float[Tensor, "*batch muscle time"]
    """Force along the tendon, N, shape [..., muscle, time]."""
    activation: Float[Tensor, "*#batch muscle time"]
    fibre_length: Float[Tensor, "*batch muscle time"]
    """Over optimal fibre length, shape [..., muscle, time]."""
    strain: Float[Tensor, "*batch muscle time"]
    """Tendon strain, shape [..., muscle, time]."""
    w: Float[Tensor, "*batch muscle time"]
    state: State
    report: Report
    _action: Callable[[], Action] | None = None

    def action(self) -> Action:
        """Return what the muscles do besides; only of an output without gradients."""
        assert self._action is not None
        return self._action()


def parameters_of(
    subject: Subject, dtype: torch.dtype = torch.float64, device: str = "cpu"
) -> Parameters:
    """Return a subject's parameters as tensors of shape [muscle, 1]."""

    def column(values: object) -> Tensor:
        return torch.as_tensor(values, dtype=dtype, device=device).unsqueeze(-1)

    return Parameters(
        max_isometric_force=column(subject.max_isometric_force),
        optimal_fibre_length=column(subject.optimal_fibre_length),
        tendon_slack_length=column(subject.tendon_slack_length),
        height=column(np.maximum(np.sin(subject.pennation), LEAST_HEIGHT)),
        max_velocity=column(subject.max_velocity),
        damping=column(subject.damping),
        strength=column(subject.strength),
        gain=column(subject.gain),
        shape_factor=column(subject.shape_factor),
        c1=column(subject.c1),
        c2=column(subject.c2),
    )


def simulate(
    parameters: Parameters,
    excitation: Float[Tensor, "*#batch muscle time"],
    length: Float[Tensor, "*#batch muscle time"],
    moment_arm: Float[Tensor, "*#batch dof muscle time"],
    step_s: float,
    state: State | None = None,
    guess: Float[Tensor, "*#batch muscle time"] | None = None,
    deferred: bool = False,
) -> Output:
    """Compute the joint moments over a window.

    Parameters
    ----------
    parameters
        Muscle parameters; the gradient reaches all of them but height and damping.
    excitation
        Excitation after the electromechanical delay, 0..1, shape [..., muscle, time].
    length
        Muscle-tendon length, m, shape [..., muscle, time].
    moment_arm
        Moment arm, m, shape [..., dof, muscle, time].
    step_s
        Interval of the time grid, s.
    state
        State after the window before; None starts settled and at rest.
    guess
        Earlier solution for `w`, shape [..., muscle, time], to start Newton from.
    deferred
        Never let the host wait for a GPU, see `fibre_trajectory`.
    """
    neural, memory = activation.neural_activation(
        (parameters.gain * excitation).clamp_max(1.0),
        parameters.c1,
        parameters.c2,
        step_s,
        state.activation if state else None,
    )
    active = activation.shaped(neural, parameters.shape_factor)
    muscles = muscles_of(parameters)
    before = state.w if state else None
    if state and guess is None:
        guess = (state.w + state.drift).expand_as(active)
    w, report, balance = fibre_trajectory(active, length, muscles, step_s, before, guess, deferred)
    strain = tendon_strain(w, length, muscles)
    strongest = parameters.max_isometric_force * parameters.strength
    force = strongest * curves.tendon_force(strain)[0]
    return Output(
        moment=(moment_arm * force.unsqueeze(-3)).sum(-2),
        force=force,
        activation=active,
        fibre_length=fibre_length(w, parameters.height),
        strain=strain,
        w=w,
        state=State(memory, *_ending(w.detach(), before)),
        report=report,
        _action=partial(elastic_action, balance, active, muscles) if balance is not None else None,
    )


def _ending(w: Tensor, before: Tensor | None) -> tuple[Tensor, Tensor]:
    """Return the last state and its change from the one before."""
    last = w[..., -1:]
    if w.shape[-1] > 1:
        before = w[..., -2:-1]
    return last, torch.zeros_like(last) if before is None else last - before


def muscles_of(parameters: Parameters) -> Muscles:
    """Return what the force balance needs of the parameters."""
    return Muscles(
        parameters.optimal_fibre_length,
        parameters.tendon_slack_length,
        parameters.height,
        parameters.max_velocity,
        parameters.damping,
    )
