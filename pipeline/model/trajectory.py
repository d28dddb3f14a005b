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

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple, cast

import torch
from torch import Tensor

from pipeline.model.bracketed import solve_stepwise
from pipeline.model.curves import CurveSet
from pipeline.model.equilibrium import (
    Balance,
    ForceBalance,
    Muscles,
    state_before,
    step_rate,
    summed,
)
from pipeline.model.recurrence import linear_recurrence
from pipeline.shapes import Bool, Float

LOWEST_STATE, HIGHEST_STATE = 0.0, 3.0
"""The balance always changes sign between these states, so every solution lies inside."""
COLD_ITERATIONS = 25
"""Newton iterations after which a window is left to the bracketed solver."""
WARM_ITERATIONS = 4
"""Newton iterations of a deferred solution that starts from the one before it."""
CHORD_AT_FIRST = 6
"""Newton iterations of a cold start that go along the chord of a level force-velocity curve."""
CHORD_AGAIN = range(12, 18)
"""Those that do so where the slopes have led to nothing."""
MAX_STEP = 0.25
"""Largest change of the state in one Newton iteration."""
LEAST_STEEPNESS = 1e-4
"""Least stiffness in a Newton iteration: keeps the step's sign where force falls with length."""
LEAST_DIAGONAL = 1e-9
"""Keeps the gradient finite where the balance is on the edge of instability."""
_START_STRAIN = 0.02


@dataclass(frozen=True)
class Report:
    """How a solution was reached; a deferred solution is looked at when the report is read."""

    iterations: int
    worst: float | Tensor
    failed: int | Tensor

    @property
    def residual(self) -> float:
        """Largest imbalance left, as a fraction of maximum isometric force."""
        return float(self.worst)

    @property
    def fallbacks(self) -> int:
        """Series (one muscle of one trial) that Newton left unsolved.

        The bracketed solver has solved them, except where the solution was deferred.
        """
        return int(self.failed)


class Trajectory(NamedTuple):
    """State of the fibres over time."""

    w: Tensor
    """Fibre length along the tendon over optimal fibre length, shape [..., muscle, time]."""
    report: Report
    balance: Balance | None = None
    """The force balance there; None where gradients are recorded, which need it for themselves."""


class Apart(NamedTuple):
    """Problems side by side in one tensor, each solved as if it were alone.

    Newton goes on in each until that one is solved, and then leaves it as it is.
    """

    dims: int
    """Leading dimensions that count the problems."""
    real: Bool[Tensor, "*problem #muscle time"] | None = None
    """Which samples are a problem's own; the others only fill the tensor up. None: all are."""

    def imbalance(self, residual: Tensor) -> Tensor:
        """Return how far each sample is from balance, zero where it only fills up."""
        size = residual.abs()
        return size if self.real is None else torch.where(self.real, size, 0.0)

    def each(self, hard: Tensor) -> Iterator[Tensor]:
        """Yield the series to solve of one problem after the other, shape [..., muscle]."""
        for place in hard.flatten(self.dims).any(-1).nonzero().tolist():
            one = torch.zeros_like(hard)
            one[tuple(place)] = hard[tuple(place)]
            yield one


def tolerance(dtype: torch.dtype) -> float:
    """Return the largest imbalance that counts as solved, as a fraction of isometric force."""
    return 1e-9 if dtype == torch.float64 else 5e-5


def rigid_guess(
    length: Float[Tensor, "*#batch muscle time"], muscles: Muscles
) -> Float[Tensor, "*any muscle time"]:
    """Return the state that a nearly rigid tendon would give; a start for Newton."""
    tendon = muscles.tendon_slack_length * (1.0 + _START_STRAIN)
    return ((length - tendon) / muscles.optimal_fibre_length).clamp(0.3, 1.6)


