"""Muscles and bones from motion: what the calibrator finds of a simulated person, offline.

The simulated lab's samples go through the live daemon's own code as fast as the machine computes:
EMG, noisy angles and the exoskeleton's torque, no joint moment. After `--seconds` the parameters
stay as they are, and the moments predicted for what the person does next are compared with what no
sensor has shown.

    python -m tools.studies.torque_free --seconds 60 --seeds 3 --json torque-free.json
    python -m tools.studies.torque_free --config arm      the same person with reference moments
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import click
import numpy as np
import torch
from numpy.typing import NDArray
from rich.console import Console
from rich.progress import track

from daemon.assembly.calibrator import build_calibrator
from daemon.assembly.model import model_in_use
from daemon.assembly.pipeline import build_pipeline
from daemon.assembly.subject import generic_subject, starting_subject
from daemon.config import Config, load_config
from daemon.simulation.lab import Lab
from daemon.terminal.command import Command
from pipeline.metrics import rms
from pipeline.model.label import Label
from pipeline.model.parameters import RELATIVE
from pipeline.streams.base import Chunk
from pipeline.update import Update

Array = NDArray[np.float64]

BLOCK_MS = 100
WITHIN = 1.96
"""Standard deviations on either side in a 95 % interval."""
FIRST_S = 5.0
"""At the start the parameters are still the generic ones."""


@dataclass
class Outcome:
    """What came of one simulated person."""

    start: dict[str, float]
    """RMSE over RMS of the moments in the first seconds, per DOF."""
    unused: dict[str, float]
    """The same over motions after the calibration."""
    rmse_nm: dict[str, float]
    """RMSE over those, N*m."""
    parameters: list[dict[str, Any]]
    """Each parameter's name, estimate, truth, interval and identifiability; see `_estimates`."""
    updates: int
    """Parameter sets that were handed to the predictor."""


def run(config: Config, seconds: float, unused_s: float) -> Outcome:
    """Calibrate on a simulated person for some seconds, then predict what comes after.

    Parameters
    ----------
    config
        The set-up, whichever its reference.
    seconds
        How long it learns.
    unused_s
        How long it then predicts only.
    """
    lab = Lab(config)
    keys = [key for key in config.streams.roles if getattr(config.streams, key)]
    subject = starting_subject(config, model_in_use(config))
    chain = build_pipeline(config, subject)
    calibrator = build_calibrator(config, subject)
    accepted: Update | None = None
    t, predicted, truth = [], [], []
    for _ in range(round(1000 * (seconds + unused_s) / BLOCK_MS)):
        block = lab.block(BLOCK_MS)
        for key in keys:
            samples = getattr(block, key)
            chain.push(Chunk(key, samples.stamp, samples.x))
        truth.append(np.column_stack((block.moments.t, block.truth.moment)))
        if (rows := chain.predict()) is not None:
            t.append(rows.t[rows.valid])
            predicted.append(rows.moment[rows.valid])
        if (paired := chain.pair()) is not None:
            calibrator.add(paired.rows)
        if calibrator.due() and t and t[-1][-1] < seconds:
            update = calibrator.update()
            if update.adopted:
                accepted = update
                chain.predictor.adopt(update.subject, update.version, update.confidence)
    found = np.column_stack((np.concatenate(t), np.concatenate(predicted)))
    errors = _errors(found, np.concatenate(truth))
    dofs = config.model.dofs
    after = [_share(errors, i, seconds + 1.0, np.inf) for i in range(len(dofs))]
    before = [_share(errors, i, 0.0, FIRST_S)[0] for i in range(len(dofs))]
    return Outcome(
        start=dict(zip(dofs, before, strict=True)),
        unused={dof: share for dof, (share, _) in zip(dofs, after, strict=True)},
        rmse_nm={dof: rmse for dof, (_, rmse) in zip(dofs, after, strict=True)},
        parameters=list(_estimates(config, accepted, lab.truth())),
        updates=calibrator.version,
    )


def _errors(found: Array, truth: Array) -> tuple[Array, Array, Array]:
    """Return times, errors and true moments where both are known."""
    place = np.searchsorted(truth[:, 0], found[:, 0] - 1e-6).clip(max=len(truth) - 1)
    same = np.abs(truth[place, 0] - found[:, 0]) < 1e-6
    true = truth[place[same], 1:]
    return found[same, 0], found[same, 1:] - true, true


def _share(
    errors: tuple[Array, Array, Array], dof: int, since: float, until: float
) -> tuple[float, float]:
    """Return RMSE over RMS, and RMSE in N*m, of a DOF between two times."""
    t, error, true = errors
    part = (t >= since) & (t < until)
    rmse = rms(error[part, dof])
    return rmse / rms(true[part, dof]), rmse


