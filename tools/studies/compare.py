"""Calibrations of recorded walking compared: ``python -m tools.studies.compare FOLDER``.

FOLDER holds the recordings walk36.npz and run81.npz and the subject that CEINMS-RT ships calibrated
for the same person. Everything is calibrated on three cycles of walking, and scored on the cycles
that were left out and on the stances of running. The tables and the figure of docs/annealing.md
are its output.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import click
from rich.progress import track

from daemon.config import Config, ParameterConfig, load_config
from daemon.offline.calibrate import CalibrationRequest, Method, calibrate
from daemon.subjects.importing import import_subject
from daemon.terminal.command import Command

FRAMES = ((1317.0, 1433.0), (1892.0, 2007.0), (2921.0, 3036.0))
SHIPPED = "ceinms_subject_calibrated.xml"
WIDE = {
    "strength": (0.05, 5.0),
    "optimal_fibre_length": (0.5, 2.0),
    "tendon_slack_length": (0.5, 2),
}
"""Bounds in which the shipped subject is taken as it is."""
JOINTS = {"hip_flexion_r": "hip", "knee_angle_r": "knee", "ankle_angle_r": "ankle"}
Result = dict[str, Any]


def calibrated(config: Config, folder: Path, method: Method, budget_s: float = 60.0) -> Result:
    """Calibrate on the three cycles, and score."""
    request = CalibrationRequest(
        [folder / "walk36.npz"],
        "frames",
        FRAMES,
        heldout=[folder / "run81.npz"],
        stance=True,
        method=method,
        budget_seconds=budget_s,
    )
    return calibrate(config, request)[1]


def shipped(config: Config, folder: Path, scratch: Path) -> Result:
    """Score the subject that CEINMS-RT ships, with its curves, its tendons and its delay."""
    rules = config.calibrator.parameters
    wide = {
        name: ParameterConfig(free=getattr(rules, name).free, bounds=bounds)
        for name, bounds in WIDE.items()
    }
    parameters = rules.model_copy(update=wide)
    calibrator = config.calibrator.model_copy(update={"parameters": parameters})
    config = config.model_copy(update={"calibrator": calibrator})
    subject, _ = import_subject(folder / SHIPPED, config, tendon="rigid")
    subject.save(scratch)
    model = config.model.model_copy(update={"subject": scratch})
    started = calibrated(config.model_copy(update={"model": model}), folder, "adamw")
    return {**started["start"], "seconds": None, "loss": None}


def results(folder: Path, budgets: Iterable[float], keep: Path) -> dict[str, Result]:
    """Return the result of every method; those already in the folder `keep` are not made again."""
    config = load_config("walking")
    ways = {"AdamW": ("adamw", 0.0)}
    ways |= {f"annealing, {seconds:g} s": ("annealing", seconds) for seconds in budgets}
    found: dict[str, Result] = {}
    for name, (method, seconds) in track(ways.items(), "Calibrating"):
        file = keep / f"{method}-{seconds:g}.json"
        if not file.exists():
            result = calibrated(config, folder, method, seconds)  # type: ignore[arg-type]
            file.write_text(json.dumps(result), encoding="utf-8")
        found[name] = json.loads(file.read_text(encoding="utf-8"))
    start = {**found["AdamW"]["start"], "seconds": None, "loss": None}
    ceinms = shipped(config, folder, keep / "shipped.json")
    return {"uncalibrated": start, "CEINMS-RT's subject": ceinms, **found}


def table(found: dict[str, Result], score: str, digits: int) -> str:
    """Return a table of one score, ``r2`` or ``rmse``, in Markdown."""
    joints = list(JOINTS.values())
    heads = [*(f"walking {joint}" for joint in joints), *(f"running {j}" for j in joints[1:])]
    lines = ["| | " + " | ".join(heads) + " | time, s | loss |"]
    lines.append("|" + "---|" * (len(heads) + 3))
    for name, result in found.items():
        (running,) = result["heldout_files"].values()
        values = [result["heldout"][score][key] for key in JOINTS]
        values += [running[score][key] for key in list(JOINTS)[1:]]
        cells = [f"{value:.{digits}f}" for value in values]
        seconds, loss = result["seconds"], result["loss"]
        cells += [
            "-" if seconds is None else f"{seconds:.1f}",
            "-" if loss is None else f"{loss:.3f}",
        ]
        lines.append(f"| {name} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def draw(found: dict[str, Result], path: Path) -> None:
    """Draw the loss against the time it took."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(7.0, 4.0), layout="constrained")
    axis = figure.subplots()
    for name, result in found.items():
        if result["loss"] is not None:
            seconds, losses = zip(*result["loss_history"], strict=True)
            best = [min(losses[: i + 1]) for i in range(len(losses))]
            axis.step(seconds, best, where="post", label=name)
    axis.set(
        xscale="log",
        xlim=(0.01, None),
        xlabel="time, s",
        ylabel="relative error, summed over trials and joints",
        title="Best loss so far, three cycles of walking",
    )
    axis.legend(frameon=False)
    axis.grid(alpha=0.3)
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=130)


@click.command(cls=Command)
@click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--budget", "budgets", multiple=True, default=(60.0, 600.0), help="Annealing, s.")
@click.option(
    "--keep",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path("comparison"),
    show_default=True,
    help="Folder of the results; one that is there is not made again.",
)
@click.option(
    "--figure",
    type=click.Path(path_type=Path),
    help="Draw the losses here (PNG); needs matplotlib, of hillstream[report].",
)
def main(folder: Path, budgets: tuple[float, ...], keep: Path, figure: Path | None) -> None:
    """Compare calibrations on the recordings in FOLDER."""
    keep.mkdir(parents=True, exist_ok=True)
    found = results(folder, budgets, keep)
    click.echo("R2\n\n" + table(found, "r2", 3) + "\n\nRMSE, N*m\n\n" + table(found, "rmse", 1))
    if figure:
        draw(found, figure)


if __name__ == "__main__":
    main()
