"""One simulated person after half a minute: what the calibrator has found, and the truth."""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from daemon.assembly.calibrator import build_calibrator
from daemon.assembly.model import model_in_use
from daemon.assembly.pipeline import build_pipeline
from daemon.assembly.subject import generic_subject, starting_subject
from daemon.config import Config
from daemon.simulation.lab import Lab
from pipeline.calibrate.calibrator import Calibrator
from pipeline.calibrate.confidence import Grounds
from pipeline.model.parameters import RELATIVE
from pipeline.streams.base import Chunk
from tools.studies.coverage.kept import keep, kept
from tools.studies.coverage.setups import person, setup

Array = NDArray[np.float64]

BLOCK_MS = 100


class Case(NamedTuple):
    """What was learnt of one person, and who they are."""

    grounds: Grounds | None
    """Of the last set that was accepted; None where none was."""
    truth: dict[str, Array]
    """For each calibrated parameter its true value per muscle, in its own unit; NaN where there is
    none."""
    unit: dict[str, Array]
    """What errors are told relative to: the generic value, or 1, per muscle."""
    bones: dict[str, float]
    """True multiplier of each number of a bone, by its label."""


def case(name: str, seconds: float, cache: Path | None, seed: int) -> Case:
    """Return what was learnt of a person, from the folder `cache` where it is there already.

    A change of the lab or of the calibrator is not noticed: empty the folder then. Intervals are
    computed from it anew.

    Parameters
    ----------
    name
        One of `SETUPS`.
    seconds
        How long the person moves, s.
    """
    config = person(setup(name), seed)
    calibrator = build_calibrator(config, starting_subject(config, model_in_use(config)))
    lab = Lab(config)
    path = None if cache is None else cache / f"{name}-{seconds:g}s-{seed}.npz"
    if path is not None and path.exists():
        grounds = kept(path, calibrator.space)
    else:
        _learn(config, lab, calibrator, seconds)
        grounds = calibrator.grounds
    if path is not None and not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        keep(path, grounds)
    return Case(grounds, *_truth(config, lab.truth()))


def _learn(config: Config, lab: Lab, calibrator: Calibrator, seconds: float) -> None:
    """Let the person move and the calibrator learn."""
    chain = build_pipeline(config, calibrator.subject)
    keys = [key for key in config.streams.roles if getattr(config.streams, key)]
    for _ in range(round(1000 * seconds / BLOCK_MS)):
        block = lab.block(BLOCK_MS)
        for key in keys:
            samples = getattr(block, key)
            chain.push(Chunk(key, samples.t, samples.x))
        chain.predict()
        paired = chain.pair()
        if paired is not None:
            calibrator.add(paired.rows)
        if calibrator.due():
            calibrator.update()


def _truth(
    config: Config, told: dict[str, Any]
) -> tuple[dict[str, Array], dict[str, Array], dict[str, float]]:
    """Return the fields of `Case` beside the grounds."""
    generic = generic_subject(model_in_use(config))
    place = [generic.muscles.index(muscle) for muscle in told["muscles"]]
    truth, unit = {}, {}
    for name, values in generic.values().items():
        unit[name] = values if name in RELATIVE else np.ones(len(values))
        truth[name] = np.full(len(values), np.nan)
        true = told["parameters"].get(name)
        if true is not None:
            truth[name][place] = unit[name][place] * true
    truth["gain"] = np.array([_gain(config, muscle) for muscle in generic.muscles])
    bones = {
        f"{bone}:{number}": value
        for bone, numbers in told.get("bones", {}).items()
        for number, value in numbers.items()
    }
    return truth, unit, bones


def _gain(config: Config, muscle: str) -> float:
    """Return what a muscle's EMG is to be multiplied by; NaN where no one number does it."""
    channels = config.model.muscles.get(muscle, ())
    if len(channels) != 1:
        return float("nan")
    return 1.0 / config.simulation.emg_gain.get(channels[0], 1.0)
