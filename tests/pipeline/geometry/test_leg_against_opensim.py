"""Both fitted legs against OpenSim's own geometry, all muscles, at a few postures."""

from pathlib import Path

import numpy as np
import pytest
from numpy.testing import assert_allclose
from places import MODELS

from pipeline.geometry import Coordinate, Geometry, ModelFile, load_model

LEGS = ["right", "left"]
FRACTIONS = np.array(
    [[0.0, 0.0, 0.0], [-0.9, 0.9, 0.3], [0.7, -0.6, -0.8], [0.2, 0.5, 0.9], [-0.5, -0.9, 0.0]]
)
"""Postures as fractions of half the range from its middle."""
LARGEST_LENGTH_M = 1e-3
LARGEST_MOMENT_ARM_M = 3e-3


def _leg(side: str) -> ModelFile:
    return load_model(MODELS / f"gait2392_{side}_leg.json")


def _angles(coordinates: tuple[Coordinate, ...]) -> np.ndarray:
    middle = [coordinate.middle_rad for coordinate in coordinates]
    half = [coordinate.half_range_rad for coordinate in coordinates]
    return np.array(middle) + FRACTIONS * half


@pytest.mark.parametrize("side", LEGS)
def test_every_muscle_has_opensims_length_and_moment_arms(side: str, shared_data: Path) -> None:
    pytest.importorskip("opensim", reason="opensim is not installed")
    from daemon.modelling.opensim import OpensimPaths
    from daemon.modelling.source import Wanted

    model = _leg(side)
    file = shared_data / "walking" / "gait2392.osim"
    source = OpensimPaths(Wanted(file, model.coordinate_names, model.muscle_names))
    q = _angles(model.coordinates)
    length, moment_arm = (np.array(part) for part in zip(*map(source, q), strict=True))
    names = model.coordinate_names
    fitted_length, fitted_arm = Geometry(model, names, names).evaluate(q)
    assert_allclose(fitted_length, length, rtol=0, atol=LARGEST_LENGTH_M)
    assert_allclose(fitted_arm, moment_arm, rtol=0, atol=LARGEST_MOMENT_ARM_M)


def test_the_legs_are_each_others_mirror_images() -> None:
    right, left = _leg("right"), _leg("left")
    assert [f"{name[:-2]}_l" for name in right.muscle_names] == list(left.muscle_names)
    q = _angles(right.coordinates)
    of_right, of_left = (
        Geometry(leg, leg.coordinate_names, leg.coordinate_names).evaluate(q)
        for leg in (right, left)
    )
    for got, expected in zip(of_left, of_right, strict=True):
        assert_allclose(got, expected, rtol=0, atol=1e-9)
