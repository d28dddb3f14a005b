"""Simulated people who are unlike the set-up: muscles, EMG gain and delay drawn wide."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.random import Generator

from daemon.config import Config

STRENGTH = (0.4, 2.0)
"""Strength of every muscle, relative to the generic one."""
STRENGTH_SPREAD = 1.3
"""A muscle's strength is the person's times or over this at most."""
GAIN = (0.2, 2.0)
"""EMG gain of a person, relative to the MVC values of the set-up."""
GAIN_SPREAD = 1.25
"""A channel's gain is the person's times or over this at most."""
DELAY_S = (0.03, 0.11)
"""Electromechanical delay, s."""
LENGTH = (0.9, 1.1)
"""Optimal fibre length and tendon slack length, relative to the generic muscle."""
SHAPE_FACTOR = (-2.0, -0.5)
TIME_CONSTANT_S = (0.01, 0.02)


def person(config: Config, seed: int) -> Config:
    """Return the set-up with another simulated person, of whom the set-up knows nothing.

    Only [simulation] changes, and that the set-up says it does not know what the EMG is scaled to.

    Parameters
    ----------
    seed
        Decides who the person is, how they move, and all noise.
    """
    random = np.random.default_rng(seed)
    muscles, channels = tuple(config.model.muscles), config.streams.emg.channels
    changes = {
        "seed": seed,
        "strength": scaled(random, muscles, _narrowed(STRENGTH), STRENGTH_SPREAD),
        "emg_gain": scaled(random, channels, GAIN, GAIN_SPREAD),
        "electromechanical_delay_s": float(random.uniform(*DELAY_S)),
        "optimal_fibre_length": {name: float(random.uniform(*LENGTH)) for name in muscles},
        "tendon_slack_length": {name: float(random.uniform(*LENGTH)) for name in muscles},
        "shape_factor": float(random.uniform(*SHAPE_FACTOR)),
        "activation_time_constant_s": float(random.uniform(*TIME_CONSTANT_S)),
    }
    simulation = config.simulation.model_copy(update=changes)
    envelope = config.envelope.model_copy(update={"scaled_to": "unknown"})
    return config.model_copy(update={"simulation": simulation, "envelope": envelope})


def _narrowed(limits: tuple[float, float]) -> tuple[float, float]:
    """Return what a person's scale may be so that no muscle, with its spread, leaves `limits`."""
    return limits[0] * STRENGTH_SPREAD, limits[1] / STRENGTH_SPREAD


def scaled(
    random: Generator, names: Iterable[str], limits: tuple[float, float], spread: float
) -> dict[str, float]:
    """Return one scale for the person times a smaller one for each name."""
    whole = _log_uniform(random, *limits)
    return {name: whole * _log_uniform(random, 1.0 / spread, spread) for name in names}


def _log_uniform(random: Generator, low: float, high: float) -> float:
    return float(np.exp(random.uniform(np.log(low), np.log(high))))
