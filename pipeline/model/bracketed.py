"""The force balance solved one step after the other inside a bracket: slow, sure, and bounded."""

from __future__ import annotations

import torch
from torch import Tensor

from pipeline.model.equilibrium import ForceBalance
from pipeline.shapes import Float

MAX_ITERATIONS = 200
"""Iterations at one step, by which the bracket has closed to rounding."""
MEAN_ITERATIONS = 80
"""Iterations per step over a whole window, beyond those of one hard step; 20 to 30 are usual."""
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
        State, shape [series, time]; NaN from the step on that was not solved in the iterations
        there are.
    """
    w, states = before, []
    left = MAX_ITERATIONS + MEAN_ITERATIONS * balance.activation.shape[-1]
    for i in range(balance.activation.shape[-1]):
        w, taken = _root(w, balance.step(i), bracket, limit, min(left, MAX_ITERATIONS))
        left -= taken
        states.append(w)
    return torch.cat(states, -1)


def _root(
    previous: Tensor, balance: ForceBalance, bracket: tuple[float, float], limit: float, most: int
) -> tuple[Tensor, int]:
    """Return the state at one step by Newton, with bisection as its safeguard, and the iterations.

    NaN where `most` iterations do not find it.
    """
    low, high = (torch.full_like(previous, end) for end in bracket)
    w = previous.clamp(*bracket)
    unsolved = torch.ones_like(w, dtype=torch.bool)
    for iteration in range(most):
        at = balance.at(w, previous)
        unsolved = at.residual.abs() > limit
        unsolved &= high - low > torch.finfo(w.dtype).eps
        if not bool(unsolved.any()):
            return w, iteration
        low = torch.where(at.residual > 0, w, low)
        high = torch.where(at.residual > 0, high, w)
        newton = w + at.residual / at.steepness
        trusted = (newton > low) & (newton < high) & (iteration % HALVING_EVERY < 2)
        w = torch.where(unsolved, torch.where(trusted, newton, 0.5 * (low + high)), w)
    return w.where(~unsolved, torch.nan), most
