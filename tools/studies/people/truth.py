"""The parameters that the lab hides, in the calibrator's own units."""

from __future__ import annotations

from typing import Any

import numpy as np

from daemon.assembly.model import model_in_use
from daemon.assembly.subject import generic_subject
from daemon.config import Config
from daemon.simulation.lab import Lab
from pipeline.model.parameters import RELATIVE


def true_parameters(config: Config) -> dict[str, dict[str, float]]:
    """Return the true parameters of a simulated person by kind and muscle, in the kind's unit."""
    told: dict[str, Any] = Lab(config).truth()
    generic = generic_subject(model_in_use(config))
    place = [generic.muscles.index(muscle) for muscle in told["muscles"]]
    found = {}
    for name, shares in told["parameters"].items():
        unit = generic.values()[name][place] if name in RELATIVE else 1.0
        found[name] = dict(zip(told["muscles"], (unit * np.array(shares)).tolist(), strict=True))
    return found
