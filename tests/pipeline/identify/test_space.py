"""Muscles and bones as one vector."""

import torch

from pipeline.identify.space import MASS_AND_CENTRE, MUSCLE_KINDS, MuscleBoneSpace
from pipeline.model.nms import TENSORS
from pipeline.model.skeleton import SHAPE, shape_of_inertia
from tools.studies.diff_msm.arm import MUSCLES


def space_of(arm, free=SHAPE):
    names = arm.skeleton.chain.bone_names
    return MuscleBoneSpace(MUSCLES, names, arm.muscles, arm.skeleton.inertia, free)


def test_the_papers_54_parameters(arm):
    space = space_of(arm)
    assert space.size == len(space.labels) == 24 + 30
    assert space.labels[0] == ("DELT1", "optimal_fibre_length")
    assert space.labels[24] == ("humerus", "mass")


def test_zero_is_the_prior(arm):
    space = space_of(arm)
    found = space.parameters(space.zeros())
    for name in TENSORS:
        torch.testing.assert_close(getattr(found, name), getattr(arm.muscles, name))
    assert (found.curves, found.rigid) == (arm.muscles.curves, arm.muscles.rigid)
    torch.testing.assert_close(space.inertia(space.zeros()), arm.skeleton.inertia)


def test_a_vector_is_found_again(arm):
    space = space_of(arm)
    vector = torch.linspace(-0.4, 0.4, space.size, dtype=torch.float64)
    found = space.vector(space.parameters(vector), space.inertia(vector))
    torch.testing.assert_close(found, vector)


def test_what_is_not_free_stays(arm):
    space = space_of(arm, MASS_AND_CENTRE)
    assert space.size == 24 + 12
    moved = shape_of_inertia(space.inertia(space.zeros() + 0.1))
    kept = shape_of_inertia(arm.skeleton.inertia)
    torch.testing.assert_close(moved[:, 4:], kept[:, 4:])
    assert float((moved[:, 0] / kept[:, 0] - 1.1).abs().max()) < 0.01


def test_muscles_alone(arm):
    space = space_of(arm, ())
    moved = space.zeros() + 0.1
    torch.testing.assert_close(space.inertia(moved), arm.skeleton.inertia)
    for kind in MUSCLE_KINDS:
        assert (getattr(space.parameters(moved), kind) > getattr(arm.muscles, kind)).all()
