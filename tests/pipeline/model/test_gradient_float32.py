"""Gradients in single precision, in which calibration runs, against double precision."""

import numpy as np
import pytest
import torch
from muscle_draws import drawn_movement, drawn_parameters

from pipeline.model.nms import TENSORS, simulate

STEP_S = 0.01
FREE = ("strength", "optimal_fibre_length", "tendon_slack_length", "shape_factor", "c1", "c2")


def gradients(parameters, movement, dtype):
    cast = parameters._replace(**{name: getattr(parameters, name).to(dtype) for name in TENSORS})
    free = {name: getattr(cast, name).clone().requires_grad_() for name in FREE}
    output = simulate(cast._replace(**free), *(part.to(dtype) for part in movement), STEP_S)
    found = torch.autograd.grad((output.moment / 10.0).square().mean(), list(free.values()))
    return {name: gradient.double() for name, gradient in zip(FREE, found, strict=True)}


@pytest.mark.parametrize("seed", range(5))
def test_single_precision_descends_in_the_same_direction(seed):
    rng = np.random.default_rng(seed)
    parameters = drawn_parameters(rng, 4)
    movement = drawn_movement(rng, parameters, 60, STEP_S)
    single, double = (gradients(parameters, movement, d) for d in (torch.float32, torch.float64))
    largest = max(gradient.norm() for gradient in double.values())
    for name in FREE:
        assert torch.isfinite(single[name]).all()
        off = (single[name] - double[name]).norm()
        assert off < 1e-2 * double[name].norm() + 1e-6 * largest, name
