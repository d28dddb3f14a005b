"""What muscles do at a solution, beyond the force and length that it was solved for."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor

from pipeline.model.equilibrium import Balance, Muscles, Pull

LEAST_SHARE = 0.1
"""Fibre and tendon together are taken to be at least this fraction as stiff as the tendon.

On the descending limb a fibre gives way as it is stretched. Where it does so nearly as fast as the
tendon holds, the two have no stable balance and their quasi-static stiffness no bound.
"""
_TINY = 1e-12


class Action(NamedTuple):
    """What muscles do; forces over maximum isometric force, shape [..., muscle, time]."""

    active: Tensor
    """Force along the tendon that activation makes."""
    velocity: Tensor
    """Of the fibre, over the maximum contraction velocity; positive while it lengthens."""
    stiffness: Tensor
    """Change of the force along the tendon with the muscle-tendon length over the optimal fibre
    length, the fibre's velocity held."""


def elastic_action(balance: Balance, activation: Tensor, muscles: Muscles) -> Action:
    """Return what muscles on an elastic tendon do.

    Parameters
    ----------
    balance
        The force balance at its solution. Of its slopes, ``steepness - by_previous`` is that of
        fibre and tendon together where a step and the one before it move alike, which holds the
        velocity.
    activation
        Shape [..., muscle, time].
    muscles
        The muscles.

    Notes
    -----
    The stiffness is that of fibre and tendon in series, ``kt kf / (kt + kf)``; it lies between -9
    times the tendon's own (see `LEAST_SHARE`) and that.
    """
    tendon = balance.by_strain * (muscles.optimal_fibre_length / muscles.tendon_slack_length)
    together = balance.steepness - balance.by_previous
    together = torch.maximum(together, LEAST_SHARE * tendon + _TINY)
    return Action(
        active=activation * balance.cosine * balance.active * balance.speed,
        velocity=balance.velocity,
        stiffness=tendon * (1.0 - tendon / together),
    )


def rigid_action(pull: Pull, activation: Tensor) -> Action:
    """Return what muscles on a rigid tendon do: the fibre alone, nothing where the tendon is slack.

    Parameters
    ----------
    pull
        Of the fibre at its length; ``by_w - by_previous`` is its slope with its velocity held.
    activation
        Shape [..., muscle, time].
    """
    taut = (pull.force > 0.0) & (pull.cosine > 0.0)
    active = activation * pull.cosine * pull.active * pull.speed
    return Action(
        active=torch.where(taut, active, 0.0),
        velocity=pull.velocity,
        stiffness=torch.where(taut, pull.by_w - pull.by_previous, 0.0),
    )
