"""Coverage of the calibrator's intervals over many simulated people.

Each person has muscles of their own, drawn at random, and moves in the simulated lab with raw EMG,
noise and hum. The calibrator starts from the generic muscles, and after half a minute its intervals
are compared with the parameters that nobody told it.
"""

from __future__ import annotations

import json
import multiprocessing
from collections import defaultdict
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import click
import numpy as np
import torch
from rich.progress import track

from daemon.assembly.calibrator import build_calibrator
from daemon.assembly.model import model_in_use
from daemon.assembly.pipeline import build_pipeline
from daemon.assembly.subject import generic_subject
from daemon.config import Config, load_config
from daemon.simulation.lab import Lab
from daemon.terminal.command import Command
from pipeline.calibrate.calibrator import Calibrator
from pipeline.metrics import rms
from pipeline.model.parameters import RELATIVE
from pipeline.streams.base import Chunk
from pipeline.update import Update

WITHIN = 1.96
"""Standard deviations on either side in a 95 % interval."""
BLOCK_MS = 100


@dataclass(frozen=True)
class Estimate:
    """One parameter of one muscle of one person."""

    name: str
    identifiability: str
    error: float
    """Estimate less truth, in standard deviations as claimed."""
    deviation: float
    """As claimed, relative to the generic muscle where the configuration's bounds are."""


def person(config: Config, seed: int) -> Config:
    """Return the set-up with another simulated person, well inside the calibrator's bounds."""
    random = np.random.default_rng(seed)

    def each(low: float, high: float) -> dict[str, float]:
        return {muscle: float(random.uniform(low, high)) for muscle in config.model.muscles}

    changes = {
        "seed": seed,
        "strength": each(0.7, 1.6),
        "optimal_fibre_length": each(0.94, 1.06),
        "tendon_slack_length": each(0.97, 1.03),
        "shape_factor": float(random.uniform(-2.0, -0.5)),
        "activation_time_constant_s": float(random.uniform(0.01, 0.02)),
    }
    simulation = config.simulation.model_copy(update=changes)
    return config.model_copy(update={"simulation": simulation})


def last_accepted(config: Config, calibrator: Calibrator, seconds: float) -> Update | None:
    """Let the person move and the calibrator learn; return the last update that was accepted."""
    lab, accepted = Lab(config), None
    chain = build_pipeline(config, calibrator.subject)
    for _ in range(round(1000 * seconds / BLOCK_MS)):
        block = lab.block(BLOCK_MS)
        for key in ("emg", "angles", "moments"):
            samples = getattr(block, key)
            chain.push(Chunk(key, samples.t, samples.x))
        chain.predict()
        paired = chain.pair()
        if paired is not None:
            calibrator.add(paired.rows)
        if calibrator.due():
            update = calibrator.update()
            accepted = update if update.adopted else accepted
    return accepted


def estimates(config: Config, seconds: float, seed: int) -> list[Estimate]:
    """Return what was estimated of one person, against the truth."""
    torch.set_num_threads(1)
    config = person(config, seed)
    generic = generic_subject(model_in_use(config))
    calibrator = build_calibrator(config, generic)
    update = last_accepted(config, calibrator, seconds)
    if update is None or update.candidate is None or update.confidence is None:
        return []
    truth = Lab(config).truth()
    place = [generic.muscles.index(muscle) for muscle in truth["muscles"]]  # type: ignore[attr-defined]
    found = []
    for name, values in truth["parameters"].items():  # type: ignore[attr-defined]
        scale = generic.values()[name][place] if name in RELATIVE else np.ones(len(place))
        value = update.candidate.values()[name][place] / scale
        deviation = update.confidence.deviation[name][place] / scale
        identifiability = [update.confidence.identifiability[name][i] for i in place]
        for i in np.flatnonzero(deviation > 0):
            error = (value[i] - values[i]) / deviation[i]
            found.append(Estimate(name, identifiability[i], float(error), float(deviation[i])))
    return found


def summary(found: list[Estimate]) -> list[dict[str, Any]]:
    """Return for every parameter and identifiability how often the truth was inside."""
    groups = defaultdict(list)
    for estimate in found:
        groups["all", estimate.identifiability].append(estimate)
        groups[estimate.name, estimate.identifiability].append(estimate)
    return [
        {
            "parameter": name,
            "identifiability": identifiability,
            "count": len(group),
            "inside_95": float(np.mean([abs(e.error) < WITHIN for e in group])),
            "rms_error": rms([e.error for e in group]),
            "deviation": float(np.median([e.deviation for e in group])),
        }
        for (name, identifiability), group in sorted(groups.items())
    ]


@click.command(cls=Command)
@click.option("--subjects", default=200, show_default=True, help="Simulated people.")
@click.option("--seconds", default=30.0, show_default=True, help="How long each one moves, s.")
@click.option("--first-seed", default=0, show_default=True, help="Seed of the first person.")
@click.option("--jobs", default=2, show_default=True, help="Processes.")
@click.option("--json", "json_file", type=click.Path(path_type=Path), help="Write the table here.")
def main(subjects: int, seconds: float, first_seed: int, jobs: int, json_file: Path | None) -> None:
    """Count how often 95 % intervals hold the truth, over simulated people."""
    work = partial(estimates, load_config("arm"), seconds)
    seeds = range(first_seed, first_seed + subjects)
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(jobs, mp_context=context) as pool:
        each = pool.map(work, seeds)
        found = [e for part in track(each, "Simulating", total=subjects) for e in part]
    table = summary(found)
    click.echo(
        "parameter              identifiability      count  inside 95 %  rms error  deviation"
    )
    for row in table:
        click.echo(
            f"{row['parameter']:22} {row['identifiability']:20} {row['count']:5}  "
            f"{100 * row['inside_95']:9.1f} %  {row['rms_error']:9.2f}  {row['deviation']:9.3f}"
        )
    if json_file:
        result = {"subjects": subjects, "seconds": seconds, "first_seed": first_seed}
        json_file.write_text(json.dumps(result | {"table": table}, indent=1), encoding="utf-8")


if __name__ == "__main__":
    main()
