"""An arm that somebody has moved, small enough to be identified in a test."""

import pytest
import torch

from pipeline.identify.methods import AccelerationObjective, MotionRecording
from pipeline.identify.space import MuscleBoneSpace
from tools.studies.diff_msm.arm import MUSCLES, Arm, myoarm, record
from tools.studies.diff_msm.methods import guess


@pytest.fixture(scope="session")
def arm() -> Arm:
    return myoarm()


@pytest.fixture(scope="session")
def recording(arm) -> MotionRecording:
    return record(arm, seed=4, trials=6)


@pytest.fixture
def problem(arm, recording):
    """An objective from a guess that is off by 10 %, and the space's vector of the truth."""

    def make(seed: int, free: tuple[str, ...]) -> tuple[AccelerationObjective, torch.Tensor]:
        believed = guess(arm, seed, free)
        names = arm.skeleton.chain.bone_names
        space = MuscleBoneSpace(MUSCLES, names, believed.muscles, believed.inertia, free)
        truth = space.vector(arm.muscles, arm.skeleton.inertia)
        return AccelerationObjective(space, recording), truth

    return make
