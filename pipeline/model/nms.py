"""The neuromusculoskeletal model: excitations, lengths and moment arms in, joint moments out.

One function for a live tick and for a window of calibration: the live tick is a window of one
sample that carries the state of the sample before.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor

from pipeline.model import activation
from pipeline.model.action import Action
from pipeline.model.contraction import Contraction, contract
from pipeline.model.curves import DEFAULT, CurveSet, curve_set
from pipeline.model.equilibrium import LEAST_HEIGHT, Muscles, fibre_length
from pipeline.model.subject import Subject
from pipeline.model.trajectory import Apart, Report
from pipeline.shapes import Float


class Parameters(NamedTuple):
    """Muscle parameters as tensors, each of shape [..., muscle, 1]; units as in `Subject`.

    What comes after the tensors is the kind of muscle, the same for all of a batch.
    """

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
    curves: CurveSet = DEFAULT
    rigid: tuple[bool, ...] = ()
    """For each muscle whether its tendon is rigid; empty where none is."""


TENSORS = tuple(name for name in Parameters._fields if name not in ("curves", "rigid"))
"""The parameters that are numbers."""


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
        curves=curve_set(subject.curves),
        rigid=subject.rigid if any(subject.rigid) else (),
    )


def stacked(sets: Sequence[Parameters]) -> Parameters:
    """Return sets of one kind of muscle side by side, each tensor of shape [set, muscle, 1]."""
    columns: dict[str, Any] = {
        name: torch.stack([getattr(one, name) for one in sets]) for name in TENSORS
    }
    return sets[0]._replace(**columns)


def simulate(
    parameters: Parameters,
    excitation: Float[Tensor, "*#batch muscle time"],
    length: Float[Tensor, "*#batch muscle time"],
    moment_arm: Float[Tensor, "*#batch dof muscle time"],
    step_s: float,
    state: State | None = None,
    guess: Float[Tensor, "*#batch muscle time"] | None = None,
    deferred: bool = False,
    apart: Apart | None = None,
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
    apart
        Which dimensions count problems that know nothing of each other, see `fibre_trajectory`.
    """
    active, memory = activated(parameters, excitation, step_s, state.activation if state else None)
    before = state.w if state else None
    if state and guess is None:
        guess = (state.w + state.drift).expand_as(active)
    contraction = contract(
        active,
        length,
        muscles_of(parameters),
        parameters.rigid,
        step_s,
        before,
        guess,
        deferred,
        apart,
    )
    return outcome(parameters, active, contraction, moment_arm, memory, before)


def activated(
    parameters: Parameters,
    excitation: Float[Tensor, "*#batch muscle time"],
    step_s: float,
    memory: activation.ActivationState | None,
) -> tuple[Float[Tensor, "*any muscle time"], activation.ActivationState]:
    """Return the activations over a window, and what is remembered of them after it.

    Parameters
    ----------
    parameters, excitation, step_s
        As for `simulate`.
    memory
        After the window before; None starts settled.
    """
    neural, memory = activation.neural_activation(
        (parameters.gain * excitation).clamp_max(1.0),
        parameters.c1,
        parameters.c2,
        step_s,
        memory,
    )
    return activation.shaped(neural, parameters.shape_factor), memory


def outcome(
    parameters: Parameters,
    active: Float[Tensor, "*#batch muscle time"],
    contraction: Contraction,
    moment_arm: Float[Tensor, "*#batch dof muscle time"],
    memory: activation.ActivationState,
    before: Float[Tensor, "*#batch muscle 1"] | None,
) -> Output:
    """Return what the model gives for muscles that contract so.

    Parameters
    ----------
    parameters, moment_arm
        As for `simulate`.
    active, contraction
        The activation, and what the muscles make of it.
    memory, before
        What is remembered of the activation after the window, and the state before it.
    """
    force = parameters.max_isometric_force * parameters.strength * contraction.force
    return Output(
        moment=(moment_arm * force.unsqueeze(-3)).sum(-2),
        force=force,
        activation=active,
        fibre_length=fibre_length(contraction.w, parameters.height),
        strain=contraction.strain,
        w=contraction.w,
        state=State(memory, *_ending(contraction.w.detach(), before)),
        report=contraction.report,
        _action=contraction.action,
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
        parameters.curves,
    )
