"""A tape plays what torch did; what it cannot play it refuses to record."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.model.tape import Tape, UntranslatableError

SHAPE = (2, 3, 1)
UNARY = {
    "exp": torch.exp,
    "expm1": torch.expm1,
    "sqrt": lambda x: torch.sqrt(x * x),
    "log": lambda x: torch.log(x.abs() + 1.0),
    "floor": torch.floor,
    "square": torch.square,
    "tanh": torch.tanh,
    "sigmoid": torch.sigmoid,
    "softplus": lambda x: torch.nn.functional.softplus(x, threshold=40.0),
    "clamp": lambda x: x.clamp(-0.5, 0.5),
    "clamp_min": lambda x: x.clamp_min(0.1),
    "clamp_max": lambda x: x.clamp_max(0.1),
    "power": lambda x: (x.abs() + 0.1) ** 1.5,
    "reverse": lambda x: 1.0 - x,
    "reciprocal": lambda x: 1.0 / (x * x + 1.0),
    "sum": lambda x: x.sum(0),
    "sum of several": lambda x: x.sum((0, 1), keepdim=True),
    "amax": lambda x: x.amax(1),
    "chosen": lambda x: x[..., [2, 0], :],
    "a view": lambda x: x.transpose(0, 1).unsqueeze(0)[..., :1],
    "in place": lambda x: (x * x).add_(1.0),
    "as whole numbers": lambda x: x.floor().int().clamp_(0, 1).to(torch.float64),
    "masked": lambda x: x.masked_fill(x < 0.0, 7.0),
}
BINARY = {
    "add": lambda x, y: torch.add(x, y, alpha=-2.5),
    "sub": lambda x, y: x - y,
    "mul": lambda x, y: x * y,
    "div": lambda x, y: x / (y.abs() + 1.0),
    "addcmul": lambda x, y: torch.addcmul(x, x, y),
    "addcmul minus": lambda x, y: torch.addcmul(x, x, y, value=-1.0),
    "addcmul scaled": lambda x, y: torch.addcmul(x, x, y, value=0.3),
    "lerp": lambda x, y: torch.lerp(x, y, y.abs()),
    "maximum": torch.maximum,
    "copysign": torch.copysign,
    "where": lambda x, y: torch.where((x <= y) & (x > -1.0), x, y),
    "cat": lambda x, y: torch.cat((x, y), 1),
    "stack": lambda x, y: torch.stack((x, y)),
    "looked up": lambda x, y: x.flatten().index_select(0, y.flatten().abs().clamp_max(5.0).int()),
    "broadcast": lambda x, y: x * y[:1],
}
values = st.lists(st.floats(-3.0, 3.0), min_size=6, max_size=6).map(
    lambda x: torch.tensor(x, dtype=torch.float64).reshape(SHAPE)
)


@pytest.mark.parametrize("name", UNARY | BINARY)
@settings(max_examples=20)
@given(first=values, then=values, other=values)
def test_a_tape_plays_what_torch_does(name, first, then, other):
    def function(x, y):
        return UNARY[name](x) if name in UNARY else BINARY[name](x, y)

    tape = Tape()
    x, y = tape.input(*SHAPE), tape.setting(other)
    x.copy_(first)
    with tape.stage() as play:
        result = function(x, y)
    x.numpy()[...] = then
    play()
    np.testing.assert_allclose(result.numpy(), function(then, other).numpy(), 1e-13, 1e-13)


def test_what_follows_from_settings_alone_is_prepared_not_played():
    tape = Tape()
    x, y = tape.input(2), tape.setting(torch.ones(2, dtype=torch.float64))
    with tape.stage() as play:
        doubled = y * 2.0
        result = x + doubled
    x.numpy()[...], y.numpy()[...] = 1.0, 5.0
    play()
    np.testing.assert_array_equal(result.numpy(), [3.0, 3.0])
    tape.prepare()
    play()
    np.testing.assert_array_equal(result.numpy(), [11.0, 11.0])


def test_stages_share_their_memory():
    tape = Tape()
    x = tape.input(1)
    with tape.stage() as begin:
        y = x + 1.0
    with tape.stage() as go_on:
        z = y * 3.0
    x.numpy()[...] = 4.0
    begin()
    go_on()
    assert z.item() == 15.0


def test_a_decision_by_a_value_is_refused():
    tape = Tape()
    x = tape.input(1)
    with pytest.raises(UntranslatableError), tape.stage():
        _ = x + 1.0 if float(x) > 0.0 else x


def test_an_unknown_operation_is_refused():
    tape = Tape()
    x = tape.input(3)
    with pytest.raises(UntranslatableError, match="sort"), tape.stage():
        torch.sort(x)


def test_what_is_prepared_may_not_be_changed_later():
    tape = Tape()
    x, y = tape.input(1), tape.setting(torch.ones(1, dtype=torch.float64))
    with pytest.raises(UntranslatableError, match="another time"), tape.stage():
        (y * 2.0).add_(x)
