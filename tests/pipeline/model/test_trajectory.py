"""The whole-window solver against solutions reached in other ways, and at the edge of the model."""

from itertools import pairwise

import numpy as np
import pytest
import torch
from curve_sets import CHOICES, sampled_of
from hypothesis import given, settings
from hypothesis import strategies as st
from muscle_draws import drawn_movement, drawn_parameters
from muscle_reference import Muscle

from daemon.bench.stepwise import rosenbrock_states
from pipeline.model import bracketed, trajectory
from pipeline.model.activation import neural_activation, shaped
from pipeline.model.curves import DEFAULT, curve_set
from pipeline.model.equilibrium import ForceBalance
from pipeline.model.nms import muscles_of, parameters_of, simulate, stacked
from pipeline.model.subject import Subject
from pipeline.model.trajectory import Apart, fibre_trajectory, tolerance

seeds = st.integers(0, 2**32 - 1)


def soleus_and_two_more():
    """A strong muscle with a long tendon, one with a short tendon, one in between."""
    return parameters_of(
        Subject.generic(
            muscles=("soleus", "bifemsh", "tib_ant"),
            max_isometric_force=np.array([3500.0, 800.0, 900.0]),
            optimal_fibre_length=np.array([0.05, 0.173, 0.098]),
            tendon_slack_length=np.array([0.25, 0.089, 0.223]),
            pennation=np.array([0.44, 0.4, 0.09]),
            max_velocity=np.array([10.0, 10.0, 8.0]),
        )
    )


def reference(parameters):
    optimal, slack, height, speed, damping = (
        part[:, 0].numpy() for part in muscles_of(parameters)[:5]
    )
    return Muscle(optimal, slack, height, speed, damping)


def smooth_movement(parameters, step_s, duration_s=0.6):
    t = torch.arange(round(duration_s / step_s) + 1, dtype=torch.float64) * step_s
    phase = torch.tensor([[0.0], [1.0], [2.0]], dtype=torch.float64)
    activation = 0.5 - 0.4 * torch.cos(2 * torch.pi * 2.0 * t + phase)
    swing = 1.0 + 0.15 * torch.sin(2 * torch.pi * 1.5 * t + phase)
    length = 1.02 * parameters.tendon_slack_length + swing * parameters.optimal_fibre_length
    return activation, length


def test_equals_bisection_step_by_step():
    parameters = soleus_and_two_more()
    activation, length = smooth_movement(parameters, 0.01)
    w, report, _ = fibre_trajectory(activation, length, muscles_of(parameters), 0.01)
    expected = reference(parameters).backward_euler(activation.numpy(), length.numpy(), 0.01)
    np.testing.assert_allclose(w, expected, rtol=0, atol=1e-8)
    assert report.fallbacks == 0


@settings(max_examples=15)
@given(seed=seeds)
def test_equals_bisection_for_muscles_drawn_at_random(seed):
    """Except where the first sample has several equilibria: any of them is a solution."""
    rng = np.random.default_rng(seed)
    parameters = drawn_parameters(rng, 4)
    movement = drawn_movement(rng, parameters, 25, 0.01)
    activation, _ = neural_activation(movement.excitation, parameters.c1, parameters.c2, 0.01, None)
    activation = shaped(activation, parameters.shape_factor)
    w, *_ = fibre_trajectory(activation, movement.length, muscles_of(parameters), 0.01)
    expected = reference(parameters).backward_euler(
        activation.numpy(), movement.length.numpy(), 0.01
    )
    same_start = np.abs(w[:, 0].numpy() - expected[:, 0]) < 1e-6
    flat = 1e-4  # a tendon that is all but slack leaves its fibre almost free
    np.testing.assert_allclose(w[same_start], expected[same_start], rtol=0, atol=flat)


def largest_errors(states_of, steps):
    """Return the largest error at each step size, over a solution at a far smaller one."""
    parameters = soleus_and_two_more()
    muscles, finest = muscles_of(parameters), steps[-1] / 32
    exact, *_ = fibre_trajectory(*smooth_movement(parameters, finest), muscles, finest)
    errors = []
    for step_s in steps:
        w = states_of(parameters, *smooth_movement(parameters, step_s), step_s)
        every = round(step_s / finest)
        errors.append(float((torch.as_tensor(w) - exact[:, ::every]).abs().max()))
    return errors


def order(errors, steps):
    return np.polyfit(np.log(steps), np.log(errors), 1)[0]


def by_trajectory(parameters, activation, length, step_s):
    return fibre_trajectory(activation, length, muscles_of(parameters), step_s).w


def by_published_recursion(parameters, activation, length, step_s):
    return reference(parameters).rosenbrock(activation.numpy(), length.numpy(), step_s)


