"""Anchors in newtons, without which motion does not tell how strong and heavy a person is."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from pipeline.identify.loss import acceleration_scale
from pipeline.identify.methods import AccelerationObjective, MotionRecording
from pipeline.identify.space import MuscleBoneSpace
from tools.studies.diff_msm.arm import MUSCLES, Arm, myoarm, record

WEIGHT_KG = 1.0
NOISE = 0.01
"""Standard deviation of an acceleration, as a share of the joint's own."""
SHOWS = 1e-8
"""Singular value, over the largest, from which on a direction shows in the motion."""


def anchors() -> list[dict[str, Any]]:
    """Return how many directions of the parameters show, and how well force and mass are known."""
    arm = myoarm()
    free, loaded = record(arm, 1), record(arm, 1, weight_kg=WEIGHT_KG)
    rows = [
        ("joint damping, as in MyoArm", "muscles, bones", free, False),
        ("nothing", "muscles, bones, damping", free, True),
        (
            f"{WEIGHT_KG:g} kg in the hand in every other trial",
            "muscles, bones, damping",
            loaded,
            True,
        ),
    ]
    return [
        {"known": known, "unknown": unknown, **_told(arm, recording, damped)}
        for known, unknown, recording, damped in rows
    ]


def _told(arm: Arm, recording: MotionRecording, damped: bool) -> dict[str, Any]:
    """Return what a recording tells at the true parameters.

    Parameters
    ----------
    damped
        Whether the joints' damping is to be identified as well.
    """
    names = arm.skeleton.chain.bone_names
    space = MuscleBoneSpace(MUSCLES, names, arm.muscles, arm.skeleton.inertia)
    slope = AccelerationObjective(space, recording).linearised(space.zeros())[1]
    if damped:
        slope = torch.cat((slope, _by_damping(arm, recording)), 1)
    values = torch.linalg.svdvals(slope)
    shown = int((values > SHOWS * values[0]).sum())
    return {"shown": f"{shown} of {slope.shape[1]}", "scale": _scale_deviation(slope, space)}


def _by_damping(arm: Arm, recording: MotionRecording) -> Tensor:
    """Return the derivative of the weighted accelerations by each joint's damping coefficient.

    The velocity is what the known damping makes of it.
    """
    motion = recording.motion
    dofs = motion.external.shape[-1]
    torque = torch.diag_embed(motion.external)  # of a relative change of each coefficient
    whole = arm.skeleton.inertia.flatten() + motion.load.unsqueeze(-2)
    mass = (motion.mass_per_inertia @ whole.unsqueeze(-1)).squeeze(-1)
    slope: Tensor = torch.linalg.solve(mass, torque)
    count = motion.weight.flatten(0, -2).sum(0) * dofs
    weight = (motion.weight / count).sqrt() / acceleration_scale(motion)
    return (slope * weight[..., None]).flatten(0, -2)


def _scale_deviation(slope: Tensor, space: MuscleBoneSpace) -> str:
    """Return how well the mean strength of the muscles is known, where nothing else is."""
    mean = torch.zeros(slope.shape[1], dtype=slope.dtype)
    strengths = [i for i, label in enumerate(space.labels) if label.kind == "max_isometric_force"]
    mean[strengths] = 1.0 / len(strengths)
    samples = int((slope != 0).any(1).sum())
    _, values, directions = torch.linalg.svd(slope, full_matrices=False)
    shares = directions @ mean
    shows = values > SHOWS * values[0]
    if float(shares[~shows].norm()) > SHOWS**0.5:
        return "unobserved"
    deviation = float((shares[shows] / values[shows]).norm()) / samples**0.5
    return f"{100.0 * NOISE * deviation:.2g} %"
