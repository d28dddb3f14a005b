"""The muscle model on a GPU that is not there."""

import pytest
import torch
from fake_gpu import DEVICE, no_waits
from person import BOUNDS, prior

from pipeline.calibrate.delay import delayed
from pipeline.model.nms import simulate
from pipeline.model.parameters import ParameterSpace, Rule

RULES = {name: Rule(True, bounds) for name, bounds in BOUNDS.items()}
SHAPE = (2, 4, 3, 50)
"""Subjects, trials, muscles, times."""


def window_on(device):
    """Return excitation, length and moment arm."""
    excitation = torch.full(SHAPE, 0.4, device=device)
    return (
        excitation,
        torch.full(SHAPE, 0.3, device=device),
        torch.ones(2, 4, 2, 3, 50, device=device),
    )


def space_on(device):
    return ParameterSpace(prior(), RULES, [], torch.float32, device)


def test_without_gradients_all_of_it_is_where_the_window_is():
    space, (excitation, *rest) = space_on(DEVICE), window_on(DEVICE)
    with torch.no_grad():
        late = delayed(excitation, torch.full((2,), 2.5, device=DEVICE))
        parameters = space.parameters(space.zeros())
        output = simulate(parameters, late, *rest, 0.01, deferred=True)
    assert output.moment.shape == (2, 4, 2, 50)
    for part in (output.moment, output.w, output.state.w, output.report.worst):
        assert part.device.type == DEVICE
        assert part.dtype == torch.float32


def test_a_window_of_the_hosts_is_refused():
    space, (excitation, length, _) = space_on(DEVICE), window_on(DEVICE)
    with pytest.raises(RuntimeError, match="device"):
        simulate(space.parameters(space.zeros()), excitation, length, window_on("cpu")[2], 0.01)


def test_where_the_solution_is_not_deferred_newton_reads():
    space = space_on(DEVICE)
    with torch.no_grad(), pytest.raises(RuntimeError, match="meta"):
        simulate(space.parameters(space.zeros()), *window_on(DEVICE), 0.01)


@pytest.mark.parametrize("warm", [False, True])
def test_gradients_of_parameters_and_delay_never_wait(warm):
    space, (excitation, *rest) = space_on(DEVICE), window_on(DEVICE)
    vector = torch.zeros(2, 1, space.size, device=DEVICE).requires_grad_()
    steps = torch.full((2,), 2.5, device=DEVICE).requires_grad_()
    guess = torch.ones(SHAPE, device=DEVICE) if warm else None
    simulate(space.parameters(vector), excitation, *rest, 0.01)  # constants move there once
    with no_waits():
        late = delayed(excitation, steps)
        output = simulate(space.parameters(vector), late, *rest, 0.01, guess=guess)
        output.moment.square().sum().backward()
    assert vector.grad.device.type == steps.grad.device.type == DEVICE


def test_made_under_a_default_device_it_stays_there():
    with torch.device(DEVICE):
        space, window = space_on(DEVICE), window_on(DEVICE)
        output = simulate(space.parameters(space.zeros()), *window, 0.01, deferred=True)
    assert output.moment.device.type == DEVICE
