"""AdamW against torch's own."""

import pytest
import torch

from pipeline.adamw import BETAS, AdamW


def bowl(first, second):
    """Something to minimise whose gradients differ much in size, and are zero for some."""
    return (first[5:] ** 4).sum() + 1e3 * (first[:3] * second[:3]).sin().sum() + second.sum()


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize(("weight_decay", "least"), [(0.0, 1e-8), (0.01, 1e-8), (0.0, 1e-3)])
def test_every_step_is_that_of_torch_to_the_last_bit(dtype, weight_decay, least):
    make = torch.Generator().manual_seed(3)
    start = [torch.randn(size, generator=make, dtype=dtype) for size in (40, 7)]
    ours = [part.clone().requires_grad_() for part in start]
    theirs = [part.clone().requires_grad_() for part in start]
    optimiser = AdamW(ours, weight_decay, least)
    reference = torch.optim.AdamW(
        [{"params": [part]} for part in theirs], betas=BETAS, eps=least, weight_decay=weight_decay
    )
    for step in range(300):
        rates = 0.03 * 0.99**step, 0.01
        for group, rate in zip(reference.param_groups, rates, strict=True):
            group["lr"] = rate
        reference.zero_grad()
        bowl(*theirs).backward()
        reference.step()
        bowl(*ours).backward()
        optimiser.step(*rates)
        assert all(map(torch.equal, ours, theirs))
    assert not any(map(torch.equal, ours, start))


def test_gradients_are_cleared_and_do_not_add_up():
    place = torch.zeros(3, requires_grad=True)
    optimiser = AdamW([place])
    place.sum().backward()
    optimiser.step(0.1)
    assert place.grad is None


def test_each_parameter_needs_a_rate():
    place = torch.zeros(3, requires_grad=True)
    place.sum().backward()
    with pytest.raises(ValueError, match="shorter"):
        AdamW([place]).step()
