"""A small arm for the simulated lab: four muscles over two joints."""

import copy
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from daemon.config import Config

JOINTS = ("shoulder", "elbow")
# name: fibre m, tendon m, force N, pennation rad, lever m about each joint (shortening positive)
MUSCLES = {
    "deltoid": (0.10, 0.09, 1100.0, 0.30, (0.030, 0.0)),
    "biceps": (0.12, 0.27, 620.0, 0.0, (0.015, 0.035)),
    "triceps": (0.13, 0.14, 800.0, 0.2, (-0.012, -0.022)),
    "brachialis": (0.09, 0.06, 980.0, 0.0, (0.0, 0.018)),
}
SETUP: dict[str, Any] = {
    "title": "Two joints",
    "streams": {
        "emg": {"name": "e", "rate_hz": 1000, "unit": "V", "channels": ["d", "b1", "b2", "t"]},
        "angles": {"name": "a", "rate_hz": 100, "unit": "rad", "channels": list(JOINTS)},
        "moments": {"name": "m", "rate_hz": 100, "unit": "N*m", "channels": list(JOINTS)},
    },
    "envelope": {"lowpass_hz": 6.0, "mvc": {"d": 4e-4, "b1": 3e-4, "b2": 5e-4, "t": 2e-4}},
    "model": {
        "dofs": list(JOINTS),
        "muscles": {
            "deltoid": ["d"],
            "triceps": ["t"],
            "biceps": ["b1", "b2"],
            "brachialis": ["b2"],
        },
    },
    "simulation": {
        "strength": {"biceps": 1.5},
        "optimal_fibre_length": {"triceps": 0.95},
        "tendon_slack_length": {"biceps": 1.02},
    },
}


def _muscle(name: str) -> dict[str, Any]:
    fibre, tendon, force, pennation, levers = MUSCLES[name]
    lengths = [1.0 * fibre + 1.01 * tendon, *(-lever for lever in levers), 0.002]
    return {
        "name": name,
        "max_isometric_force_n": force,
        "optimal_fibre_length_m": fibre,
        "tendon_slack_length_m": tendon,
        "pennation_at_optimal_rad": pennation,
        "max_contraction_velocity_per_s": 10.0,
        "path": {
            "coordinates": list(JOINTS),
            "order": 2,
            "exponents": [[0, 0], [1, 0], [0, 1], [1, 1]],
            "coefficients": lengths,
            "length_rms_m": 0.0,
            "length_max_m": 0.0,
            "moment_arm_rms_m": dict.fromkeys(JOINTS, 0.0),
            "moment_arm_max_m": dict.fromkeys(JOINTS, 0.0),
        },
    }


def lab_in(folder: Path) -> Callable[..., Config]:
    """Write the model into a folder; return what makes set-ups of it."""
    model = {
        "format": "hillstream-model/1",
        "name": "two joints",
        "origin": "made for tests",
        "license": "Apache-2.0",
        "coordinates": [
            {"name": name, "range_rad": [0.0, 2.0], "positive": "flexion"} for name in JOINTS
        ],
        "muscles": [_muscle(name) for name in MUSCLES],
    }
    file = folder / "arm.json"
    file.write_text(json.dumps(model))

    def make(**changes: dict[str, Any]) -> Config:
        raw = copy.deepcopy(SETUP)
        raw["model"]["file"] = file
        for section, values in changes.items():
            raw.setdefault(section, {}).update(values)
        return Config.model_validate(raw)

    return make


@pytest.fixture
def make_config(tmp_path: Path) -> Callable[..., Config]:
    """Make the set-up, with sections changed: ``make_config(simulation={"seed": 2})``."""
    return lab_in(tmp_path)
