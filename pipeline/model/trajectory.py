"""The elastic tendon over a whole window at once: Newton on every time step together.

Backward Euler at every step gives one scalar equation per muscle and step that couples to the
step before it only. Newton over the window therefore needs elementwise work and one first-order
linear recurrence per iteration. The gradient is implicit: at the solution one reversed recurrence
gives the derivative by every parameter, however many iterations the solution took.

References
----------
Hambly et al. 2025, doi 10.1109/TBME.2025.3569682, appendix A (its Rosenbrock step is one Newton
iteration of the same equation); Lim et al. 2024, arXiv 2309.12252 (parallel-in-time Newton).
"""

from __future__ import annotations

from typing import Any, NamedTuple, cast

import torch
from torch import Tensor

from pipeline.model.bracketed import solve_stepwise
from pipeline.model.equilibrium import Balance, Muscles, balance
from pipeline.model.recurrence import linear_recurrence

LOWEST_STATE, HIGHEST_STATE = 1e-4, 3.0
"""The balance always changes sign between these states, so every solution lies inside."""
MAX_ITERATIONS = 25
MAX_STEP = 0.25
"""Largest change of the state in one Newton iteration."""
LEAST_SLOPE = 0.05
"""Keeps the diagonal's sign where the force-length curve descends."""
_START_STRAIN = 0.02


class Report(NamedTuple):
    """How a solution was reached."""

    iterations: int
    residual: float
    """Largest imbalance left, as a fraction of maximum isometric force."""
    fallbacks: int
    """Series (one muscle of one trial) that Newton left to the bracketed solver."""


class Trajectory(NamedTuple):
    """State of the fibres over time."""

    w: Tensor
    """Fibre length along the tendon over optimal fibre length, shape [..., muscle, time]."""
    report: Report


def tolerance(dtype: torch.dtype) -> float:
    """Return the largest imbalance that counts as solved, as a fraction of isometric force."""
    return 1e-10 if dtype == torch.float64 else 5e-5


def rigid_guess(length: Tensor, muscles: Muscles) -> Tensor:
    """Return the state that a nearly rigid tendon would give; a start for Newton."""
    tendon = muscles.tendon_slack_length * (1.0 + _START_STRAIN)
    return ((length - tendon) / muscles.optimal_fibre_length).clamp(0.3, 1.6)


def fibre_trajectory(
    activation: Tensor,
    length: Tensor,
    muscles: Muscles,
    step_s: float,
    before: Tensor | None = None,
    guess: Tensor | None = None,
) -> Trajectory:
    """Solve the tendon's force balance over a window, differentiable in its parameters.

    Parameters
    ----------
    activation, length
        Activation and muscle-tendon length in m, shape [..., muscle, time].
    muscles
        Parameters, broadcast over [..., muscle, time]. The gradient reaches the activation, the
        muscle-tendon length, optimal fibre length, tendon slack length and maximum velocity.
    step_s
        Interval of the time grid, s.
    before
        State before the first sample, shape [..., muscle, 1]; None starts in equilibrium at rest.
    guess
        Start for Newton, shape [..., muscle, time]; the last solution where there is one.
    """
    guess = rigid_guess(length, muscles).detach() if guess is None else guess.detach()
    solver = _Solver(step_s, before)
    w = _FibreTrajectory.apply(  # type: ignore[no-untyped-call]
        activation, length, *muscles, guess, solver
    )
    return Trajectory(cast(Tensor, w), solver.report)