def by_stepwise_yardstick(parameters, activation, length, step_s):
    muscles = muscles_of(parameters)
    rate = torch.full(activation.shape[-1:], 1.0 / step_s, dtype=torch.float64)
    start = fibre_trajectory(activation[:, :1], length[:, :1], muscles, step_s).w
    return rosenbrock_states(ForceBalance.of(activation, length, muscles, rate), start)


@pytest.mark.parametrize(
    "states_of", [by_trajectory, by_published_recursion, by_stepwise_yardstick]
)
def test_every_way_converges_to_one_solution_with_order_one(states_of):
    steps = [0.004, 0.002, 0.001, 0.0005]
    errors = largest_errors(states_of, steps)
    assert 0.9 < order(errors, steps) < 1.2
    assert errors[-1] < 5e-3


def test_the_yardstick_is_the_published_recursion():
    """In the state w the same step differs by the square of its length only."""
    parameters = soleus_and_two_more()
    steps, gaps = [0.004, 0.002, 0.001], []
    for step_s in steps:
        movement = smooth_movement(parameters, step_s)
        one = by_published_recursion(parameters, *movement, step_s)
        other = by_stepwise_yardstick(parameters, *movement, step_s)
        gaps.append(float(np.abs(one - other.numpy()).max()))
    assert order(gaps, steps) > 0.9
    assert gaps[-1] < 5e-4


@settings(max_examples=40)
@given(
    seed=seeds,
    samples=st.integers(2, 200),
    step_s=st.sampled_from([0.001, 0.005, 0.01, 0.05]),
    slack=st.booleans(),
    hz=st.sampled_from([0.5, 2.0, 8.0]),
    dtype=st.sampled_from([torch.float64, torch.float32]),
)
def test_is_finite_and_solved_anywhere_inside_the_bounds(seed, samples, step_s, slack, hz, dtype):
    check_solved(DEFAULT, seed, samples, step_s, slack, hz, dtype)


def check_solved(curves, seed, samples, step_s, slack, hz, dtype, rounding=1):
    rng = np.random.default_rng(seed)
    parameters = drawn_parameters(rng, 8, dtype)._replace(curves=curves)
    movement = drawn_movement(rng, parameters, samples, step_s, slack, hz)
    parameters = parameters._replace(
        tendon_slack_length=parameters.tendon_slack_length.clone().requires_grad_()
    )
    output = simulate(parameters, *movement, step_s)
    assert output.report.residual <= rounding * tolerance(dtype)
    assert torch.isfinite(output.moment).all()
    assert (output.force >= 0).all()
    (gradient,) = torch.autograd.grad(output.moment.sum(), parameters.tendon_slack_length)
    assert torch.isfinite(gradient).all()


@pytest.mark.parametrize("name", [name for name in CHOICES if name != "degroote2016"])
@settings(max_examples=15)
@given(
    seed=seeds,
    samples=st.integers(2, 200),
    step_s=st.sampled_from([0.001, 0.005, 0.01, 0.05]),
    slack=st.booleans(),
    hz=st.sampled_from([0.5, 2.0, 8.0]),
    dtype=st.sampled_from([torch.float64, torch.float32]),
)
def test_every_curve_set_is_solved_anywhere_too(name, seed, samples, step_s, slack, hz, dtype):
    """At a millisecond single precision of `w` is less than that of a steep curve's force."""
    rounding = 4 if (step_s, dtype) == (0.001, torch.float32) else 1
    check_solved(curve_set(CHOICES[name]), seed, samples, step_s, slack, hz, dtype, rounding)


@settings(max_examples=15)
@given(seed=seeds, slack=st.booleans())
def test_curves_of_each_muscle_are_solved_anywhere_too(seed, slack):
    """Also where single series are left to the bracketed solver."""
    check_solved(curve_set(sampled_of(8)), seed, 60, 0.01, slack, 8.0, torch.float64)


@pytest.mark.parametrize("slack", [False, True])
@pytest.mark.parametrize("samples", [1500, 4000])
def test_long_windows_are_solved(samples, slack):
    rng = np.random.default_rng(samples)
    parameters = drawn_parameters(rng, 4)
    output = simulate(parameters, *drawn_movement(rng, parameters, samples, 0.005, slack), 0.005)
    assert output.report.residual <= tolerance(torch.float64)
    assert torch.isfinite(output.moment).all()


