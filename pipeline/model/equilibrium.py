"""The force balance between fibre and tendon at one time step, and its derivatives.

The state is ``w = l cos(phi)``: the fibre's length along the tendon over optimal fibre length.
With ``w`` rather than the fibre length ``l`` as state the pennation geometry stays defined for
every value, also when the tendon goes slack.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import torch
from torch import Tensor

from pipeline.model.curves import DEFAULT, CurveSet
from pipeline.shapes import Float

LEAST_HEIGHT = 1e-3
"""Floor of the normalised muscle thickness: a muscle without pennation keeps a smooth length."""
_REST = 1e-6
"""Velocities below have no chord from rest."""


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
    curves: CurveSet = DEFAULT


class Pull(NamedTuple):
    """What the fibre pulls with, at a guess of the state."""

    force: Tensor
    """Along the fibre."""
    by_w: Tensor
    """Derivative by w of the force along the tendon, ``cosine * force``."""
    by_previous: Tensor
    """Minus its derivative by w at the step before; never below zero."""
    cosine: Tensor
    velocity: Tensor
    active: Tensor
    """Force-length multiplier."""
    per_activation: Tensor
    """How activation times that multiplier grows with the activation."""
    speed: Tensor
    """Force-velocity multiplier."""
    by_velocity: Tensor


class Balance(NamedTuple):
    """The force balance at a guess of the state; residual = tendon force - fibre force."""

    residual: Tensor
    steepness: Tensor
    """Minus the derivative of the residual by w at this step; above zero where it is stable."""
    by_previous: Tensor
    """Derivative of the residual by w at the step before; never below zero."""
    by_strain: Tensor
    cosine: Tensor
    velocity: Tensor
    active: Tensor
    """Force-length multiplier."""
    per_activation: Tensor
    """How activation times that multiplier grows with the activation."""
    speed: Tensor
    """Force-velocity multiplier."""
    by_velocity: Tensor

    @property
    def by_activation(self) -> Tensor:
        """Derivative of the residual by the activation."""
        return -self.cosine * self.per_activation * self.speed

    @property
    def by_log_velocity(self) -> Tensor:
        """Derivative of the residual by the logarithm of the maximum contraction velocity."""
        return self.cosine * self.by_velocity * self.velocity


def tendon_strain(
    w: Float[Tensor, "*#batch muscle time"],
    length: Float[Tensor, "*#batch muscle time"],
    muscles: Muscles,
) -> Float[Tensor, "*any muscle time"]:
    """Strain of the tendon, given the fibre's length along it."""
    return (length - w * muscles.optimal_fibre_length) / muscles.tendon_slack_length - 1.0


def fibre_length(
    w: Float[Tensor, "*#batch muscle time"], height: Float[Tensor, "*#batch muscle 1"]
) -> Float[Tensor, "*any muscle time"]:
    """Normalised fibre length of a muscle of constant thickness."""
    return torch.sqrt(w * w + height * height)


def step_rate(like: Tensor, step_s: float, before: Tensor | None) -> Float[Tensor, " time"]:
    """Return 1 / time step in 1/s; zero for a first step that has none before it."""
    rate = like.new_full(like.shape[-1:], 1.0 / step_s)
    if before is None:
        rate[0] = 0.0
    return rate


def state_before(
    w: Float[Tensor, "*batch muscle time"], before: Float[Tensor, "*#batch muscle 1"] | None
) -> Float[Tensor, "*batch muscle time"]:
    """Return the state one step earlier; the first is its own where there is none before it."""
    first = w[..., :1] if before is None else before.expand_as(w[..., :1])
    return torch.cat((first, w[..., :-1]), -1) if w.shape[-1] > 1 else first


def summed(gradient: Tensor, of: Tensor) -> Tensor:
    """Sum a gradient over what its tensor was broadcast over."""
    return gradient.sum_to_size(of.shape)


