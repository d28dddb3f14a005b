"""The muscle on a rigid tendon: the fibre takes all of the motion, and nothing has to be solved.

The fibre's length along the tendon is muscle-tendon length minus tendon slack length. Where that is
below zero the tendon hangs slack, and a fibre that would push leaves it slack too: no force.
"""

from __future__ import annotations

from typing import Any, NamedTuple, cast

import torch
from torch import Tensor

from pipeline.model.curves import CurveSet
from pipeline.model.equilibrium import (
    ForceBalance,
    Muscles,
    Pull,
    state_before,
    step_rate,
    summed,
)
from pipeline.shapes import Float


class RigidContraction(NamedTuple):
    """What the muscles do, each of shape [..., muscle, time]."""

    w: Tensor
    """Fibre length along the tendon over optimal fibre length."""
    force: Tensor
    """Along the tendon, over maximum isometric force."""
    pull: Pull | None = None
    """Of the fibre; None where gradients are recorded."""


def rigid_contraction(
    activation: Float[Tensor, "*#batch muscle time"],
    length: Float[Tensor, "*#batch muscle time"],
    muscles: Muscles,
    step_s: float,
    before: Float[Tensor, "*#batch muscle 1"] | None = None,
) -> RigidContraction:
    """Compute the force of muscles with rigid tendons, differentiable in the parameters.

    Parameters
    ----------
    activation, length
        Activation and muscle-tendon length in m, shape [..., muscle, time].
    muscles
        Parameters; the gradient reaches what it does in `fibre_trajectory`.
    step_s
        Interval of the time grid, s.
    before
        State before the first sample, shape [..., muscle, 1]; None starts at rest.
    """
    w = (length - muscles.tendon_slack_length) / muscles.optimal_fibre_length
    w, active = torch.broadcast_tensors(w.clamp_min(0.0), activation)  # type: ignore[no-untyped-call]
    if torch.is_grad_enabled():
        force = _FibreForce.apply(  # type: ignore[no-untyped-call]
            w,
            active,
            muscles.height,
            muscles.max_velocity,
            muscles.damping,
            muscles.curves,
            step_s,
            before,
        )
        return RigidContraction(w, cast(Tensor, force).clamp_min(0.0))
    pull = _pull(w, active, muscles, step_s, before)
    return RigidContraction(w, (pull.cosine * pull.force).clamp_min(0.0), pull)


def _pull(
    w: Tensor, activation: Tensor, muscles: Muscles, step_s: float, before: Tensor | None
) -> Pull:
    balance = ForceBalance.of(activation, w, muscles, step_rate(w, step_s, before))
    return balance.pull(w, state_before(w, before))


class _FibreForce(torch.autograd.Function):
    """Force along the tendon over the fibre's length along it, with the slopes of the curves."""

    @staticmethod
    def forward(
        ctx: Any,
        w: Tensor,
        activation: Tensor,
        height: Tensor,
        velocity: Tensor,
        damping: Tensor,
        curves: CurveSet,
        step_s: float,
        before: Tensor | None,
    ) -> Tensor:
        one = torch.ones_like(height)
        muscles = Muscles(one, one, height, velocity, damping, curves)
        pull = _pull(w, activation, muscles, step_s, before)
        ctx.save_for_backward(velocity, *pull)
        ctx.save_for_forward(velocity, *pull)
        return pull.cosine * pull.force

    @staticmethod
    def jvp(ctx: Any, *tangents: Tensor | None) -> Tensor:
        maximum, *rest = ctx.saved_tensors
        pull = Pull(*rest)
        by_w, by_activation, _, by_maximum = tangents[:4]
        moved = torch.zeros_like(pull.force)
        if by_w is not None:
            moved = moved + pull.by_w * by_w
            moved[..., 1:] -= (pull.by_previous * by_w.roll(1, -1))[..., 1:]
        if by_activation is not None:
            moved = moved + pull.cosine * pull.per_activation * pull.speed * by_activation
        if by_maximum is not None:
            slower = -pull.cosine * pull.by_velocity * pull.velocity / maximum
            moved = moved + slower * by_maximum
        return moved

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor | None, ...]:
        maximum, *rest = ctx.saved_tensors
        pull, along = Pull(*rest), grads[0]
        by_w = along * pull.by_w
        by_w[..., :-1] -= (along * pull.by_previous)[..., 1:]
        slower = -pull.cosine * pull.by_velocity * pull.velocity / maximum
        return (
            by_w,
            along * pull.cosine * pull.per_activation * pull.speed,
            None,
            summed(along * slower, maximum),
            *(None, None, None, None),
        )
