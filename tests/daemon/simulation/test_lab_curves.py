"""The lab's curves are the daemon's, though no code is shared."""

from collections.abc import Callable

import numpy as np
import pytest
import torch

from daemon.simulation.person import curves as lab
from pipeline.model.curves import DEFAULT as model

torch_curve = Callable[[torch.Tensor], tuple[torch.Tensor, torch.Tensor]]


@pytest.mark.parametrize(
    ("mine", "theirs", "low", "high"),
    [
        (lab.active_force_length, model.active_force_length, 0.05, 2.0),
        (lab.force_velocity, model.force_velocity, -1.5, 1.5),
        (lab.passive_force_length, model.passive_force_length, 0.2, 1.8),
        (lab.tendon_force, model.tendon_force, -0.1, 0.12),
    ],
)
def test_curves_are_those_of_the_model(
    mine: Callable[[np.ndarray], np.ndarray], theirs: torch_curve, low: float, high: float
) -> None:
    x = np.linspace(low, high, 2001)
    np.testing.assert_allclose(mine(x), theirs(torch.tensor(x))[0].numpy(), rtol=0, atol=1e-6)


def test_landmarks_of_the_curves() -> None:
    one = np.ones(1)
    assert lab.active_force_length(one) == pytest.approx(1.0, abs=0.01)
    assert lab.force_velocity(0 * one) == pytest.approx(1.0, abs=0.01)
    assert lab.force_velocity(-one) == pytest.approx(0.0, abs=0.02)
    assert lab.passive_force_length(1.6 * one) == pytest.approx(1.0)
    assert lab.tendon_force(0.049 * one) == pytest.approx(1.0, abs=0.01)
    assert lab.tendon_force(-0.05 * one) == pytest.approx(0.0, abs=1e-3)
