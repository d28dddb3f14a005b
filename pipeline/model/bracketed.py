"""The force balance solved one step after the other inside a bracket: slow, and cannot fail."""

from __future__ import annotations

import torch
from torch import Tensor

from pipeline.model.equilibrium import Muscles, balance

MAX_ITERATIONS = 120


def solve_stepwise(
    activation: Tensor,
    length: Tensor,
    muscles: Muscles,
    rate: Tensor,
    before: Tensor,
    bracket: tuple[float, float],
) -> Tensor:
    """Solve the force balance of each series in turn of time.

    The balance is positive at the bracket's lower end (the tendon pulls, the fibre has no
    length) and negative at its upper end, so a Newton step that leaves the shrinking bracket is
    replaced by a bisection.

    Parameters
    ----------
    activation, length
        Activation and muscle-tendon length in m, shape [series, time].
    muscles
        Parameters, each of shape [series, 1].
    rate
        1 / time step in 1/s, shape [time]; zero means equilibrium at rest.
    before
        State before the first sample, shape [series, 1].
    bracket
        States between which the balance changes sign.

    Returns
    -------
    Tensor
        State, shape [series, time].
    """
    states = []
    for i in range(activation.shape[-1]):
        now = slice(i, i + 1)
        before = _root(before, rate[now], activation[:, now], length[:, now], muscles, bracket)
        states.append(before)
    return torch.cat(states, -1)


def _root(
    previous: Tensor,
    rate: Tensor,
    activation: Tensor,
    length: Tensor,
    muscles: Muscles,
    bracket: tuple[float, float],
) -> Tensor:
    """Return the state at one step by Newton, with bisection as its safeguard."""
    low, high = (torch.full_like(previous, end) for end in bracket)
    w = previous.clamp(*bracket)
    resolution = 4.0 * torch.finfo(w.dtype).eps
    for _ in range(MAX_ITERATIONS):
        at = balance(w, previous, rate, activation, length, muscles)
        low = torch.where(at.residual > 0, w, low)
        high = torch.where(at.residual > 0, high, w)
        newton = w - at.residual / at.by_state
        inside = (newton > low) & (newton < high)
        following = torch.where(inside, newton, 0.5 * (low + high))
        moved = (following - w).abs()
        w = following
        if bool((moved <= resolution * w.abs()).all()):
            break
    return w
