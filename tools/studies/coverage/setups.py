"""Set-ups whose intervals are judged, and the people who are drawn for them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from daemon.config import Config, load_config
from daemon.simulation.sensors.electrodes import EMG_RATE_HZ
from tools.studies.people.drawing import GAIN, GAIN_SPREAD, scaled

SETUPS = ("arm", "arm-unknown-gain", "arm-motion", "leg", "leg-unknown-gain")
"""The simulated arm with measured MVC, with EMG that is scaled to nothing known, and without a
measured moment; the leg of the walking set-up with raw EMG of the simulated lab."""
BONES = (0.9, 1.1)
"""Each number of a bone, relative to the one believed."""
MVC_V = 4e-4


def setup(name: str) -> Config:
    """Return one of `SETUPS`."""
    if name == "arm-motion":
        return load_config("torque-free-arm")
    config = load_config("arm") if name.startswith("arm") else _leg()
    if name.endswith("unknown-gain"):
        envelope = config.envelope.model_copy(update={"scaled_to": "unknown"})
        config = config.model_copy(update={"envelope": envelope})
    return config


def _leg() -> Config:
    """Return the walking set-up as the simulated lab can serve it: raw EMG, driven muscles."""
    config = load_config("walking")
    emg = config.streams.emg.model_copy(update={"rate_hz": float(EMG_RATE_HZ), "unit": "V"})
    mvc = dict.fromkeys(emg.channels, MVC_V)
    changes = {
        "streams": config.streams.model_copy(update={"emg": emg}),
        "envelope": load_config("arm").envelope.model_copy(update={"mvc": mvc}),
        "model": config.model.model_copy(update={"use_muscles": "driven"}),
    }
    return config.model_copy(update=changes)


def person(config: Config, seed: int) -> Config:
    """Return the set-up with another simulated person, well inside the calibrator's bounds.

    Muscles that share a strength in the set-up share one in the person. Where EMG is scaled to
    nothing known, its gain is drawn as wide as for `tools.studies.people`.
    """
    random = np.random.default_rng(seed)
    muscles = tuple(config.model.muscles)

    def each(low: float, high: float) -> dict[str, float]:
        return {muscle: float(random.uniform(low, high)) for muscle in muscles}

    changes: dict[str, object] = {
        "seed": seed,
        "strength": _shared(each(0.7, 1.6), config.calibrator.strength_groups),
        "optimal_fibre_length": each(0.94, 1.06),
        "tendon_slack_length": each(0.97, 1.03),
        "shape_factor": float(random.uniform(-2.0, -0.5)),
        "activation_time_constant_s": float(random.uniform(0.01, 0.02)),
    }
    if config.envelope.scaled_to != "mvc":
        changes["emg_gain"] = scaled(random, config.streams.emg.channels, GAIN, GAIN_SPREAD)
    if config.torque_free:
        changes["bones"] = {
            bone: {number: float(random.uniform(*BONES)) for number in numbers}
            for bone, numbers in config.simulation.bones.items()
        }
    return config.model_copy(update={"simulation": config.simulation.model_copy(update=changes)})


def _shared(strength: dict[str, float], groups: Mapping[str, Sequence[str]]) -> dict[str, float]:
    """Return strengths of which each group has one, that of its first muscle."""
    alike = {muscle: strength[group[0]] for group in groups.values() for muscle in group}
    return strength | alike
