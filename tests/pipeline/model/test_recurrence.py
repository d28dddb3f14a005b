import torch
from hypothesis import given
from hypothesis import strategies as st

from pipeline.model.recurrence import constant_recurrence, linear_recurrence, low_pass

sizes = st.tuples(st.integers(1, 3), st.integers(1, 70))
seeds = st.integers(0, 2**32 - 1)


def looped(a, b):
    y, last = [], torch.zeros_like(b[..., 0])
    for i in range(b.shape[-1]):
        last = a[..., i] * last + b[..., i]
        y.append(last)
    return torch.stack(y, -1)


def drawn(seed, *shape):
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(*shape, dtype=torch.float64, generator=generator)


@given(size=sizes, seed=seeds)
def test_equals_the_loop(size, seed):
    a, b = drawn(seed, *size), drawn(seed + 1, *size)
    torch.testing.assert_close(
        linear_recurrence(a.tanh(), b), looped(a.tanh(), b), rtol=1e-10, atol=1e-10
    )


@given(size=sizes, seed=seeds)
def test_constant_factor_equals_the_loop(size, seed):
    pole, b = drawn(seed, size[0], 1).tanh(), drawn(seed + 1, *size)
    expected = looped(pole.expand_as(b), b)
    torch.testing.assert_close(constant_recurrence(pole, b), expected, rtol=1e-10, atol=1e-10)


def test_arguments_are_left_as_they_are():
    a, b, pole = drawn(1, 2, 9), drawn(2, 2, 9), drawn(3, 2, 1)
    kept = [part.clone() for part in (a, b, pole)]
    linear_recurrence(a, b)
    constant_recurrence(pole, b)
    low_pass(pole.sigmoid(), b, b[..., :1])
    for part, before in zip((a, b, pole), kept, strict=True):
        assert torch.equal(part, before)


@given(size=sizes, seed=seeds)
def test_low_pass_equals_the_loop_with_its_gradients(size, seed):
    inputs = [drawn(seed, size[0], 1), drawn(seed + 1, *size), drawn(seed + 2, size[0], 1)]
    inputs = [part.requires_grad_() for part in inputs]
    weights = drawn(seed + 3, *size)

    def stepped(pole, x, before):
        y = []
        for i in range(x.shape[-1]):
            before = pole * before + (1.0 - pole) * x[..., i : i + 1]
            y.append(before)
        return torch.cat(y, -1)

    results = []
    for function in (low_pass, stepped):
        y = function(inputs[0].sigmoid(), *inputs[1:])
        results.append((y, *torch.autograd.grad((weights * y).sum(), inputs)))
    for mine, expected in zip(*results, strict=True):
        torch.testing.assert_close(mine, expected, rtol=1e-9, atol=1e-10)


def test_low_pass_is_the_same_without_gradients():
    pole, x, before = drawn(1, 4, 1).sigmoid(), drawn(2, 4, 13), drawn(3, 4, 1)
    for samples in (1, 13):
        with torch.no_grad():
            plain = low_pass(pole, x[:, :samples], before)
        torch.testing.assert_close(plain, low_pass(pole, x[:, :samples], before))


def test_low_pass_broadcasts_poles_over_trials_and_subjects():
    pole = drawn(1, 5, 1, 3, 1).sigmoid().requires_grad_()
    x, before = drawn(2, 4, 3, 20), drawn(3, 4, 3, 1)
    y = low_pass(pole, x, before)
    assert y.shape == (5, 4, 3, 20)
    y.square().sum().backward()
    assert pole.grad is not None
    assert pole.grad.shape == pole.shape
    torch.testing.assert_close(y[2], low_pass(pole[2], x, before))