def _estimates(
    config: Config, update: Update | None, truth: dict[str, Any]
) -> Iterator[dict[str, object]]:
    """Yield each free parameter's estimate, truth, half 95 % interval and identifiability.

    Lengths and strength are relative to the generic muscle, bones to the bones believed.
    """
    known = update.confidence if update else None
    if update is None or known is None:
        return
    generic = generic_subject(model_in_use(config))
    for name, values in update.subject.values().items():
        if name not in truth["parameters"]:
            continue
        unit = generic.values()[name] if name in RELATIVE else np.ones(len(values))
        for i, muscle in enumerate(generic.muscles):
            if muscle in truth["muscles"] and known.deviation[name][i] > 0:
                true = truth["parameters"][name][truth["muscles"].index(muscle)]
                found = (values[i] / unit[i], true, known.deviation[name][i] / unit[i])
                yield _row(f"{muscle}:{name}", name, found, known.identifiability[name][i])
    for label, number in known.bones.items():
        bone, kind = Label.parse(label)
        found = (number.factor, truth["bones"][bone][kind], number.deviation)
        yield _row(label, f"bone {kind}", found, number.identifiability)


def _row(
    label: str, kind: str, found: tuple[float, float, float], identifiability: str
) -> dict[str, object]:
    estimate, truth, deviation = (float(value) for value in found)
    return {
        "parameter": label,
        "kind": kind,
        "estimate": estimate,
        "truth": truth,
        "half_interval": WITHIN * deviation,
        "inside": abs(estimate - truth) < WITHIN * deviation,
        "identifiability": str(identifiability),
    }


def noisy(config: Config, seed: int, noise_rad: float) -> Config:
    """Return the set-up with noise on its angles, and other movements for each seed."""
    changes = {"seed": seed, "angle_noise_rad": noise_rad}
    return config.model_copy(update={"simulation": config.simulation.model_copy(update=changes)})


def by_kind(outcomes: Sequence[Outcome]) -> list[dict[str, Any]]:
    """Return, for each kind of parameter and identifiability, how far off the estimates are."""
    groups = defaultdict(list)
    for row in (row for outcome in outcomes for row in outcome.parameters):
        groups[row["kind"], row["identifiability"]].append(row)
    return [
        {
            "kind": kind,
            "identifiability": identifiability,
            "count": len(rows),
            "mean_error": float(np.mean([abs(row["estimate"] - row["truth"]) for row in rows])),
            "half_interval": float(np.median([row["half_interval"] for row in rows])),
            "inside_95": float(np.mean([row["inside"] for row in rows])),
        }
        for (kind, identifiability), rows in sorted(groups.items())
    ]


@click.command(cls=Command)
@click.option("--config", "name", default="torque-free-arm", show_default=True)
@click.option("--seconds", default=60.0, show_default=True, help="How long it learns, s.")
@click.option("--unused", default=20.0, show_default=True, help="How long it then predicts, s.")
@click.option("--seeds", default=3, show_default=True, help="Simulated movements.")
@click.option("--noise", default=0.1, show_default=True, help="Noise of the angles, degrees s.d.")
@click.option("--json", "json_file", type=click.Path(path_type=Path), help="Write figures here.")
def main(
    name: str, seconds: float, unused: float, seeds: int, noise: float, json_file: Path | None
) -> None:
    """Identify muscles and bones of simulated people from motion; compare with the truth."""
    torch.set_num_threads(1)
    config = load_config(name)
    shown = track(range(1, seeds + 1), "Simulating", console=Console(stderr=True))
    outcomes = [run(noisy(config, seed, np.radians(noise)), seconds, unused) for seed in shown]
    click.echo("seed  DOF             start   unused motions   N*m    (RMSE over RMS)")
    for seed, outcome in enumerate(outcomes, 1):
        for dof in config.model.dofs:
            click.echo(
                f"{seed:4}  {dof:14} {100 * outcome.start[dof]:5.1f} %  "
                f"{100 * outcome.unused[dof]:11.1f} %  {outcome.rmse_nm[dof]:6.2f}"
            )
    table = by_kind(outcomes)
    click.echo("\nparameter             identifiability    count  mean error  95 % +-  inside")
    for row in table:
        click.echo(
            f"{row['kind']:21} {row['identifiability']:18} {row['count']:5}  "
            f"{row['mean_error']:10.3f}  {row['half_interval']:7.3f}  "
            f"{100 * row['inside_95']:4.0f} %"
        )
    if json_file:
        result = {"seconds": seconds, "unused_s": unused, "noise_deg": noise, "table": table}
        result["people"] = [asdict(outcome) for outcome in outcomes]
        json_file.write_text(json.dumps(result, indent=1), encoding="utf-8")


if __name__ == "__main__":
    main()
