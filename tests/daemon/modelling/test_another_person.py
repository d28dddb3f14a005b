"""A fit over recorded ranges against OpenSim's own lengths at the recorded postures."""

from pathlib import Path

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy.signal import butter, filtfilt

from daemon.modelling.fit import Fitted, fit_model
from daemon.modelling.ranges import recorded_angles
from daemon.modelling.source import Wanted
from pipeline.geometry import Geometry
from pipeline.metrics import rms
from pipeline.streams.recordings.load import load_recording

JOINTS = ("hip_flexion_l", "hip_adduction_l", "hip_rotation_l", "knee_angle_l", "ankle_angle_l")


@pytest.fixture
def leg(shared_data: Path) -> tuple[Path, dict[str, np.ndarray]]:
    pytest.importorskip("opensim", reason="opensim is not installed")
    folder = shared_data / "other_person"
    checks = dict(np.load(folder / "geometry_check.npz"))
    return folder / "subject_walk_armless_18musc.osim", checks


def _fitted(file: Path) -> Fitted:
    recording = load_recording(f"angles={file.parent / 'coordinates.mot'}")
    return fit_model(
        file,
        [joint.removesuffix("_l") for joint in JOINTS],
        side="l",
        recorded=recorded_angles(recording),
        samples=800,
        processes=1,
    )


def _postures(file: Path) -> np.ndarray:
    """Return the recorded angles, rad, smoothed as those the lengths belong to were."""
    stream = load_recording(f"angles={file.parent / 'coordinates.mot'}").streams["angles"]
    angles = np.radians(stream.x[:, [stream.channels.index(joint) for joint in JOINTS]])
    low_pass = butter(2, 6 / 0.802 / (stream.rate_hz / 2))
    return np.asarray(filtfilt(*low_pass, angles, axis=0))


def test_every_muscle_is_within_the_limits_at_the_recorded_postures(
    leg: tuple[Path, dict[str, np.ndarray]],
) -> None:
    from daemon.modelling.opensim import OpensimPaths

    file, checks = leg
    fitted = _fitted(file)
    assert not fitted.over
    model = fitted.model
    assert set(model.muscle_names) == {*checks["muscle_names"], "psoas_l"}
    assert [c.positive for c in model.coordinates] == [
        "flexion", "adduction", "internal rotation", "flexion", "dorsiflexion",
    ]  # fmt: skip
    q = _postures(file)
    for place, name in enumerate(checks["dof_names"]):
        assert_allclose(q[:, JOINTS.index(name)], checks["q"][:, place], rtol=0, atol=1e-9)
    length, arms = Geometry(model, JOINTS, JOINTS).evaluate(q)
    names = list(checks["muscle_names"])
    columns = [model.muscle_names.index(name) for name in names]
    length, arms, expected = length[:, columns], arms[:, :, columns], checks["lmt"]
    source = OpensimPaths(Wanted(file, JOINTS, tuple(map(str, names))))
    lengths, derivatives = zip(*(source(angles) for angles in q[::4]), strict=True)
    assert_allclose(np.array(lengths), expected[::4], rtol=0, atol=1e-6)
    for place, name in enumerate(names):
        assert rms(length[:, place] - expected[:, place]) < 1e-3, name
        for dof in range(len(JOINTS)):
            off = arms[::4, dof, place] - np.array(derivatives)[:, dof, place]
            assert rms(off) < 1.5e-3, (name, JOINTS[dof])


def test_what_else_a_recording_moves_is_told(leg: tuple[Path, dict[str, np.ndarray]]) -> None:
    file, _ = leg
    recorded = recorded_angles(load_recording(f"angles={file.parent / 'coordinates.mot'}"))
    fitted = fit_model(
        file,
        ["hip_flexion", "ankle_angle"],
        side="l",
        muscles=["recfem_l", "soleus_l"],
        ranges={"hip_flexion_l": (-0.1, 0.3)},
        recorded=recorded,
        samples=100,
        processes=1,
    )
    outside, moved = fitted.notes
    assert "'hip_flexion_l' was recorded from -12 to 28 deg, outside the fitted range" in outside
    assert "also moves hip_adduction_l, hip_rotation_l, knee_angle_l, which" in moved
