"""Muscles that no electrode reaches: their forces close the equation, and that is all."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from person import BOUNDS, RATE_HZ, person, prior, recorded
from scipy.optimize import lsq_linear

from daemon.assembly.calibrator import calibrator_settings
from daemon.config.learning import CalibratorConfig
from pipeline.calibrate.calibrator import Calibrator
from pipeline.calibrate.unmeasured import RIDGE, UnmeasuredMuscles
from pipeline.model.parameters import ParameterSpace, Rule

HELPER = torch.tensor([False, False, True])


def strength_error(deep):
    """Return the mean strength error of flexor and extensor when the helper has no electrode."""
    rules = {name: Rule(name != "gain", bounds) for name, bounds in BOUNDS.items()}
    space = ParameterSpace(prior(), rules, [])
    settings = calibrator_settings(CalibratorConfig(window_s=8.0, min_data_s=3.0))
    calibrator = Calibrator(space, RATE_HZ, settings, unmeasured=deep)
    rows = recorded(20.0)
    blind = rows.excitation * np.array([1.0, 1.0, 0.0])
    for start in range(0, len(rows.t), 100):
        calibrator.add(rows._replace(excitation=blind).part(slice(start, start + 100)))
        if calibrator.due():
            calibrator.update()
    found = calibrator.subject.strength - person().strength
    return np.abs(found[:2]).mean()


def test_the_others_are_learnt_better_when_a_deep_muscle_may_pull():
    most = torch.as_tensor(2.5 * prior().max_isometric_force, dtype=torch.float32)
    assert strength_error(UnmeasuredMuscles(HELPER, most)) < 0.6 * strength_error(None)


@given(st.integers(0, 2**32 - 1), st.integers(1, 3))
def test_the_forces_are_those_of_bounded_least_squares(seed, count):
    rng = np.random.default_rng(seed)
    arms = rng.normal(0.0, 0.04, (3, 4))
    error, scale = rng.normal(0.0, 20.0, 3), rng.uniform(5.0, 20.0, 3)
    most = rng.uniform(200.0, 1000.0, 4)
    deep = torch.arange(4) < count
    left = UnmeasuredMuscles(deep, torch.as_tensor(most)).closed(
        torch.as_tensor(error)[None, :, None],
        torch.as_tensor(arms)[None, :, :, None],
        torch.as_tensor(scale),
        torch.clone,
    )
    full = arms[:, :count] * most[:count] / scale[:, None]
    best = lsq_linear(full, -error / scale, (0.0, 1.0), tol=1e-14)
    reached = float(((left[0, :, 0].numpy() / scale) ** 2).sum())
    ridge = RIDGE * count * (full**2).sum(0).max()
    assert reached <= 2.0 * best.cost + ridge + 0.005 * float(((error / scale) ** 2).sum())
    assert reached >= 2.0 * best.cost - 1e-9


def test_no_gradient_passes_through_the_forces():
    error = torch.randn(3, 2, 5, requires_grad=True)
    deep = UnmeasuredMuscles(torch.tensor([True, False]), torch.tensor([500.0, 500.0]))
    left = deep.closed(error, torch.full((3, 2, 2, 5), 0.03), torch.ones(2), torch.clone)
    left.sum().backward()
    torch.testing.assert_close(error.grad, torch.ones(3, 2, 5))


@pytest.mark.parametrize("pull", [-1.0, 1.0])
def test_a_muscle_only_pulls(pull):
    deep = UnmeasuredMuscles(torch.tensor([True]), torch.tensor([500.0]))
    error = torch.full((1, 1, 1), pull * 5.0)
    left = deep.closed(error, torch.full((1, 1, 1, 1), 0.04), torch.ones(1), torch.clone)
    expected = 5.0 if pull > 0 else 0.0
    assert float(left) == pytest.approx(expected, abs=0.05)
