"""A made-up person of two muscles on one joint, whose parameters are known."""

import numpy as np
import torch

from pipeline.model.nms import simulate
from pipeline.model.parameters import ParameterSpace, Rule
from pipeline.model.subject import Subject
from pipeline.timebase.rows import PairedRows

RATE_HZ = 100.0
RULES = {
    "optimal_fibre_length": Rule(True, (0.9, 1.1)),
    "tendon_slack_length": Rule(True, (0.95, 1.05)),
    "strength": Rule(True, (0.5, 2.5)),
    "gain": Rule(True, (0.67, 1.5)),
    "shape_factor": Rule(True, (-3.0, -0.01)),
    "c1": Rule(True, (-0.95, -0.05)),
    "c2": Rule(True, (-0.95, -0.05)),
}


def space(dtype: torch.dtype = torch.float64) -> ParameterSpace:
    generic = Subject.generic(
        muscles=("flexor", "extensor"),
        max_isometric_force=np.array([800.0, 1200.0]),
        optimal_fibre_length=np.array([0.08, 0.06]),
        tendon_slack_length=np.array([0.2, 0.25]),
        pennation=np.array([0.1, 0.3]),
        max_velocity=np.array([10.0, 10.0]),
    )
    return ParameterSpace(generic, RULES, dtype=dtype)


def rows_of(subject: Subject, silent: bool = False, seconds: float = 4.0) -> PairedRows:
    """Return a movement of that person; with `silent` the extensor is hardly excited."""
    t = np.arange(round(seconds * RATE_HZ)) / RATE_HZ
    excitation = np.stack(
        (0.3 + 0.3 * np.sin(7.0 * t) ** 2, (0.0 if silent else 0.5) * np.sin(4.0 * t + 1.0) ** 2), 1
    )
    swing = 0.02 * np.sin(3.0 * t)[:, None]
    length = np.array([0.285, 0.31]) + swing * np.array([1.0, -1.0])
    moment_arm = np.broadcast_to(np.array([[0.04, -0.03]]), (len(t), 1, 2))
    same = ParameterSpace(subject, {name: Rule(False, (0.0, 1.0)) for name in RULES})
    moment = simulate(
        same.parameters(same.zeros()),
        *(
            torch.as_tensor(np.ascontiguousarray(a))
            for a in (excitation.T, length.T, moment_arm.transpose(1, 2, 0))
        ),
        1.0 / RATE_HZ,
    ).moment.T.numpy()
    return PairedRows(
        t, excitation, length, moment_arm, moment, np.ones(len(t), dtype=bool), excitation >= 0
    )