def fibre_trajectory(
    activation: Float[Tensor, "*#batch muscle time"],
    length: Float[Tensor, "*#batch muscle time"],
    muscles: Muscles,
    step_s: float,
    before: Float[Tensor, "*#batch muscle 1"] | None = None,
    guess: Float[Tensor, "*#batch muscle time"] | None = None,
    deferred: bool = False,
    apart: Apart | None = None,
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
    deferred
        Take a fixed number of Newton iterations and never let the host wait for a GPU. What has
        not converged then is counted in the report, not repaired.
    apart
        Which of the dimensions count problems that know nothing of each other; None where all is
        one problem, solved when its worst sample is.
    """
    cold = guess is None
    iterations = COLD_ITERATIONS if cold else WARM_ITERATIONS
    guess = rigid_guess(length, muscles) if guess is None else guess
    guess, _ = torch.broadcast_tensors(guess, activation)  # type: ignore[no-untyped-call]
    solver = _Solver(step_s, before, cold, iterations if deferred else None, apart)
    if torch.is_grad_enabled():
        solved = _FibreTrajectory.apply(  # type: ignore[no-untyped-call]
            activation, length, *muscles, guess.detach(), solver
        )
        return Trajectory(cast(Tensor, solved), solver.report)
    w, balance = solver.solve(guess, activation, length, muscles)
    return Trajectory(w, solver.report, balance)


class _Solver:
    """Newton over the window, with safeguards; keeps the report of its last solution."""

    def __init__(
        self,
        step_s: float,
        before: Tensor | None,
        cold: bool,
        iterations: int | None,
        apart: Apart | None = None,
    ) -> None:
        self.step_s = step_s
        self.before = before
        self.cold = cold
        self.iterations = iterations
        self.apart = apart
        self.report = Report(0, 0.0, 0)

    def solve(
        self, w: Tensor, activation: Tensor, length: Tensor, muscles: Muscles
    ) -> tuple[Tensor, Balance]:
        """Return the state and the balance there."""
        balance = ForceBalance.of(
            activation, length, muscles, step_rate(w, self.step_s, self.before)
        )
        if self.iterations is not None:
            return self._fixed(w, balance, self.iterations)
        if self.apart is not None:
            return self._each(w, balance, self.apart)
        limit = tolerance(w.dtype)
        for iteration in range(COLD_ITERATIONS + 1):
            now = balance.at(w, state_before(w, self.before))
            worst = float(now.residual.abs().amax())
            if worst <= limit:
                self.report = Report(iteration, worst, 0)
                return w, now
            if iteration < COLD_ITERATIONS:
                w = self._improved(iteration, w, now, balance)
        failed = ~(now.residual.abs().amax(-1) <= limit)
        w = self._repair(w, failed & balance.finite(), balance)
        now = balance.at(w, state_before(w, self.before))
        self.report = Report(COLD_ITERATIONS, float(now.residual.abs().amax()), int(failed.sum()))
        return w, now

    def _each(self, w: Tensor, balance: ForceBalance, apart: Apart) -> tuple[Tensor, Balance]:
        """Solve every problem by itself; a series without finite inputs is given up at once."""
        limit, inner = tolerance(w.dtype), tuple(range(apart.dims, w.dim()))
        lost = self._lost(balance)
        w = w if lost is None else w.masked_fill(lost, torch.nan)
        for iteration in range(COLD_ITERATIONS + 1):
            now = balance.at(w, state_before(w, self.before))
            off = apart.imbalance(now.residual)
            searched = off if lost is None else off.masked_fill(lost, 0.0)
            unsolved = ~(searched.amax(inner, keepdim=True) <= limit)
            if not bool(unsolved.any()):
                self.report = Report(iteration, off.amax(), (~(off.amax(-1) <= limit)).sum())
                return w, now
            if iteration < COLD_ITERATIONS:
                w = torch.where(unsolved, self._improved(iteration, w, now, balance), w)
        failed = ~(off.amax(-1) <= limit)
        for one in apart.each(failed & balance.finite()):
            w = self._repair(w, one, balance)
        now = balance.at(w, state_before(w, self.before))
        off = apart.imbalance(now.residual)
        self.report = Report(COLD_ITERATIONS, off.amax(), failed.sum())
        return w, now

    @staticmethod
    def _lost(balance: ForceBalance) -> Tensor | None:
        """Return the series that have no solution, shape [..., muscle, 1]; None where all have."""
        given = balance.activation, balance.free_strain, balance.per_change, balance.stretch
        inputs = torch.stack([part.sum() for part in given])
        return None if bool(inputs.isfinite().all()) else ~balance.finite().unsqueeze(-1)

    def _fixed(self, w: Tensor, balance: ForceBalance, iterations: int) -> tuple[Tensor, Balance]:
        for iteration in range(iterations):
            now = balance.at(w, state_before(w, self.before))
            w = self._improved(iteration, w, now, balance)
        now = balance.at(w, state_before(w, self.before))
        worst = now.residual.abs().amax(-1)
        failed = ~(worst <= tolerance(w.dtype))
        self.report = Report(iterations, worst.amax(), failed.sum())
        return w, now

    def _improved(self, iteration: int, w: Tensor, now: Balance, balance: ForceBalance) -> Tensor:
        first = CHORD_AT_FIRST if self.cold else 0
        if balance.curves.levels and (iteration < first or iteration in CHORD_AGAIN):
            more = balance.chord(now)
            steepness, by_previous = now.steepness + more, now.by_previous + more
            now = now._replace(steepness=steepness, by_previous=by_previous)
        return newton_step(w, now)

    def _repair(self, w: Tensor, failed: Tensor, balance: ForceBalance) -> Tensor:
        """Solve the series that Newton did not, step by step inside a bracket."""
        before = torch.ones_like(w[..., :1]) if self.before is None else self.before
        w = w.clone()
        w[failed] = solve_stepwise(
            balance.series(failed),
            before.expand_as(w[..., :1])[failed],
            (LOWEST_STATE, HIGHEST_STATE),
            0.5 * tolerance(w.dtype),
        )
        return w


def newton_step(w: Tensor, now: Balance) -> Tensor:
    """Return a better guess: one Newton iteration on all time steps together."""
    steepness = torch.maximum(now.steepness, now.by_previous + LEAST_STEEPNESS)
    change = linear_recurrence(now.by_previous / steepness, now.residual / steepness)
    return (w + change.clamp(-MAX_STEP, MAX_STEP)).clamp(LOWEST_STATE, HIGHEST_STATE)


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
        curves: CurveSet,
        guess: Tensor,
        solver: _Solver,
    ) -> Tensor:
        muscles = Muscles(optimal, slack, height, velocity, damping, curves)
        w, now = solver.solve(guess, activation, length, muscles)
        w = w.clone() if w is guess else w  # an input that is returned has no tangent of its own
        ctx.save_for_backward(activation, length, optimal, slack, velocity, w, *now)
        ctx.save_for_forward(activation, length, optimal, slack, velocity, w, *now)
        return w

    @staticmethod
    def jvp(ctx: Any, *tangents: Tensor | None) -> Tensor:
        _, length, optimal, slack, velocity, w, *rest = ctx.saved_tensors
        now = Balance(*rest)
        by_strain = now.by_strain / slack
        effects = (
            now.by_activation,
            by_strain,
            -by_strain * w,
            -by_strain * (length - w * optimal) / slack,
            None,
            now.by_log_velocity / velocity,
        )
        moved = torch.zeros_like(w)
        for effect, tangent in zip(effects, tangents, strict=False):
            if effect is not None and tangent is not None:
                moved = moved + effect * tangent
        steepness = now.steepness.clamp_min(LEAST_DIAGONAL)
        return linear_recurrence(now.by_previous / steepness, moved / steepness)

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor | None, ...]:
        activation, length, optimal, slack, velocity, w, *rest = ctx.saved_tensors
        now = Balance(*rest)
        adjoint = _solve_transposed(now.steepness, now.by_previous, grads[0])
        by_length = adjoint * now.by_strain / slack
        needs = ctx.needs_input_grad
        return (
            summed(adjoint * now.by_activation, activation) if needs[0] else None,
            summed(by_length, length) if needs[1] else None,
            summed(-by_length * w, optimal) if needs[2] else None,
            summed(-by_length * (length - w * optimal) / slack, slack) if needs[3] else None,
            None,
            summed(adjoint * now.by_log_velocity / velocity, velocity) if needs[5] else None,
            *(None, None, None, None),
        )


def _solve_transposed(steepness: Tensor, by_previous: Tensor, right: Tensor) -> Tensor:
    """Solve ``-J^T x = right`` for the bidiagonal Jacobian: one recurrence backwards in time."""
    steepness = steepness.clamp_min(LEAST_DIAGONAL)
    reach = by_previous.roll(-1, -1) / steepness  # what each step owes to the one after it
    return linear_recurrence(reach.flip(-1), (right / steepness).flip(-1)).flip(-1)
