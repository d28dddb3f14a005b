"""A simulated person: the rows that the calibrator gets, and a stretch to tell the truth by."""

from __future__ import annotations

import os
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from daemon.assembly.model import model_in_use
from daemon.assembly.pipeline import build_pipeline
from daemon.assembly.subject import starting_subject
from daemon.config import Config, load_config
from daemon.simulation.lab import Lab
from daemon.simulation.person.person import STEP_S
from pipeline.model.subject import Subject
from pipeline.streams.base import Chunk
from pipeline.timebase.rows import PairedRows
from tools.studies.coverage.setups import person

Array = NDArray[np.float64]

SCENES: dict[str, dict[str, float]] = {
    "arm": {},
    "tiring": {"start_s": 30.0, "end_s": 80.0},
    "jump": {
        "start_s": 40.0,
        "end_s": 40.0,
        "strength_loss": 0.4,
        "frequency_loss": 0.0,
        "amplitude_rise": 0.0,
    },
}
"""The arm as it is; with two muscles that lose a quarter of their strength in 50 s; with the same
two at two fifths less from one moment on."""
APART = 1_000_000
"""By which the seed of the stretch that tells the truth is another: it moves and it hums otherwise,
in the same person."""
EVALUATED_S = 24.0
"""Length of that stretch, s."""
_BLOCK_MS = 100


def scene(name: str, seed: int) -> Config:
    """Return the set-up of a person in one of `SCENES`."""
    config = person(load_config("arm"), seed)
    if not SCENES[name]:
        return config
    tiring = [
        one.model_copy(update=SCENES[name]) for one in load_config("tiring-arm").simulation.fatigue
    ]
    simulation = config.simulation.model_copy(update={"fatigue": tiring})
    return config.model_copy(update={"simulation": simulation})


class Evaluation(NamedTuple):
    """A stretch of the same person that nobody learns from."""

    rows: PairedRows
    """With the moments that the rested muscles have."""
    force: Array
    """Of the rested muscles, N, shape [n, muscle]."""


class Person(NamedTuple):
    """What a calibrator gets of a person, and what tells how well it does."""

    rows: PairedRows
    evaluation: Evaluation


def one(config: Config, seconds: float, cache: Path | None) -> Person:
    """Return a person, from the folder `cache` where they are there already.

    A change of the lab or of the pipeline is not noticed: empty the folder then. Each scene needs
    one of its own.
    """
    simulation = config.simulation
    other = simulation.model_copy(update={"seed": simulation.seed + APART, "fatigue": []})
    path = None
    if cache is not None:
        cache.mkdir(parents=True, exist_ok=True)
        path = cache / f"{simulation.seed}-{seconds:g}s.npz"
        if path.exists():
            return _kept(path)
    rows, _ = lived(config, seconds)
    evaluation = lived(config.model_copy(update={"simulation": other}), EVALUATED_S, true=True)
    found = Person(rows, Evaluation(*evaluation))
    if path is not None:
        _keep(path, found)
    return found


def lived(config: Config, seconds: float, *, true: bool = False) -> tuple[PairedRows, Array]:
    """Return the paired rows of a person who moves in the simulated lab, and the muscles' forces.

    Parameters
    ----------
    true
        Whether the reference is what the muscles do, without what a sensor makes of it.
    """
    lab, pipeline = Lab(config), build_pipeline(config, known(config))
    rows, force = [], []
    for _ in range(round(1000 * seconds / _BLOCK_MS)):
        block = lab.block(_BLOCK_MS)
        force.append(block.truth.force)
        moment = block.truth.moment if true else block.moments.x
        pipeline.push(Chunk("emg", block.emg.t, block.emg.x))
        pipeline.push(Chunk("angles", block.angles.t, block.angles.x))
        pipeline.push(Chunk("moments", block.moments.t, moment))
        pipeline.predict()
        paired = pipeline.pair()
        if paired is not None:
            rows.append(paired.rows)
    joined = PairedRows.joined(rows)
    millisecond = np.round(joined.t / STEP_S).astype(np.int64)
    return joined, np.concatenate(force)[millisecond]


def _keep(path: Path, person: Person) -> None:
    """Write a person; the file is there whole or not at all."""
    part = path.with_name(f".{os.getpid()}-{path.name}")
    lives = {"": person.rows, "evaluation_": person.evaluation.rows}
    arrays = {
        prefix + name: column
        for prefix, rows in lives.items()
        for name, column in rows._asdict().items()
    }
    np.savez(part, force=person.evaluation.force, **arrays)
    part.replace(path)


def _kept(path: Path) -> Person:
    with np.load(path, allow_pickle=False) as arrays:
        rows, other = (
            PairedRows(*(arrays[prefix + name] for name in PairedRows._fields))
            for prefix in ("", "evaluation_")
        )
        return Person(rows, Evaluation(other, arrays["force"]))


def known(config: Config) -> Subject:
    """Return the person before data."""
    return starting_subject(config, model_in_use(config))
