"""The misfit of accelerations is forward dynamics, only cheaper."""

import pytest
import torch
from places import MODELS

from pipeline.identify.loss import (
    acceleration_error,
    acceleration_scale,
    motion_of,
    predicted_acceleration,
    residual_torque,
)
from pipeline.model.skeleton import BoneSpace, Skeleton, load_skeleton

ARM = Skeleton.of(load_skeleton(MODELS / "myoarm_skeleton.json"))
TRIALS, TIMES, DOFS = 3, 7, 5


@pytest.fixture
def draw():
    return torch.Generator().manual_seed(2)


@pytest.fixture
def samples(draw):
    """Angles, velocities, accelerations and moments, [trial, time, dof]."""
    size = (4, TRIALS, TIMES, DOFS)
    q, qd, qdd, moment = torch.randn(size, generator=draw, dtype=torch.float64)
    return 1.0 + 0.2 * q, qd, 10.0 * qdd, 5.0 * moment


def other_bones(draw):
    space = BoneSpace(ARM.chain.bone_names, ARM.inertia)
    return space.inertia(0.2 * torch.randn(space.size, generator=draw, dtype=torch.float64))


def test_prediction_is_forward_dynamics(samples, draw):
    """With other bones than those that moved, a weight in the hand, and an exoskeleton."""
    q, qd, qdd, moment = samples
    bones, external = other_bones(draw), torch.sin(q)
    load = torch.zeros(TRIALS, 3, 10, dtype=torch.float64)
    load[1, 2] = 0.3 * ARM.inertia[2]
    motion = motion_of(ARM, q, qd, qdd, external, load)
    predicted = predicted_acceleration(motion, bones, moment.transpose(-1, -2))
    loaded = ARM.with_inertia((bones + load)[:, None])
    torch.testing.assert_close(predicted, loaded.forward(q, qd, moment + external))
    residual = residual_torque(motion, bones, moment.transpose(-1, -2))
    torch.testing.assert_close(residual, moment + external - loaded.inverse(q, qd, qdd))


def test_motion_alone_has_no_scale(samples):
    """Twice the force on twice the inertia is the same motion; not with a weight in the hand."""
    q, qd, qdd, moment = samples
    moment = moment.transpose(-1, -2)
    free = motion_of(ARM, q, qd, qdd)
    once = predicted_acceleration(free, ARM.inertia, moment)
    twice = predicted_acceleration(free, 2.0 * ARM.inertia, 2.0 * moment)
    torch.testing.assert_close(twice, once)
    held = motion_of(ARM, q, qd, qdd, load=0.3 * ARM.inertia)
    once = predicted_acceleration(held, ARM.inertia, moment)
    twice = predicted_acceleration(held, 2.0 * ARM.inertia, 2.0 * moment)
    assert float((twice - once).abs().max()) > 1.0


def test_error_is_a_share_of_the_variance(samples):
    q, qd, qdd, _ = samples
    weight = torch.ones_like(q)
    weight[0, 3:] = 0.0
    qdd[0, 3:] = 1e6  # what does not count may be anything
    motion = motion_of(ARM, q, qd, qdd, weight=weight)
    scale = acceleration_scale(motion)
    mean = (qdd * weight).sum((0, 1)) / weight.sum((0, 1))
    error = acceleration_error(mean.expand_as(qdd), motion, scale)
    torch.testing.assert_close(error, torch.ones(DOFS, dtype=torch.float64))
    assert float(acceleration_error(qdd, motion, scale).max()) == 0.0


def test_a_joint_that_does_not_move_counts_little(samples):
    q, qd, qdd, _ = samples
    qdd[..., 4] = 0.0
    assert float(acceleration_scale(motion_of(ARM, q, qd, qdd))[4]) == pytest.approx(0.1)


def test_gradient_reaches_bones_and_moments(samples):
    q, qd, qdd, moment = samples
    motion = motion_of(ARM, q, qd, qdd)
    scale = acceleration_scale(motion)
    bones = ARM.inertia.clone().requires_grad_()
    moment = moment.transpose(-1, -2).clone().requires_grad_()

    def loss(bones, moment):
        predicted = predicted_acceleration(motion, bones, moment)
        return acceleration_error(predicted, motion, scale)

    assert torch.autograd.gradcheck(loss, (bones, moment), eps=1e-7, atol=1e-4, rtol=1e-4)
