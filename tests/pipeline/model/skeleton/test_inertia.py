"""Bones that cannot exist cannot be said."""

import torch
from hypothesis import given
from hypothesis import strategies as st

from pipeline.model.skeleton import (
    RANGE,
    BoneSpace,
    inertia_of_shape,
    pseudo_inertia,
    shape_of_inertia,
    standard_inertia,
)
from pipeline.model.skeleton.inertia import central_inertia

BONE = standard_inertia(
    torch.tensor([2.0], dtype=torch.float64),
    torch.tensor([[0.01, -0.14, 0.0]], dtype=torch.float64),
    torch.diag(torch.tensor([0.013, 0.0024, 0.012], dtype=torch.float64))[None],
)
vectors = st.lists(st.floats(-50, 50), min_size=10, max_size=10).map(
    lambda values: torch.tensor(values, dtype=torch.float64)
)


def test_shape_and_inertia_are_two_ways_to_say_the_same():
    torch.testing.assert_close(inertia_of_shape(shape_of_inertia(BONE)), BONE)


def test_a_bone_is_described_as_it_was_put_in():
    mass, centre, inertia = central_inertia(BONE)
    torch.testing.assert_close(mass, torch.tensor([2.0], dtype=torch.float64))
    torch.testing.assert_close(standard_inertia(mass, centre, inertia), BONE)


@given(vectors)
def test_every_vector_is_a_bone_that_can_exist(vector):
    inertia = BoneSpace(("bone",), BONE).inertia(vector)[0]
    assert inertia[0] > 0
    assert torch.linalg.eigvalsh(pseudo_inertia(inertia)).min() > 0
    mass, first = inertia[0], inertia[1:4]
    about_origin = pseudo_inertia(inertia)[:3, :3] - torch.outer(first, first) / mass
    second = torch.linalg.eigvalsh(about_origin)
    principal = second.sum() - second  # of the inertia about the centre of mass
    assert principal.min() > 0
    assert principal.sum() - 2 * principal.max() > 0


@given(vectors)
def test_a_mass_keeps_to_its_range(vector):
    inertia = BoneSpace(("bone",), BONE).inertia(vector)[0]
    assert RANGE[0] - 1e-9 <= float(inertia[0] / 2.0) <= RANGE[1] + 1e-9


def test_the_prior_is_the_vector_of_zeros():
    space = BoneSpace(("bone",), BONE)
    torch.testing.assert_close(space.inertia(torch.zeros(10, dtype=torch.float64)), BONE)
    assert space.labels[0] == ("bone", "mass")


def test_a_vector_is_found_again():
    space = BoneSpace(("bone",), BONE)
    vector = torch.linspace(-0.5, 0.5, 10, dtype=torch.float64)
    torch.testing.assert_close(space.vector(space.inertia(vector)), vector)


def test_a_centre_of_mass_on_an_axis_can_leave_it_to_either_side():
    space = BoneSpace(("bone",), BONE)
    vector = torch.zeros(10, dtype=torch.float64)
    vector[3] = -0.3
    below = space.inertia(vector)[0, 3]
    vector[3] = 0.3
    assert below < 0 < space.inertia(vector)[0, 3]
