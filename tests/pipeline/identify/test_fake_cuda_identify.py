"""The identification of muscles and bones on a GPU that is not there."""

import torch
from fake_gpu import DEVICE, no_waits
from person import prior

from pipeline.identify.space import MuscleBoneSpace
from pipeline.model.nms import parameters_of

MUSCLES = prior().muscles


def test_the_space_of_muscles_and_bones_never_waits():
    inertia = torch.ones(2, 10, dtype=torch.float64, device=DEVICE)
    parameters = parameters_of(prior(), device=DEVICE)
    space = MuscleBoneSpace(MUSCLES, ("upper", "lower"), parameters, inertia)
    vector = space.zeros().requires_grad_()
    with no_waits():
        moved, bones = space.parameters(vector), space.inertia(vector)
        (bones.sum() + moved.max_isometric_force.sum()).backward()
    assert bones.shape == (2, 10)
    assert vector.grad.device.type == DEVICE
