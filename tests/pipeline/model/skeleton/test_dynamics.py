"""The limb's dynamics against what mechanics says of any limb: no other program is needed."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from places import MODELS

from pipeline.model.skeleton import BoneSpace, Skeleton, load_skeleton

ARM = Skeleton.of(load_skeleton(MODELS / "myoarm_skeleton.json"))
LOW = torch.tensor([0.0, 0.5, -0.8, 0.25, -1.2], dtype=torch.float64)
HIGH = torch.tensor([1.5, 1.9, 0.8, 2.2, 1.2], dtype=torch.float64)

seeds = st.integers(0, 10**6)


def motion(seed: int, samples: int) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Angles inside the arm's ranges, velocities and accelerations or torques."""
    draw = torch.Generator().manual_seed(seed)
    size = (samples, len(ARM.coordinates))
    q = LOW + (HIGH - LOW) * torch.rand(size, generator=draw, dtype=torch.float64)
    qd, qdd = torch.randn((2, *size), generator=draw, dtype=torch.float64)
    return q, 3.0 * qd, 20.0 * qdd


def some_bones(seed: int) -> Skeleton:
    draw = torch.Generator().manual_seed(seed)
    space = BoneSpace(ARM.chain.bone_names, ARM.inertia)
    vector = 0.4 * torch.randn(space.size, generator=draw, dtype=torch.float64)
    return ARM.with_inertia(space.inertia(vector))


def close(found: torch.Tensor, wanted: torch.Tensor, relative: float = 1e-10) -> None:
    assert float((found - wanted).abs().max() / wanted.abs().max()) < relative


@settings(max_examples=30)
@given(seeds)
def test_forward_dynamics_undo_inverse_dynamics(seed):
    arm = some_bones(seed)
    q, qd, qdd = motion(seed, 7)
    close(arm.forward(q, qd, arm.inverse(q, qd, qdd)), qdd, 1e-9)


@settings(max_examples=10)
@given(seeds)
def test_bones_are_the_same_once_they_are_described(seed):
    arm = some_bones(seed)
    close(Skeleton.of(arm.described()).inertia, arm.inertia)


@settings(max_examples=10)
@given(seeds)
def test_torque_is_linear_in_the_bones(seed):
    arm = some_bones(seed)
    q, qd, qdd = motion(seed, 5)
    close(arm.regressor(q, qd, qdd) @ arm.inertia.flatten(), arm.inverse(q, qd, qdd))


@settings(max_examples=10)
@given(seeds)
def test_mass_matrix_is_what_acceleration_costs(seed):
    arm = some_bones(seed)
    q, qd, qdd = motion(seed, 5)
    mass = arm.mass_matrix(q)
    close(mass, mass.transpose(-1, -2))
    assert torch.linalg.eigvalsh(mass).min() > 0
    cost = arm.inverse(q, qd, qdd) - arm.inverse(q, qd, torch.zeros_like(qdd))
    close((mass @ qdd.unsqueeze(-1)).squeeze(-1), cost)


def test_gravity_is_the_slope_of_the_potential_energy():
    q = motion(3, 4)[0].requires_grad_()
    (slope,) = torch.autograd.grad(ARM.potential_energy(q).sum(), q)
    still = torch.zeros_like(q)
    close(ARM.inverse(q.detach(), still, still), slope)


def test_power_in_is_the_change_of_energy():
    """Along any motion, torque times velocity is the rate of the whole energy."""
    q0, qd0, qdd = motion(5, 6)

    t = torch.zeros(6, 1, dtype=torch.float64, requires_grad=True)
    q, qd = q0 + qd0 * t + 0.5 * qdd * t * t, qd0 + qdd * t
    energy = ARM.kinetic_energy(q, qd) + ARM.potential_energy(q)
    (rate,) = torch.autograd.grad(energy.sum(), t)
    close((ARM.inverse(q0, qd0, qdd) * qd0).sum(-1), rate[:, 0])


def test_a_limb_let_go_keeps_its_energy():
    q, qd = motion(8, 1)[0], torch.zeros(1, 5, dtype=torch.float64)
    none, step = torch.zeros_like(q), 1e-3

    def slope(q: torch.Tensor, qd: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        return qd, ARM.forward(q, qd, none)

    before = ARM.kinetic_energy(q, qd) + ARM.potential_energy(q)
    for _ in range(100):  # fourth-order Runge-Kutta
        v1, a1 = slope(q, qd)
        v2, a2 = slope(q + step / 2 * v1, qd + step / 2 * a1)
        v3, a3 = slope(q + step / 2 * v2, qd + step / 2 * a2)
        v4, a4 = slope(q + step * v3, qd + step * a3)
        q = q + step / 6 * (v1 + 2 * v2 + 2 * v3 + v4)
        qd = qd + step / 6 * (a1 + 2 * a2 + 2 * a3 + a4)
    after = ARM.kinetic_energy(q, qd) + ARM.potential_energy(q)
    assert float(ARM.kinetic_energy(q, qd)) > 0.1
    assert abs(float(after - before)) < 1e-8


@pytest.mark.parametrize("what", ["forward", "inverse"])
def test_gradients_against_finite_differences(what):
    space = BoneSpace(ARM.chain.bone_names, ARM.inertia)
    q, qd, third = (part.requires_grad_() for part in motion(11, 2))
    vector = torch.full((space.size,), 0.1, dtype=torch.float64, requires_grad=True)

    def function(vector, q, qd, third):
        return getattr(ARM.with_inertia(space.inertia(vector)), what)(q, qd, third)

    assert torch.autograd.gradcheck(function, (vector, q, qd, third), atol=1e-5, rtol=1e-5)


def test_bones_may_have_dimensions_of_their_own():
    """Several sets of bones on the same samples, in one call."""
    q, qd, third = motion(13, 4)
    sets = [some_bones(seed) for seed in (1, 2, 3)]
    together = ARM.with_inertia(torch.stack([arm.inertia for arm in sets])[:, None])
    for name in ("forward", "inverse"):
        found = getattr(together, name)(q, qd, third)
        for arm, one in zip(sets, found, strict=True):
            close(one, getattr(arm, name)(q, qd, third))
    close(together.mass_matrix(q)[1], sets[1].mass_matrix(q))
