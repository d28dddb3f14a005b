"""The fitted leg against OpenSim's lengths and moment arms of a person walking and running."""

from pathlib import Path

import numpy as np
import pytest

from pipeline.geometry import Geometry, ModelFile, with_muscles

# The recordings' geometry also has hip adduction and rotation, subtalar and toe angles in it,
# which no stream carries. Muscles that cross the knee only show the fit by itself; for the
# others these bounds say what leaving those angles at zero costs, in m.
KNEE_ONLY = ("vas_med_r", "vas_int_r", "vas_lat_r", "bifemsh_r")
LENGTH_RMS_M = 2e-3
MOMENT_ARM_RMS_M = 1e-3
FIT_LENGTH_RMS_M = 0.2e-3


@pytest.mark.parametrize("recording", ["walk36", "run81"])
def test_leg_follows_opensim(leg: ModelFile, shared_data: Path, recording: str) -> None:
    with np.load(shared_data / "walking" / f"{recording}.npz") as data:
        dofs = tuple(str(name) for name in data["dof_names"])
        recorded = with_muscles(leg, [str(name) for name in data["muscle_names"]])
        assert tuple(str(name) for name in data["muscle_names"]) == recorded.muscle_names
        q, length, moment_arm = data["q_f"], data["lmt_f"], data["ma_f"]
    geometry = Geometry(recorded, dofs, dofs)
    assert not geometry.outside(q).any()
    fitted_length, fitted_arm = geometry.evaluate(q)
    length_rms = np.sqrt(np.mean((fitted_length - length) ** 2, axis=0))
    arm_rms = np.sqrt(np.mean((fitted_arm - moment_arm) ** 2, axis=0)).max(axis=0)
    for name, of_length, of_arm in zip(recorded.muscle_names, length_rms, arm_rms, strict=True):
        told = f"{name}: length {1e3 * of_length:.2f} mm, moment arm {1e3 * of_arm:.2f} mm RMS"
        assert of_length < (FIT_LENGTH_RMS_M if name in KNEE_ONLY else LENGTH_RMS_M), told
        assert of_arm < MOMENT_ARM_RMS_M, told
