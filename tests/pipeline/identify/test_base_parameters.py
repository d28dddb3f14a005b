"""What motion tells of bones, and what it keeps to itself."""

from dataclasses import replace

import pytest
import torch

from pipeline.errors import UserError
from pipeline.identify.base_parameters import base_parameters, identifiabilities
from pipeline.model.identifiability import Identifiability
from pipeline.model.skeleton import SHAPE, BoneSpace, Skeleton


@pytest.fixture
def motions():
    draw = torch.Generator().manual_seed(3)
    return torch.randn((3, 80, 5), generator=draw, dtype=torch.float64).unbind()


def test_the_arm_has_23_base_parameters(arm, motions):
    base = base_parameters(arm.skeleton, *motions)
    assert len(base.labels) == 23
    assert ("humerus", "mass") not in base.labels  # its hinges pass through its own origin


def test_base_parameters_hold_all_that_a_torque_shows(arm, motions):
    """Bones with the same sums give the same torque, however different they are."""
    base = base_parameters(arm.skeleton, *motions)
    silent = torch.linalg.svd(base.combination)[2][len(base.labels) :]
    other = arm.skeleton.inertia + 0.1 * (silent.sum(0)).reshape(3, 10)
    torch.testing.assert_close(base.of(other), base.of(arm.skeleton.inertia))
    torch.testing.assert_close(
        arm.skeleton.with_inertia(other).inverse(*motions), arm.skeleton.inverse(*motions)
    )


def test_a_motion_that_shows_nothing(arm):
    weightless = Skeleton.of(replace(arm.skeleton.chain, gravity_m_s2=(0.0, 0.0, 0.0)))
    still = torch.zeros(4, 5, dtype=torch.float64)
    with pytest.raises(UserError, match="no joint moves"):
        base_parameters(weightless, still, still, still)


def test_standings_of_the_arm(problem):
    objective, truth = problem(1, SHAPE)
    slope = objective.linearised(truth)[1]
    labels = objective.space.labels
    found = dict(zip(labels, identifiabilities(slope, noise=0.001, prior=0.1), strict=True))
    assert (
        found["humerus", "skew_xz"] is not Identifiability.IDENTIFIED
    )  # moves others along with it
    assert found["BIClong", "max_isometric_force"] is Identifiability.IDENTIFIED
    louder = dict(zip(labels, identifiabilities(slope, noise=1e3, prior=0.1), strict=True))
    assert louder["BIClong", "max_isometric_force"] is Identifiability.UNOBSERVED


def test_a_joint_that_does_not_move_is_unobserved(arm):
    """Nothing moves but the forearm's rotation, and gravity is off."""
    weightless = Skeleton.of(replace(arm.skeleton.chain, gravity_m_s2=(0.0, 0.0, 0.0)))
    t = torch.linspace(0, 6, 60, dtype=torch.float64)
    still = torch.zeros(60, 4, dtype=torch.float64)
    q, qd, qdd = (torch.cat((still, part[:, None]), 1) for part in (t.sin(), t.cos(), -t.sin()))
    space = BoneSpace(arm.skeleton.chain.bone_names, arm.skeleton.inertia)
    by_inertia = torch.func.jacrev(lambda v: space.inertia(v).flatten())(
        torch.zeros(space.size, dtype=torch.float64)
    )
    rows = (weightless.regressor(q, qd, qdd) @ by_inertia)[:, 4] / 60**0.5
    found = dict(zip(space.labels, identifiabilities(rows, noise=1e-5, prior=0.1), strict=True))
    for label, identifiability in found.items():
        if label.owner in ("humerus", "ulna"):
            assert identifiability is Identifiability.UNOBSERVED
