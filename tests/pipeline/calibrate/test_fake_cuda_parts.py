"""What an update computes around its descent, on a GPU that is not there."""

import numpy as np
import pytest
import torch
from fake_gpu import DEVICE, Copies, no_waits
from person import BOUNDS, RATE_HZ, prior, recorded

from daemon.assembly.skeleton import motion_reference, starting_bones
from pipeline import device
from pipeline.calibrate import confidence
from pipeline.calibrate.body import BodySpace
from pipeline.calibrate.effects import sensitivity
from pipeline.calibrate.loss import moment_scale
from pipeline.calibrate.moved import moved
from pipeline.calibrate.synergy.factorisation import factorise
from pipeline.calibrate.window import Window
from pipeline.model.nms import simulate
from pipeline.model.parameters import ParameterSpace, Rule

RULES = {name: Rule(True, bounds) for name, bounds in BOUNDS.items()}


@pytest.fixture
def space():
    return ParameterSpace(prior(), RULES, [], torch.float32, DEVICE)


@pytest.fixture
def trials_here():
    """Trials of the host's in which a muscle has no electrode."""
    window = Window(600, RATE_HZ, 50)
    rows = recorded(4.0)
    window.add(rows._replace(measured=rows.measured & np.array([True, True, False])))
    return window.trials(0, 400, 150, torch.zeros((), dtype=torch.float32))


@pytest.fixture
def trials(trials_here):
    return moved([trials_here], torch.device(DEVICE))[0]


def test_the_slopes_that_confidence_takes_never_wait(space, trials):
    with torch.no_grad():
        output = simulate(space.parameters(space.zeros()), *trials[:3], 0.01, deferred=True)
        sensitivity(space, space.zeros(), trials, 0.01, output)  # constants move once
        with no_waits():
            slope = sensitivity(space, space.zeros(), trials, 0.01, output)
            length = confidence.correlation_length(output.moment, trials.weight)
            weighed = confidence._weighed(slope, trials.weight, moment_scale(trials))
            told = confidence._products(weighed)
    assert slope.shape == (space.size, *trials.moment.shape)
    assert {part.device.type for part in (slope, length, told)} == {DEVICE}


def test_trials_are_moved_together_and_stay_what_they_were(trials_here):
    cuts = [trials_here, trials_here]
    with Copies() as copies:
        there = moved(cuts, torch.device(DEVICE))
    assert copies.count == 1
    for here, elsewhere in zip(cuts, there, strict=True):
        for part, other in zip(here, elsewhere, strict=True):
            assert (part is None) is (other is None)
            assert part is None or (part.shape, part.dtype) == (other.shape, other.dtype)


def test_packed_and_unpacked_they_have_the_same_numbers(monkeypatch, trials_here):
    monkeypatch.setattr(device, "HOSTS", frozenset())
    (there,) = moved([trials_here], torch.device("cpu"))
    assert all(map(torch.equal, there[:6], trials_here[:6]))
    assert there.excitation.data_ptr() != trials_here.excitation.data_ptr()


def test_synergies_are_factorised_where_the_excitations_are():
    found = factorise(torch.ones(5, 300, device=DEVICE), 2, sweeps=5)
    assert {part.device.type for part in found} == {DEVICE}


def test_bones_and_what_a_motion_asks_of_them(torque_free_arm):
    """The skeleton is made on the host; what it says of a motion goes where the motion is."""
    config = torque_free_arm()
    bones = starting_bones(config)
    body = BodySpace(prior(), RULES, bones, (), torch.float32, DEVICE)
    vector = body.zeros().requires_grad_()
    motion = torch.ones(2, 4, len(motion_reference(config).coordinates), 5, device=DEVICE)
    regressor = motion_reference(config).regressor(motion, body.inertia(body.zeros()))
    with no_waits():
        moment = torch.ones_like(regressor.external)
        left = regressor.residual_torque(moment, body.inertia(vector))
        regressor.accelerations(left).sum().backward()
    assert {part.device.type for part in (*regressor, vector.grad)} == {DEVICE}
