import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from pipeline.model.activation import neural_activation, shaped

COEFFICIENTS = st.floats(-0.95, -0.05)


def column(*values):
    return torch.tensor(values, dtype=torch.float64).unsqueeze(-1)


def second_order(excitation, c1, c2):
    """Eq. 1 of Hambly et al. 2025 as it is printed."""
    beta1, beta2 = c1 + c2, c1 * c2
    alpha = 1.0 + beta1 + beta2
    u = [excitation[0], excitation[0]]
    for e in excitation:
        u.append(alpha * e - beta1 * u[-1] - beta2 * u[-2])
    return u[2:]


@given(c1=COEFFICIENTS, c2=COEFFICIENTS, seed=st.integers(0, 2**32 - 1))
def test_is_the_second_order_recursion_of_the_paper(c1, c2, seed):
    generator = torch.Generator().manual_seed(seed)
    excitation = torch.rand(1, 60, dtype=torch.float64, generator=generator)
    u, _ = neural_activation(excitation, column(c1), column(c2), 0.01, None)
    expected = second_order(excitation[0].tolist(), c1, c2)
    assert u[0].tolist() == pytest.approx(expected, abs=1e-12)


def test_in_parts_with_carried_state_is_the_whole():
    excitation = torch.rand(3, 50, dtype=torch.float64)
    c1, c2 = column(-0.2, -0.5, -0.9), column(-0.7, -0.5, -0.1)
    whole, _ = neural_activation(excitation, c1, c2, 0.005, None)
    state, parts = None, []
    for part in excitation.split([1, 1, 20, 28], -1):
        u, state = neural_activation(part, c1, c2, 0.005, state)
        parts.append(u)
    torch.testing.assert_close(torch.cat(parts, -1), whole, rtol=0, atol=1e-13)


def test_coefficients_mean_the_same_at_any_rate():
    """The response to a step is the same at 100 and at 200 Hz, at their common times."""
    c1, c2 = column(-0.5), column(-0.8)
    coarse = torch.ones(1, 31, dtype=torch.float64)
    coarse[:, 0] = 0.0
    fine = torch.ones(1, 61, dtype=torch.float64)
    fine[:, 0] = 0.0
    slow, _ = neural_activation(coarse, c1, torch.full_like(c2, -1e-12), 0.01, None)
    fast, _ = neural_activation(fine, c1, torch.full_like(c2, -1e-24), 0.005, None)
    torch.testing.assert_close(fast[:, ::2], slow, rtol=0, atol=1e-11)


def test_settled_input_passes_unchanged():
    excitation = torch.full((2, 40), 0.3, dtype=torch.float64)
    u, _ = neural_activation(excitation, column(-0.9, -0.1), column(-0.9, -0.1), 0.01, None)
    torch.testing.assert_close(u, excitation)


@given(u=st.floats(0.0, 1.0), a=st.floats(-3.0, -0.01))
def test_shape_is_that_of_the_paper(u, a):
    mine = shaped(column(u), column(a))
    assert mine.item() == pytest.approx((math.exp(a * u) - 1) / (math.exp(a) - 1), abs=1e-12)


def test_nothing_and_everything_stay_what_they_are():
    limits = torch.tensor([[0.0, 1.0]], dtype=torch.float64)
    torch.testing.assert_close(shaped(limits, column(-2.0)), limits)
