"""Intervals by resampling against intervals by the curvature, on people whose truth is known.

``python -m tools.studies.resampling FOLDER --people 20`` records simulated people into FOLDER and
calibrates each of them once on all of their pieces and then on pieces drawn with replacement, as
`hillstream cohort` does for ``study.type = "bootstrap"``. Of each parameter the first calibration
has a deviation by the curvature, and the others make its interval by their percentiles. Started
again, it goes on where it was.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import click
import numpy as np
from rich.table import Table

from daemon.cohort.cases import WHOLE_DRAW
from daemon.cohort.cluster import local_client, on_cluster
from daemon.cohort.plan import Part, planned
from daemon.cohort.run import run
from daemon.cohort.store import Store, read_table
from daemon.config import Config, load_config
from daemon.offline.known import interval
from daemon.terminal.command import Command
from daemon.terminal.console import console_for, json_option, progress_bar, write_json
from daemon.terminal.table import table
from tools.studies.people.drawing import person
from tools.studies.people.truth import true_parameters
from tools.studies.people_table import write_people

FIRST_S, LAST_S = 5, 20
"""Between what each piece of one second lies that is learnt from."""
SECONDS = 25.0
"""How long each person moves, s; the rest is held out."""
STUDY = """\
title = "Resampling"
table = "people.csv"
setups = "setup.toml"
output = "resampled"
[calibrate]
seconds = {pieces}
[study]
type = "bootstrap"
resamples = {resamples}
[run]
workers = {workers}
"""


class Pair(NamedTuple):
    """Both intervals of one parameter of one person, as shares of the range between its bounds."""

    name: str
    identifiability: str
    truth: float
    curvature: tuple[float, float]
    draws: tuple[float, float]


def pairs(
    rows: Iterable[Mapping[str, Any]], truth: Mapping[tuple[str, str, str], float]
) -> Iterator[Pair]:
    """Return both intervals of each parameter that has a truth.

    Parameters
    ----------
    rows
        Of the table of a bootstrap.
    truth
        By person, parameter and muscle, in the table's unit.
    """
    for row in rows:
        key = row["person"], row["quantity"], row["of"]
        if row["draw"] != WHOLE_DRAW or row["deviation"] is None or key not in truth:
            continue
        bounds = [row["bound_low"], row["bound_high"]]
        low, high = interval(row["value"], row["deviation"], bounds)

        def placed(value: float, bounds: list[float] = bounds) -> float:
            return (value - bounds[0]) / (bounds[1] - bounds[0])

        yield Pair(
            row["quantity"],
            row["identifiability"],
            placed(truth[key]),
            (placed(low), placed(high)),
            (placed(row["interval_low"]), placed(row["interval_high"])),
        )


def truths(config: Config, seed: int) -> dict[tuple[str, str], float]:
    """Return the true parameters of a simulated person, in the unit of their kind."""
    true = true_parameters(person(config, seed))
    return {(name, of): value for name, values in true.items() for of, value in values.items()}


def summary(found: Iterable[Pair]) -> list[dict[str, Any]]:
    """Return how wide both intervals are and how often each holds the truth, by kind."""
    groups = defaultdict(list)
    for pair in found:
        groups["all", pair.identifiability].append(pair)
        groups[pair.name, "all"].append(pair)
    return [
        {
            "parameter": name,
            "identifiability": word,
            "count": len(group),
            **{f"{way}_width": _width(group, way) for way in ("curvature", "draws")},
            **{f"{way}_inside": _inside(group, way) for way in ("curvature", "draws")},
        }
        for (name, word), group in sorted(groups.items())
    ]


def _width(group: list[Pair], way: str) -> float:
    return float(np.median([np.ptp(getattr(pair, way)) for pair in group]))


def _inside(group: list[Pair], way: str) -> float:
    ends = [getattr(pair, way) for pair in group]
    held = [low <= pair.truth <= high for pair, (low, high) in zip(group, ends, strict=True)]
    return float(np.mean(held))


def calibrated(study: Path, on_progress: Callable[[float], None]) -> list[dict[str, Any]]:
    """Calibrate what a study asks for and has not yet; return the rows of its table."""
    plan = planned(study)
    store = Store(plan.study.output)
    store.begin(plan.asked())
    with local_client(plan.study.run) as client:
        run(
            plan,
            store,
            Part(1, 1),
            lambda batches, seed: on_cluster(client, batches, seed),
            lambda done, of: on_progress(done / of),
        )
    rows: list[dict[str, Any]] = read_table(store.table)[0].to_pylist()
    return rows


@click.command(cls=Command)
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path))
@click.option("--people", type=click.IntRange(1), default=20, show_default=True, help="How many.")
@click.option("--seed", default=0, show_default=True, help="Seed of the first person.")
@click.option("--resamples", type=click.IntRange(2), default=40, show_default=True, help="Draws.")
@click.option("--workers", type=click.IntRange(1), default=2, show_default=True, help="Processes.")
@json_option()
def main(
    folder: Path, people: int, seed: int, resamples: int, workers: int, json_file: str | None
) -> None:
    """Compare intervals by resampling with those by the curvature."""
    seeds = range(seed, seed + people)
    with progress_bar("Recording") as progress:
        write_people("arm", folder, seeds, SECONDS, workers, progress)
    study, pieces = folder / "resampling.toml", [f"{s}:{s + 1}" for s in range(FIRST_S, LAST_S)]
    study.write_text(
        STUDY.format(pieces=pieces, resamples=resamples, workers=workers), encoding="utf-8"
    )
    with progress_bar("Calibrating") as progress:
        rows = calibrated(study, progress)
    config = load_config(folder / "setup.toml")
    truth = {
        (f"P{one:04}", *key): value for one in seeds for key, value in truths(config, one).items()
    }
    told = summary(pairs(rows, truth))
    console_for(json_file).print(_shown(told))
    write_json(json_file, {"people": people, "seed": seed, "resamples": resamples, "table": told})


def _shown(told: list[dict[str, Any]]) -> Table:
    numbers = (
        "count",
        "curvature:\nwidth",
        "draws:\nwidth",
        "curvature:\ninside",
        "draws:\ninside",
    )
    rows = [
        (
            *(one["parameter"], one["identifiability"], str(one["count"])),
            *(f"{one[f'{way}_width']:.3f}" for way in ("curvature", "draws")),
            *(f"{100 * one[f'{way}_inside']:.1f} %" for way in ("curvature", "draws")),
        )
        for one in told
    ]
    return table(["parameter", "identifiability"], numbers, rows)


if __name__ == "__main__":
    main()
