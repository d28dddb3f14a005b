"""The force balance between fibre and tendon at one time step, and its derivatives.

The state is ``w = l cos(phi)``: the fibre's length along the tendon over optimal fibre length.
With ``w`` rather than the fibre length ``l`` as state the pennation geometry stays defined for
every value, also when the tendon goes slack.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor

from pipeline.model import curves

LEAST_HEIGHT = 1e-3
"""Floor of the normalised muscle thickness: a muscle without pennation keeps a smooth length."""


class Muscles(NamedTuple):
    """What the force balance needs of each muscle; all broadcast over [..., muscle, time]."""

    optimal_fibre_length: Tensor
    """m"""
    tendon_slack_length: Tensor
    """m"""
    height: Tensor
    """Sine of the pennation angle at optimal fibre length: the constant muscle thickness."""
    max_velocity: Tensor
    """Optimal fibre lengths per second."""
    damping: Tensor
    """Force per normalised fibre velocity, as a fraction of maximum isometric force."""


class Balance(NamedTuple):
    """The force balance at a guess of the state; residual = tendon force - fibre force."""

    residual: Tensor
    by_state: Tensor
    """Derivative of the residual by w at this step."""
    by_previous: Tensor
    """Derivative of the residual by w at the step before."""
    by_activation: Tensor
    by_strain: Tensor
    by_velocity_scale: Tensor
    """Derivative of the residual by the logarithm of the maximum contraction velocity."""


def tendon_strain(w: Tensor, length: Tensor, muscles: Muscles) -> Tensor:
    """Strain of the tendon, given the fibre's length along it."""
    return (length - w * muscles.optimal_fibre_length) / muscles.tendon_slack_length - 1.0


def fibre_length(w: Tensor, height: Tensor) -> Tensor:
    """Normalised fibre length of a muscle of constant thickness."""
    return torch.sqrt(w * w + height * height)


def balance(
    w: Tensor, previous: Tensor, rate: Tensor, activation: Tensor, length: Tensor, muscles: Muscles
) -> Balance:
    """Evaluate the backward-Euler force balance and its derivatives.

    Hambly et al. 2025, eq. 3 and A6, with ``v = cos(phi) dw/dt / v_max``.

    Parameters
    ----------
    w, previous
        State at this step and at the step before, shape [..., muscle, time].
    rate
        1 / time step in 1/s, shape [time]; zero means equilibrium at rest (the first step).
    activation, length
        Activation and muscle-tendon length in m, shape [..., muscle, time].
    muscles
        Parameters of the muscles.
    """
    fibre = fibre_length(w, muscles.height)
    cosine = w / fibre
    cosine_slope = (muscles.height / fibre) ** 2 / fibre
    per_change = rate / muscles.max_velocity
    change = w - previous
    velocity = cosine * change * per_change
    velocity_slope = (cosine_slope * change + cosine) * per_change

    active, active_slope = curves.active_force_length(fibre)
    speed, speed_slope = curves.force_velocity(velocity)
    passive, passive_slope = curves.passive_force_length(fibre)
    tendon, tendon_slope = curves.tendon_force(tendon_strain(w, length, muscles))

    pull = activation * active
    force = pull * speed + passive + muscles.damping * velocity
    by_velocity = pull * speed_slope + muscles.damping
    by_fibre = activation * active_slope * speed + passive_slope
    stretch = tendon_slope * muscles.optimal_fibre_length / muscles.tendon_slack_length
    return Balance(
        residual=tendon - cosine * force,
        by_state=-stretch
        - cosine_slope * force
        - cosine * (by_fibre * cosine + by_velocity * velocity_slope),
        by_previous=cosine * cosine * by_velocity * per_change,
        by_activation=-cosine * active * speed,
        by_strain=tendon_slope,
        by_velocity_scale=cosine * by_velocity * velocity,
    )