@settings(max_examples=8)
@given(seed=seeds, slack=st.booleans())
def test_fallback_alone_solves_what_newton_is_kept_from(seed, slack):
    rng = np.random.default_rng(seed)
    parameters = drawn_parameters(rng, 6)
    movement = drawn_movement(rng, parameters, 12, 0.01, slack)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(trajectory, "COLD_ITERATIONS", 0)
        output = simulate(parameters, *movement, 0.01)
    assert output.report.fallbacks == 6
    assert output.report.residual <= tolerance(torch.float64)
    solved = simulate(parameters, *movement, 0.01)
    same_start = (output.w[:, 0] - solved.w[:, 0]).abs() < 1e-6
    torch.testing.assert_close(output.w[same_start], solved.w[same_start], rtol=0, atol=1e-4)


def test_fallback_leaves_the_other_series_alone():
    parameters = soleus_and_two_more()
    activation, length = smooth_movement(parameters, 0.01)
    muscles = muscles_of(parameters)
    w, *_ = fibre_trajectory(activation, length, muscles, 0.01)
    spoilt = w.clone()
    spoilt[1] = torch.nan
    repaired, report, _ = fibre_trajectory(activation, length, muscles, 0.01, guess=spoilt)
    assert report.fallbacks == 1
    torch.testing.assert_close(repaired[[0, 2]], w[[0, 2]], rtol=0, atol=1e-9)
    torch.testing.assert_close(repaired[1], w[1], rtol=0, atol=1e-7)


def test_non_finite_input_stays_in_its_series_and_is_reported():
    parameters = soleus_and_two_more()
    activation, length = smooth_movement(parameters, 0.01)
    activation[1, 20] = torch.nan
    w, report, _ = fibre_trajectory(activation, length, muscles_of(parameters), 0.01)
    assert torch.isfinite(w[[0, 2]]).all()
    assert report.fallbacks == 1
    assert np.isnan(report.residual)


@settings(max_examples=10)
@given(seed=seeds, cuts=st.lists(st.integers(1, 39), max_size=4, unique=True))
def test_in_parts_with_carried_state_is_the_whole(seed, cuts):
    rng = np.random.default_rng(seed)
    parameters = drawn_parameters(rng, 3)
    movement = drawn_movement(rng, parameters, 40, 0.01)
    with torch.inference_mode():
        whole = simulate(parameters, *movement, 0.01)
        state, parts = None, []
        edges = [0, *sorted(cuts), 40]
        for a, b in pairwise(edges):
            part = simulate(parameters, *(x[..., a:b] for x in movement), 0.01, state)
            state = part.state
            parts.append(part.moment)
    scale = float(whole.force.max()) * 0.06
    torch.testing.assert_close(torch.cat(parts, -1), whole.moment, rtol=0, atol=1e-5 * scale)


def test_sample_by_sample_is_the_whole():
    parameters = soleus_and_two_more()
    activation, length = smooth_movement(parameters, 0.01)
    arms = torch.full((1, 3, length.shape[-1]), 0.04, dtype=torch.float64)
    whole = simulate(parameters, activation, length, arms, 0.01)
    state, moments = None, []
    for i in range(length.shape[-1]):
        now = slice(i, i + 1)
        part = simulate(parameters, activation[:, now], length[:, now], arms[..., now], 0.01, state)
        state = part.state
        moments.append(part.moment)
    torch.testing.assert_close(torch.cat(moments, -1), whole.moment, rtol=0, atol=1e-5)


def test_warm_start_takes_fewer_iterations():
    parameters = soleus_and_two_more()
    activation, length = smooth_movement(parameters, 0.01)
    cold = fibre_trajectory(activation, length, muscles_of(parameters), 0.01)
    moved = parameters._replace(tendon_slack_length=1.001 * parameters.tendon_slack_length)
    warm = fibre_trajectory(activation, length, muscles_of(moved), 0.01, guess=cold.w)
    assert warm.report.iterations <= 3 < cold.report.iterations


def test_what_the_repair_does_not_solve_in_its_iterations_is_no_number(monkeypatch):
    parameters = soleus_and_two_more()
    activation, length = smooth_movement(parameters, 0.01)
    rate = torch.full(length.shape[-1:], 100.0, dtype=torch.float64)
    balance = ForceBalance.of(activation, length, muscles_of(parameters), rate)
    before = torch.ones((3, 1), dtype=torch.float64)
    solved = bracketed.solve_stepwise(balance, before, (0.0, 3.0), 1e-10)
    assert solved.isfinite().all()
    monkeypatch.setattr(bracketed, "MEAN_ITERATIONS", 0)
    monkeypatch.setattr(bracketed, "MAX_ITERATIONS", 40)
    part = bracketed.solve_stepwise(balance, before, (0.0, 3.0), 1e-10)
    known = int(part.isfinite().all(0).sum())
    assert 0 < known < part.shape[-1]
    torch.testing.assert_close(part[:, :known], solved[:, :known])
    assert part[:, known + 1 :].isnan().any(0).all()