class ForceBalance(NamedTuple):
    """The backward-Euler force balance of a window, to be evaluated at guesses of the state.

    Hambly et al. 2025, eq. 3 and A6, with ``v = cos(phi) dw/dt / v_max``.
    """

    activation: Tensor
    """Shape [..., muscle, time]."""
    free_strain: Tensor
    """Tendon strain of a fibre without length, shape [..., muscle, time]."""
    per_change: Tensor
    """Normalised velocity per change of w, shape [..., muscle, time]."""
    stretch: Tensor
    """Tendon strain taken up by a fibre of optimal length, shape [..., muscle, 1]."""
    height_squared: Tensor
    damping: Tensor
    curves: CurveSet = DEFAULT

    @classmethod
    def of(cls, activation: Tensor, length: Tensor, muscles: Muscles, rate: Tensor) -> ForceBalance:
        """Return the force balance of a window.

        Parameters
        ----------
        activation, length
            Activation and muscle-tendon length in m, shape [..., muscle, time].
        muscles
            Parameters of the muscles.
        rate
            1 / time step in 1/s, shape [time]; zero means equilibrium at rest (the first step).
        """
        return cls(
            activation,
            length / muscles.tendon_slack_length - 1.0,
            rate / muscles.max_velocity,
            muscles.optimal_fibre_length / muscles.tendon_slack_length,
            muscles.height * muscles.height,
            muscles.damping,
            muscles.curves,
        )

    def series(self, chosen: Tensor) -> ForceBalance:
        """Return some series as rows; `chosen` has shape [..., muscle]."""

        def rows(values: Tensor) -> Tensor:
            return values.expand(*chosen.shape, values.shape[-1])[chosen]

        muscle = torch.arange(chosen.shape[-1]).expand(chosen.shape)[chosen.cpu()]
        moved: dict[str, Any] = {
            name: rows(part) for name, part in self._asdict().items() if name != "curves"
        }
        return self._replace(curves=self.curves.of_muscles(muscle.tolist()), **moved)

    def step(self, i: int) -> ForceBalance:
        """Return the balance of one time step."""
        now = slice(i, i + 1)
        return self._replace(
            activation=self.activation[..., now],
            free_strain=self.free_strain[..., now],
            per_change=self.per_change[..., now],
        )

    def finite(self) -> Tensor:
        """Tell which series have finite inputs and so a solution, shape [..., muscle]."""
        anywhere = torch.ones_like(self.free_strain + self.activation + self.per_change)
        return torch.isfinite(self.at(anywhere, anywhere).residual).all(-1)

    def pull(self, w: Tensor, previous: Tensor) -> Pull:
        """Evaluate the fibre alone and its derivatives; parameters are those of `at`."""
        fibre_squared = torch.addcmul(self.height_squared, w, w)
        fibre = torch.sqrt(fibre_squared)
        cosine = w / fibre
        cosine_slope = self.height_squared / fibre_squared.mul_(fibre)
        change = (w - previous) * self.per_change
        velocity = cosine * change
        by_change = cosine * self.per_change

        active, active_slope, per_activation = self.curves.active_force(fibre, self.activation)
        speed, speed_slope = self.curves.force_velocity(velocity)
        passive, passive_slope = self.curves.passive_force_length(fibre)

        pull = self.activation * active
        force = torch.addcmul(passive, pull, speed)
        force.addcmul_(self.damping, velocity)
        by_velocity = torch.addcmul(self.damping, pull, speed_slope)
        by_fibre = torch.addcmul(passive_slope, self.activation * active_slope, speed)
        by_own_change = torch.addcmul(by_change, cosine_slope, change)
        along = by_fibre.mul_(cosine).addcmul_(by_velocity, by_own_change)
        return Pull(
            force=force,
            by_w=(cosine_slope * force).addcmul_(cosine, along),
            by_previous=(cosine * by_velocity).mul_(by_change),
            cosine=cosine,
            velocity=velocity,
            active=active,
            per_activation=per_activation,
            speed=speed,
            by_velocity=by_velocity,
        )

    def at(self, w: Tensor, previous: Tensor) -> Balance:
        """Evaluate the balance and its derivatives.

        Parameters
        ----------
        w, previous
            State at this step and at the step before, shape [..., muscle, time].
        """
        pull = self.pull(w, previous)
        strain = torch.addcmul(self.free_strain, w, self.stretch, value=-1.0)
        tendon, tendon_slope = self.curves.tendon_force(strain)
        return Balance(
            residual=torch.addcmul(tendon, pull.cosine, pull.force, value=-1.0),
            steepness=torch.addcmul(pull.by_w, tendon_slope, self.stretch),
            by_previous=pull.by_previous,
            by_strain=tendon_slope,
            cosine=pull.cosine,
            velocity=pull.velocity,
            active=pull.active,
            per_activation=pull.per_activation,
            speed=pull.speed,
            by_velocity=pull.by_velocity,
        )

    def chord(self, now: Balance) -> Tensor:
        """Return by how much the force-velocity curve's chord from rest is steeper than its slope.

        As a derivative by w, to be added to the steepness and to the derivative by the state
        before. Far out in stretch or shortening a curve is level, and Newton's step along its slope
        lands as far out on the other side; along the chord it does not pass the curve's bend.
        """
        at_rest = now.velocity.abs() < _REST
        chord = (now.speed - 1.0) / now.velocity.masked_fill(at_rest, 1.0)
        missing = self.activation * now.active * chord + self.damping - now.by_velocity
        missing = missing.clamp_min(0.0).masked_fill(at_rest, 0.0)
        return now.cosine * now.cosine * missing * self.per_change
