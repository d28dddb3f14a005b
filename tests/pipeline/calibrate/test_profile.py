"""Profile likelihood on losses whose intervals are known."""

import numpy as np
import pytest
import torch
from person import person, recorded, space

from pipeline.calibrate.confidence import Grounds, linearised
from pipeline.calibrate.loss import moment_scale
from pipeline.calibrate.profile import Likelihood, profiled
from pipeline.calibrate.window import Window

STEP_S = 0.01


class Valley(Likelihood):
    """A loss of two parameters that can stand in for each other, and may level off to one side."""

    def __init__(self, levels_off_at=np.inf, off=0.0):
        precision = torch.tensor([[5.0, 4.0], [4.0, 5.0]], dtype=torch.float64)
        for name, value in {"precision": precision, "end": levels_off_at, "off": off}.items():
            object.__setattr__(self, name, value)

    def at(self, moves):
        moved = moves + torch.tensor([self.off, 0.0], dtype=torch.float64)
        moved[:, 0] = moved[:, 0].clamp_max(self.end)
        gradient = moved @ self.precision
        return 0.5 * (gradient * moved).sum(1), gradient


def curved(valley):
    return torch.linalg.inv(valley.precision).diagonal().sqrt()


def test_of_a_parabola_the_interval_is_that_of_its_curvature():
    valley = Valley()
    torch.testing.assert_close(profiled(valley, curved(valley), [0, 1]), curved(valley))


def test_where_the_loss_levels_off_the_interval_is_wider_and_that_of_others_is_not():
    valley = Valley(levels_off_at=0.5)
    wide = profiled(valley, curved(valley), [0])
    assert wide[0] > 3.0 * curved(valley)[0]
    assert wide[1] == curved(valley)[1]


def test_an_interval_reaches_the_truth_from_an_estimate_that_has_not_arrived():
    """Two deviations off the bottom of the valley, the far end is four off."""
    one = float(curved(Valley())[0])
    wide = float(profiled(Valley(off=2.0 * one), curved(Valley()), [0])[0])
    assert wide == pytest.approx((1.96 + 2.0) / 1.96 * one, rel=0.1)


def grounds(noise_nm=2.0):
    rows, parameters = recorded(4.0), space()
    noise = np.random.default_rng(1).normal(0.0, noise_nm, rows.moment.shape)
    window = Window(len(rows.t), 1 / STEP_S, 30)
    window.add(rows._replace(moment=rows.moment + noise))
    trials = window.trials(0, len(rows.t), len(rows.t) // 2, torch.zeros((), dtype=torch.float64))
    vector = parameters.vector(person())
    return Grounds(parameters, vector, trials, moment_scale(trials), STEP_S, 0.01)


def test_the_loss_of_the_model_curves_as_its_precision_says():
    """A small move of everything, errors of EMG and delay included."""
    likelihood = linearised(grounds()).likelihood
    size = len(likelihood.precision)
    move = 2e-3 * torch.randn(size, generator=torch.Generator().manual_seed(1)).double()
    value, _ = likelihood.at(torch.stack((move, 0.0 * move, -move)))
    curvature = float(value[0] - 2.0 * value[1] + value[2])
    assert curvature == pytest.approx(float(move @ likelihood.precision @ move), rel=0.05)


def test_its_gradient_is_the_slope_of_its_value():
    likelihood = linearised(grounds()).likelihood
    still = torch.zeros(1, len(likelihood.precision), dtype=torch.float64)
    gradient = likelihood.at(still)[1][0]
    for place in (0, 4, len(gradient) - 1):
        step = torch.zeros_like(still)
        step[0, place] = 1e-4
        ahead, behind = (float(likelihood.at(move)[0]) for move in (still + step, still - step))
        assert (ahead - behind) / 2e-4 == pytest.approx(float(gradient[place]), rel=0.02, abs=0.02)