class _Solver:
    """Newton with safeguards; keeps the report of its last solution."""

    def __init__(self, step_s: float, before: Tensor | None) -> None:
        self.step_s = step_s
        self.before = before
        self.report = Report(0, 0.0, 0)

    def solve(
        self, w: Tensor, activation: Tensor, length: Tensor, muscles: Muscles
    ) -> tuple[Tensor, Balance]:
        rate = self._rate(w)
        limit = tolerance(w.dtype)
        for iteration in range(MAX_ITERATIONS + 1):
            now = balance(w, self._previous(w), rate, activation, length, muscles)
            worst = float(now.residual.abs().amax())
            if worst <= limit or iteration == MAX_ITERATIONS:
                break
            slope = now.by_state.clamp_max(-LEAST_SLOPE)
            change = linear_recurrence(-now.by_previous / slope, -now.residual / slope)
            w = (w + change.clamp(-MAX_STEP, MAX_STEP)).clamp(LOWEST_STATE, HIGHEST_STATE)
        failed = ~(now.residual.abs().amax(-1) <= limit)
        fallbacks = int(failed.sum())
        if fallbacks:
            w = self._repair(w, failed, rate, activation, length, muscles)
            now = balance(w, self._previous(w), rate, activation, length, muscles)
            worst = float(now.residual.abs().amax())
        self.report = Report(iteration, worst, fallbacks)
        return w, now

    def _rate(self, w: Tensor) -> Tensor:
        rate = torch.full((w.shape[-1],), 1.0 / self.step_s, dtype=w.dtype, device=w.device)
        if self.before is None:
            rate[0] = 0.0
        return rate

    def _previous(self, w: Tensor) -> Tensor:
        before = w[..., :1] if self.before is None else self.before.expand_as(w[..., :1])
        return torch.cat((before, w[..., :-1]), -1)

    def _repair(
        self,
        w: Tensor,
        failed: Tensor,
        rate: Tensor,
        activation: Tensor,
        length: Tensor,
        muscles: Muscles,
    ) -> Tensor:
        """Solve the series that Newton did not, step by step inside a bracket."""
        chosen = Muscles(*(p.expand_as(w)[failed][..., :1] for p in muscles))
        before = self._previous(w)[failed][..., :1]
        repaired = solve_stepwise(
            activation.expand_as(w)[failed],
            length.expand_as(w)[failed],
            chosen,
            rate,
            before,
            (LOWEST_STATE, HIGHEST_STATE),
        )
        w = w.clone()
        w[failed] = repaired
        return w


class _FibreTrajectory(torch.autograd.Function):
    """The solution of the force balance with its implicit gradient."""

    @staticmethod
    def forward(
        ctx: Any,
        activation: Tensor,
        length: Tensor,
        optimal: Tensor,
        slack: Tensor,
        height: Tensor,
        velocity: Tensor,
        damping: Tensor,
        guess: Tensor,
        solver: _Solver,
    ) -> Tensor:
        muscles = Muscles(optimal, slack, height, velocity, damping)
        w, now = solver.solve(guess, activation, length, muscles)
        ctx.save_for_backward(activation, length, optimal, slack, velocity, w, *now[1:])
        return w

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor | None, ...]:
        activation, length, optimal, slack, velocity, w, *slopes = ctx.saved_tensors
        by_state, by_previous, by_activation, by_strain, by_velocity_scale = slopes
        adjoint = _solve_transposed(by_state, by_previous, grads[0])
        by_length = -adjoint * by_strain / slack
        needs = ctx.needs_input_grad
        return (
            (-adjoint * by_activation).sum_to_size(activation.shape) if needs[0] else None,
            by_length.sum_to_size(length.shape) if needs[1] else None,
            (-by_length * w).sum_to_size(optimal.shape) if needs[2] else None,
            (-by_length * (length - w * optimal) / slack).sum_to_size(slack.shape)
            if needs[3]
            else None,
            None,
            (-adjoint * by_velocity_scale / velocity).sum_to_size(velocity.shape)
            if needs[5]
            else None,
            None,
            None,
            None,
        )


def _solve_transposed(diagonal: Tensor, lower: Tensor, right: Tensor) -> Tensor:
    """Solve ``J^T x = right`` for the bidiagonal Jacobian: one recurrence backwards in time."""
    diagonal = diagonal.flip(-1)
    coupling = torch.cat((torch.zeros_like(lower[..., :1]), lower.flip(-1)[..., :-1]), -1)
    return linear_recurrence(-coupling / diagonal, right.flip(-1) / diagonal).flip(-1)
