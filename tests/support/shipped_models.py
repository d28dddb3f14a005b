"""Models the geometry tests share."""

from pathlib import Path

import pytest
from places import MODELS

from pipeline.geometry import ModelFile, load_model


@pytest.fixture(params=["gait2392_right_leg", "gait2392_left_leg", "myoarm_right"])
def model_path(request: pytest.FixtureRequest) -> Path:
    """Path of each shipped model in turn."""
    return MODELS / f"{request.param}.json"


@pytest.fixture
def model(model_path: Path) -> ModelFile:
    """Each shipped model in turn."""
    return load_model(model_path)


@pytest.fixture(scope="session")
def leg() -> ModelFile:
    return load_model(MODELS / "gait2392_right_leg.json")


@pytest.fixture(scope="session")
def arm() -> ModelFile:
    return load_model(MODELS / "myoarm_right.json")