def counted(function, calls):
    def counting(*arguments):
        calls.append(1)
        return function(*arguments)

    return counting


@settings(max_examples=25)
@given(seed=seeds, far=st.floats(-20.0, 20.0))
def test_whatever_the_length_the_work_is_bounded(seed, far):
    rng = np.random.default_rng(seed)
    parameters = soleus_and_two_more()
    activation, length = smooth_movement(parameters, 0.01)
    length = length + far * torch.as_tensor(rng.normal(size=length.shape))
    evaluated = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ForceBalance, "at", counted(ForceBalance.at, evaluated))
        w, *_ = fibre_trajectory(activation, length, muscles_of(parameters), 0.01)
    assert (w.isnan() | ((w >= 0.0) & (w <= 3.0))).all()
    steps = length.shape[-1]
    most = bracketed.MAX_ITERATIONS + bracketed.MEAN_ITERATIONS * steps
    assert len(evaluated) <= trajectory.COLD_ITERATIONS + most + steps + 3


@pytest.mark.parametrize("iterations", [5, trajectory.COLD_ITERATIONS])
@settings(max_examples=4)
@given(seed=seeds)
def test_problems_apart_are_solved_as_each_alone(iterations, seed):
    """The hard ones among them by the fallback, where Newton has few iterations."""
    rng = np.random.default_rng(seed)
    sets = [drawn_parameters(rng, 3) for _ in range(4)]
    movements = [drawn_movement(rng, one, 15, 0.01, slack=True) for one in sets]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(trajectory, "COLD_ITERATIONS", iterations)
        pairs = zip(sets, movements, strict=True)
        alone = [simulate(one, *movement, 0.01) for one, movement in pairs]
        together = simulate(
            stacked(sets), *map(torch.stack, zip(*movements, strict=True)), 0.01, apart=Apart(1)
        )
    for found, expected in zip(together.w, alone, strict=True):
        torch.testing.assert_close(found, expected.w, rtol=0, atol=1e-12)
    assert together.report.fallbacks == sum(one.report.fallbacks for one in alone)


def test_a_problem_that_is_spoilt_leaves_those_apart_from_it_alone():
    parameters = soleus_and_two_more()
    activation, length = smooth_movement(parameters, 0.01)
    both = stacked([parameters, parameters])
    spoilt = activation.clone()
    spoilt[1, 20] = torch.nan
    alone, *_ = fibre_trajectory(activation, length, muscles_of(parameters), 0.01)
    w, report, _ = fibre_trajectory(
        torch.stack((spoilt, activation)), length, muscles_of(both), 0.01, apart=Apart(1)
    )
    assert torch.isnan(w[0, 1]).all()
    assert report.fallbacks == 1
    torch.testing.assert_close(w[0, [0, 2]], alone[[0, 2]], rtol=0, atol=1e-13)
    torch.testing.assert_close(w[1], alone, rtol=0, atol=1e-13)


def test_a_spoilt_guess_of_one_problem_is_repaired_there():
    parameters = soleus_and_two_more()
    activation, length = smooth_movement(parameters, 0.01)
    both = muscles_of(stacked([parameters, parameters]))
    w, *_ = fibre_trajectory(activation, length, muscles_of(parameters), 0.01)
    guess = torch.stack((w, w))
    guess[0, 1] = torch.nan
    repaired, report, _ = fibre_trajectory(
        activation.expand(2, -1, -1), length, both, 0.01, guess=guess, apart=Apart(1)
    )
    assert report.fallbacks == 1
    torch.testing.assert_close(repaired[0], w, rtol=0, atol=1e-7)
    torch.testing.assert_close(repaired[1], w, rtol=0, atol=1e-13)


def test_what_fills_a_tensor_up_is_not_waited_for():
    parameters = soleus_and_two_more()
    activation, length = smooth_movement(parameters, 0.01)
    filled = [torch.cat((part, part[:, :1].expand(-1, 25)), -1) for part in (activation, length)]
    real = torch.arange(filled[0].shape[-1]) < activation.shape[-1]
    alone, expected, _ = fibre_trajectory(activation, length, muscles_of(parameters), 0.01)
    muscles = muscles_of(stacked([parameters]))
    w, report, _ = fibre_trajectory(
        *(part[None] for part in filled), muscles, 0.01, apart=Apart(1, real[None, None])
    )
    assert report.iterations == expected.iterations
    torch.testing.assert_close(w[0, :, : alone.shape[-1]], alone, rtol=0, atol=1e-13)
