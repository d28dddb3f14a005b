"""Muscles and movements drawn at random, anywhere that a calibration may go."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from daemon.config import ParametersConfig
from pipeline.model.nms import Parameters
from pipeline.model.subject import Subject

DOFS = 2
MUSCLES = 4


class Movement(NamedTuple):
    """What drives the muscles; tensors of shape [muscle, time] and [dof, muscle, time]."""

    excitation: Tensor
    length: Tensor
    moment_arm: Tensor


def drawn_parameters(rng: np.random.Generator, muscles: int, dtype=torch.float64) -> Parameters:
    """Return parameters of muscles short and long, anywhere inside the default bounds."""
    bounds = ParametersConfig()

    def column(low: float, high: float) -> Tensor:
        return torch.tensor(rng.uniform(low, high, (muscles, 1)), dtype=dtype)

    def within(name: str) -> Tensor:
        values = column(*getattr(bounds, name).bounds)
        edges = torch.tensor(getattr(bounds, name).bounds, dtype=dtype)
        place = rng.integers(0, 8, (muscles, 1))  # one in four lies on a bound
        return torch.where(torch.tensor(place < 2), edges[torch.tensor(place % 2)], values)

    return Parameters(
        max_isometric_force=column(100, 6000),
        optimal_fibre_length=column(0.03, 0.2) * within("optimal_fibre_length"),
        tendon_slack_length=column(0.03, 0.4) * within("tendon_slack_length"),
        height=torch.sin(column(0.0, 0.7)).clamp_min(1e-3),
        max_velocity=column(5, 15),
        damping=column(0.0, 0.1),
        strength=within("strength"),
        gain=column(0.3, 1.0),
        shape_factor=within("shape_factor"),
        c1=within("c1"),
        c2=within("c2"),
    )


def drawn_movement(
    rng: np.random.Generator,
    parameters: Parameters,
    samples: int,
    step_s: float,
    slack: bool = False,
    hz: float = 2.0,
) -> Movement:
    """Return a movement at up to `hz`, with excitations that rest at 0 and 1, or switch.

    With `slack` a tendon may be slack even over a fibre of a third of its optimal length.
    """
    optimal, tendon = parameters.optimal_fibre_length, parameters.tendon_slack_length
    n, dtype = optimal.shape[0], optimal.dtype
    t = step_s * np.arange(samples)

    def column(low: float, high: float) -> np.ndarray:
        return rng.uniform(low, high, (n, 1))

    wave = np.sin(2.0 * np.pi * column(0.1, hz) * t + column(0.0, 6.3))
    graded = np.clip(column(0.0, 1.0) + 0.5 * wave, 0.0, 1.0)
    kinds = [np.zeros_like(wave), np.ones_like(wave), (wave > 0).astype(float), graded, graded]
    kind = rng.integers(0, len(kinds), n)
    excitation = np.stack([kinds[k][i] for i, k in enumerate(kind)])
    swing = np.sin(2.0 * np.pi * column(0.1, hz) * t + column(0.0, 6.3))
    relative = column(0.3 if slack else 0.6, 1.5) + column(0.0, 0.5) * swing
    strain = column(-0.03 if slack else 0.0, 0.03)
    arms = rng.uniform(-0.06, 0.06, (DOFS, n, 1)) * np.ones(samples)

    def tensor(values: np.ndarray) -> Tensor:
        return torch.tensor(values, dtype=dtype)

    length = tendon * (1.0 + tensor(strain)) + optimal * tensor(relative)
    return Movement(tensor(excitation), length, tensor(arms))


def person() -> Subject:
    """Return a person with muscles short and long, their tendons too."""
    one = np.ones(MUSCLES)
    return Subject.generic(
        muscles=tuple("abcd"),
        max_isometric_force=1000.0 * one,
        optimal_fibre_length=np.array([0.05, 0.1, 0.15, 0.08]),
        tendon_slack_length=np.array([0.25, 0.1, 0.1, 0.2]),
        pennation=np.array([0.4, 0.0, 0.1, 0.2]),
        max_velocity=10.0 * one,
    )
