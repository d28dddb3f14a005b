import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from muscle_reference import (
    active_force_length,
    force_velocity,
    passive_force_length,
    tendon_force,
)

from pipeline.model.curves import DEFAULT as curves

PAIRS = [
    (curves.active_force_length, active_force_length, (0.0, 2.5)),
    (curves.force_velocity, force_velocity, (-20.0, 20.0)),
    (curves.passive_force_length, passive_force_length, (0.0, 2.0)),
    (curves.tendon_force, tendon_force, (-1.0, 0.5)),
]


@pytest.mark.parametrize(("curve", "reference", "interval"), PAIRS)
def test_values_are_those_of_the_papers(curve, reference, interval):
    x = np.linspace(*interval, 4001)
    np.testing.assert_allclose(curve(torch.tensor(x))[0], reference(x), rtol=1e-12, atol=1e-13)


@pytest.mark.parametrize(("curve", "reference", "interval"), PAIRS)
@given(place=st.floats(0.0, 1.0))
def test_slopes_are_the_derivatives(curve, reference, interval, place):
    x = torch.tensor([interval[0] + place * (interval[1] - interval[0])], dtype=torch.float64)
    size = 1e-6
    difference = (curve(x + size)[0] - curve(x - size)[0]) / (2 * size)
    torch.testing.assert_close(curve(x)[1], difference, rtol=1e-6, atol=2e-8)


@pytest.mark.parametrize(("curve", "reference", "interval"), PAIRS)
def test_autograd_through_the_value_gives_the_slope(curve, reference, interval):
    x = torch.linspace(*interval, 101, dtype=torch.float64, requires_grad=True)
    value, slope = curve(x)
    (gradient,) = torch.autograd.grad(value.sum(), x)
    torch.testing.assert_close(gradient, slope)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize(("curve", "reference", "interval"), PAIRS)
def test_keeps_type_and_shape_and_is_finite_far_outside(curve, reference, interval, dtype):
    x = torch.linspace(-3.0, 3.0, 24, dtype=dtype).reshape(2, 3, 4)
    for part in curve(x):
        assert part.dtype == dtype
        assert part.shape == x.shape
        assert torch.isfinite(part).all()


def test_single_precision_is_accurate_at_fast_shortening():
    velocity = torch.linspace(-30.0, 30.0, 1001)
    exact = force_velocity(velocity.double().numpy())
    np.testing.assert_allclose(curves.force_velocity(velocity)[0], exact, rtol=0, atol=3e-6)


def test_constants_first_met_under_inference_serve_gradients():
    with torch.inference_mode():
        curves.active_force_length(torch.ones(1, 1, 1, 1, 1, dtype=torch.float64))
    x = torch.ones(1, 1, 1, 1, 1, dtype=torch.float64, requires_grad=True)
    curves.active_force_length(x)[0].sum().backward()
    assert x.grad is not None


def test_a_slack_tendon_never_pushes():
    force, slope = curves.tendon_force(torch.linspace(-5.0, 0.0, 1001, dtype=torch.float64))
    assert (force >= 0).all()
    assert (slope >= 0).all()
