"""Muscles and bones are found again from motion that nobody's torque was measured in."""

import torch

from pipeline.identify.loss import residual_torque
from pipeline.identify.methods import IdentificationSettings, adamw, gauss_newton
from pipeline.model.nms import simulate
from pipeline.model.skeleton import SHAPE
from tools.studies.diff_msm.arm import record
from tools.studies.diff_msm.methods import muscle_errors


def test_the_true_arm_leaves_no_error(problem):
    objective, truth = problem(1, SHAPE)
    assert float(objective(truth)) < 1e-15
    assert float(objective(objective.space.zeros())) > 0.1


def test_motion_is_newtons(arm, recording):
    """The recorded accelerations take the torque that the muscles and the damping give."""
    moment = simulate(arm.muscles, *recording[:3], recording.step_s).moment
    residual = residual_torque(
        recording.motion, arm.skeleton.inertia, moment[..., :: recording.stride]
    )
    assert float((residual.abs() * recording.motion.weight).max()) < 1e-5


def test_a_weight_in_the_hand_is_accounted_for(arm):
    loaded = record(arm, seed=5, trials=4, weight_kg=1.0)
    moment = simulate(arm.muscles, *loaded[:3], loaded.step_s).moment[..., :: loaded.stride]
    residual = (
        residual_torque(loaded.motion, arm.skeleton.inertia, moment).abs() * loaded.motion.weight
    )
    assert float(residual.max()) < 1e-5
    light = loaded.motion._replace(load=0.0 * loaded.motion.load)
    assert float(residual_torque(light, arm.skeleton.inertia, moment).abs()[0].max()) > 1.0


def test_slopes_are_those_of_the_loss(problem):
    """With the mass matrix held, twice the errors times their slopes is the loss's gradient."""
    objective, _ = problem(1, SHAPE)
    vector = objective.space.zeros().requires_grad_()
    error, slope = objective.linearised(vector.detach())
    loss = objective(vector)  # still with the mass matrix that linearised took
    (gradient,) = torch.autograd.grad(loss, vector)
    torch.testing.assert_close(error @ error, loss.detach())
    torch.testing.assert_close(2.0 * slope.T @ error, gradient, rtol=1e-4, atol=1e-6)


def test_gradient_against_finite_differences(problem):
    objective, _ = problem(2, SHAPE)
    vector = objective.space.zeros().requires_grad_()
    (gradient,) = torch.autograd.grad(objective(vector), vector)
    draw = torch.Generator().manual_seed(0)
    for _ in range(3):
        way = torch.randn(len(vector), generator=draw, dtype=torch.float64)
        with torch.no_grad():
            ahead, behind = objective(vector + 1e-5 * way), objective(vector - 1e-5 * way)
        slope = (ahead - behind) / 2e-5
        torch.testing.assert_close(gradient @ way, slope, rtol=1e-5, atol=1e-7)


def test_muscles_with_bones_are_found_and_muscles_alone_are_not(arm, problem):
    """1. Both from 10 % off. 2. Muscles only, with the bones left wrong."""
    objective, _ = problem(1, SHAPE)
    vector = gauss_newton(objective, objective.space.zeros())
    assert muscle_errors(objective.space.parameters(vector), arm.muscles).mean() < 0.05
    alone, _ = problem(1, ())
    vector = gauss_newton(alone, alone.space.zeros(), iterations=8)
    assert muscle_errors(alone.space.parameters(vector), arm.muscles).mean() > 1.0


def test_adamw_goes_the_same_way(problem):
    objective, _ = problem(1, SHAPE)
    start, seen = float(objective(objective.space.zeros())), []
    settings = IdentificationSettings(steps=75)
    vector = adamw(objective, objective.space.zeros(), settings, lambda _, loss: seen.append(loss))
    assert len(seen) == 75
    assert float(objective(vector)) < 0.05 * start


def test_adamw_along_the_parameters(problem):
    objective, _ = problem(1, SHAPE)
    start = float(objective(objective.space.zeros()))
    plain = IdentificationSettings(steps=30, refresh=30, axes="parameters")
    vector = adamw(objective, objective.space.zeros(), plain)
    assert float(objective(vector)) < 0.5 * start
