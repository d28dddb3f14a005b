"""A simulated person of three muscles whose parameters are known, and their recorded rows."""

import numpy as np
import torch

from pipeline.model.nms import parameters_of, simulate
from pipeline.model.parameters import ParameterSpace, Rule
from pipeline.model.subject import Subject
from pipeline.timebase.rows import PairedRows

RATE_HZ = 100.0
BOUNDS = {
    "optimal_fibre_length": (0.8, 1.2),
    "tendon_slack_length": (0.9, 1.1),
    "strength": (0.5, 2.5),
    "gain": (0.67, 1.5),
    "shape_factor": (-3.0, -0.01),
    "c1": (-0.95, -0.05),
    "c2": (-0.95, -0.05),
}


def prior():
    return Subject.generic(
        muscles=("flexor", "extensor", "helper"),
        max_isometric_force=np.array([1200.0, 1500.0, 600.0]),
        optimal_fibre_length=np.array([0.08, 0.06, 0.12]),
        tendon_slack_length=np.array([0.15, 0.2, 0.1]),
        pennation=np.array([0.1, 0.3, 0.0]),
        max_velocity=np.full(3, 10.0),
    )


def person():
    return prior().with_values(
        {
            "strength": np.array([1.6, 0.8, 1.3]),
            "optimal_fibre_length": prior().optimal_fibre_length * [1.08, 0.94, 1.05],
            "tendon_slack_length": prior().tendon_slack_length * [0.98, 1.02, 1.01],
            "shape_factor": np.array([-1.5, -1.5, -1.5]),
        }
    )


def recorded(seconds, start_s=0.0, drive=(1.0, 1.0, 1.0)):
    """Return rows of the person's movement; `drive` scales the excitation of each muscle."""
    t = start_s + np.arange(round(seconds * RATE_HZ)) / RATE_HZ
    phase = np.array([0.0, np.pi, 1.0])
    excitation = np.clip(0.35 + 0.4 * np.sin(2 * np.pi * 0.9 * t[:, None] + phase), 0.01, 1.0)
    excitation *= drive
    swing = np.array([1.0, -1.0, 0.8]) * np.sin(2 * np.pi * 0.7 * t)[:, None]
    rest = prior().optimal_fibre_length + 1.02 * prior().tendon_slack_length
    length = rest + 0.18 * prior().optimal_fibre_length * swing
    arms = np.array([[0.04, -0.03, 0.03], [0.0, -0.02, 0.02]])
    moment_arm = np.tile(arms, (len(t), 1, 1))
    output = simulate(
        parameters_of(person()),
        torch.tensor(excitation.T.copy()),
        torch.tensor(length.T.copy()),
        torch.tensor(np.moveaxis(moment_arm, 0, -1).copy()),
        1.0 / RATE_HZ,
    )
    moment = output.moment.T.numpy()
    return PairedRows(
        t, excitation, length, moment_arm, moment, np.ones(len(t), dtype=bool), excitation >= 0
    )


def space(groups=(), fixed=("gain",)):
    rules = {name: Rule(name not in fixed, bounds) for name, bounds in BOUNDS.items()}
    return ParameterSpace(prior(), rules, groups)
