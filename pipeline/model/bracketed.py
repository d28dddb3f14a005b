"""The force balance solved one step after the other inside a bracket: slow, and cannot fail."""

from __future__ import annotations

import torch
from torch import Tensor

from pipeline.model.equilibrium import ForceBalance
from pipeline.shapes import Float

MAX_ITERATIONS = 200
HALVING_EVERY = 3
"""Every third iteration halves the bracket whatever Newton says, so the bracket must close."""


def solve_stepwise(
    balance: ForceBalance,
    before: Float[Tensor, "series 1"],
    bracket: tuple[float, float],
    limit: float,
) -> Float[Tensor, "series time"]:
    """Solve the force balance of each series in turn of time.

    The balance is positive at the bracket's lower end (only the tendon pulls along itself) and
    negative at its upper end, so a Newton step that leaves the shrinking bracket is replaced by
    its bisection.

    Parameters
    ----------
    balance
        The balance, finite everywhere, of shape [series, time].
    before
        State before the first sample, shape [series, 1].
    bracket
        States between which the balance changes sign.
    limit
        Imbalance that counts as solved, as a fraction of maximum isometric force.

    Returns
    -------
    Tensor
        State, shape [series, time].
    """
    w, states = before, []
    for i in range(balance.activation.shape[-1]):
        w = _root(w, balance.step(i), bracket, limit)
        states.append(w)
    return torch.cat(states, -1)


def _root(
    previous: Tensor, balance: ForceBalance, bracket: tuple[float, float], limit: float
) -> Tensor:
    """Return the state at one step by Newton, with bisection as its safeguard."""
    low, high = (torch.full_like(previous, end) for end in bracket)
    w = previous.clamp(*bracket)
    for iteration in range(MAX_ITERATIONS):
        at = balance.at(w, previous)
        unsolved = at.residual.abs() > limit
        if not bool(unsolved.any()):
            break
        low = torch.where(at.residual > 0, w, low)
        high = torch.where(at.residual > 0, high, w)
        newton = w + at.residual / at.steepness
        trusted = (newton > low) & (newton < high) & (iteration % HALVING_EVERY < 2)
        w = torch.where(unsolved, torch.where(trusted, newton, 0.5 * (low + high)), w)
    return w
