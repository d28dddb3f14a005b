"""Activation dynamics: from excitation to activation.

The electromechanical delay is applied before, on the time grid (`pipeline.timebase.delay`).

References
----------
Hambly et al. 2025, IEEE TBME, doi 10.1109/TBME.2025.3569682, eq. 1 and 2; Lloyd & Besier 2003,
J Biomech 36:765.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor

from pipeline.model.recurrence import low_pass
from pipeline.shapes import Float

COEFFICIENT_INTERVAL_S = 0.01
"""Sampling interval that the recursive coefficients C1 and C2 belong to, s."""


class ActivationState(NamedTuple):
    """Outputs of the two recursions after the last sample, each of shape [..., muscle, 1]."""

    first: Tensor
    second: Tensor


def neural_activation(
    excitation: Float[Tensor, "*#batch muscle time"],
    c1: Float[Tensor, "*#batch muscle 1"],
    c2: Float[Tensor, "*#batch muscle 1"],
    step_s: float,
    state: ActivationState | None,
) -> tuple[Float[Tensor, "*any muscle time"], ActivationState]:
    """Critically damped second-order response of the muscle to its excitation.

    The recursion ``u[i] = alpha e[i] - beta1 u[i-1] - beta2 u[i-2]`` with ``beta1 = C1 + C2``,
    ``beta2 = C1 C2`` and ``alpha = 1 + beta1 + beta2`` is two first-order low-passes in a row
    with poles -C1 and -C2.

    Parameters
    ----------
    excitation
        Delayed excitation, shape [..., muscle, time].
    c1, c2
        Recursive coefficients at a 10 ms interval, in (-1, 0), shape [..., muscle, 1].
    step_s
        Interval of the time grid, s; a pole p becomes ``p ** (step_s / 0.01)``.
    state
        State before the first sample; None starts settled at the first excitation.

    Returns
    -------
    tuple
        Neural activation, shape [..., muscle, time], and the state after the last sample.
    """
    exponent = step_s / COEFFICIENT_INTERVAL_S
    if state is None:
        start = excitation[..., :1]
        state = ActivationState(start, start)
    first = low_pass(_pole(c1, exponent), excitation, state.first)
    second = low_pass(_pole(c2, exponent), first, state.second)
    return second, ActivationState(first[..., -1:].detach(), second[..., -1:].detach())


def _pole(coefficient: Tensor, exponent: float) -> Tensor:
    return -coefficient if exponent == 1.0 else (-coefficient) ** exponent


def shaped(
    neural: Float[Tensor, "*#batch muscle time"], shape_factor: Float[Tensor, "*#batch muscle 1"]
) -> Float[Tensor, "*any muscle time"]:
    """Muscle activation ``(exp(A u) - 1) / (exp(A) - 1)`` with the shape factor A below zero."""
    return torch.expm1(shape_factor * neural) / torch.expm1(shape_factor)
