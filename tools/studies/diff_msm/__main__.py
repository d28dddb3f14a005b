"""Muscles and bones from excitations and motion alone: ``python -m tools.studies.diff_msm``.

Compares the methods of Diff-MSM (Zhou et al. 2025, arXiv 2508.13303) and two of our own on the
MyoArm, without noise, from several first guesses. The tables and the figure of
docs/identification.md are its output.
"""

from __future__ import annotations

import json
import multiprocessing
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from pathlib import Path
from typing import Any

import click
import numpy as np
from rich.progress import track

from daemon.terminal.command import Command
from pipeline.model.label import Label
from tools.studies.diff_msm.anchors import anchors
from tools.studies.diff_msm.figure import draw
from tools.studies.diff_msm.methods import methods, run, title

Result = dict[str, Any]
FINER = 4
"""How many times more finely the truth is integrated in the check of the integration."""
CHECKED = "Gauss-Newton, muscles and bones"
"""The method of that check."""
BEST = "AdamW, muscles and bones"
"""The method whose parameters are listed one by one."""


def results(
    seeds: int, budget_s: float, workers: int, there: set[tuple[str, int]]
) -> Iterator[Result]:
    """Yield the result of every method from every first guess, and of the check, as they come.

    Parameters
    ----------
    there
        Methods and seeds whose results are not made again.
    """
    jobs = [(name, seed, 1) for name in methods(budget_s) for seed in range(seeds)]
    jobs += [(CHECKED, seed, FINER) for seed in range(seeds)]
    jobs = [job for job in jobs if (title(job[0], job[2]), job[1]) not in there]
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(workers, mp_context=context) as pool:
        pending = [pool.submit(run, name, seed, budget_s, finer) for name, seed, finer in jobs]
        for future in track(as_completed(pending), "Identifying", total=len(pending)):
            yield future.result()


def by_method(found: list[Result]) -> dict[str, list[Result]]:
    """Return the results of each method, in the order of the table."""
    names = dict.fromkeys(result["method"] for result in found)
    order = {name: i for i, name in enumerate(methods(1.0))}
    return {
        name: [result for result in found if result["method"] == name]
        for name in sorted(names, key=lambda name: order.get(name, len(order)))
    }


COLUMNS = {
    "loss": ("loss", "{:.1e}"),
    "muscles, %": ("muscle_error", "{:.2g}"),
    "bones, %": ("bone_error", "{:.2g}"),
    "base coefficients, %": ("base_error", "{:.2g}"),
    "distance": ("distance", "{:.2g}"),
    "loss, new motions": ("new_loss", "{:.1e}"),
    "moments, new motions, %": ("new_moment_error", "{:.2g}"),
    "CPU time, s": ("processor_s", "{:.0f}"),
}
"""Columns of the comparison: the figure of a result, and how it is written."""


def comparison(found: list[Result]) -> str:
    """Return the table of methods: the median of each figure over the seeds, and the worst."""
    lines = ["| | guesses | " + " | ".join(COLUMNS) + " |", "|---" * (len(COLUMNS) + 2) + "|"]
    start = [
        {**result["start"], "seed": result["seed"], "processor_s": 0.0, "loss": np.nan}
        for result in found
        if result["method"] == CHECKED
    ]
    groups = {"first guess": start, **by_method(found)}
    for name, group in groups.items():
        cells = [str(len({result["seed"] for result in group}))]
        for key, form in COLUMNS.values():
            values = [result[key] for result in group]
            cells.append(f"{form.format(np.median(values))} ({form.format(np.max(values))})")
        lines.append(f"| {name} | " + " | ".join(cells) + " |")
    return "\n".join(lines).replace("nan (nan)", "-")


def parameters(found: list[Result]) -> str:
    """Return the table of muscles: the largest error of each parameter over the seeds, %."""
    best = by_method(found)[BEST]
    labels = [Label.parse(text) for text in best[0]["muscle_errors"]]
    muscles = list(dict.fromkeys(label.owner for label in labels))
    kinds = list(dict.fromkeys(label.kind for label in labels))
    lines = ["| | " + " | ".join(kind.replace("_", " ") for kind in kinds) + " |"]
    lines.append("|---" * (len(kinds) + 1) + "|")
    for muscle in muscles:
        cells = [
            f"{max(result['muscle_errors'][str(Label(muscle, kind))] for result in best):.2g}"
            for kind in kinds
        ]
        lines.append(f"| {muscle} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def bones(found: list[Result]) -> str:
    """Return the table of bones: the mean error of each number over the seeds, %."""
    best = by_method(found)[BEST]
    labels = [Label.parse(text) for text in best[0]["bone_errors"]]
    names = list(dict.fromkeys(label.owner for label in labels))
    lines = ["| | " + " | ".join(names) + " |", "|---" * (len(names) + 1) + "|"]
    for number in dict.fromkeys(label.kind for label in labels):
        cells = [
            f"{np.mean([result['bone_errors'][str(Label(name, number))] for result in best]):.2g}"
            for name in names
        ]
        lines.append(f"| {number.replace('_', ' ')} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def tables(content: dict[str, Any]) -> Iterator[str]:
    """Yield every table in Markdown, each after what it shows."""
    found = content["results"]
    yield "Median over the seeds (worst in brackets)\n\n" + comparison(found)
    yield f"Largest error of a muscle's parameter, %: {BEST}\n\n" + parameters(found)
    yield f"Mean error of a bone's numbers, %: {BEST}\n\n" + bones(found)
    yield "What is known in newtons\n\n" + anchor_table(content["anchors"])


def anchor_table(found: list[Result]) -> str:
    """Return the table of what fixes the scale of force and mass."""
    lines = [
        "| known | unknown | directions that show | mean strength, s.d. at 1 % noise |",
        "|---" * 4 + "|",
    ]
    lines += [
        f"| {row['known']} | {row['unknown']} | {row['shown']} | {row['scale']} |" for row in found
    ]
    return "\n".join(lines)


@click.command(cls=Command)
@click.option("--seeds", default=10, show_default=True, help="First guesses.")
@click.option("--budget", default=60.0, show_default=True, help="Annealing's processor time, s.")
@click.option("--workers", default=2, show_default=True, help="Processes, of one thread each.")
@click.option(
    "--json",
    "json_file",
    type=click.Path(dir_okay=False, path_type=Path),
    default=Path("identification.json"),
    show_default=True,
    help="Keep all figures here; those that are there are not made again.",
)
@click.option("--figure", type=click.Path(path_type=Path), help="Draw here (PNG).")
def main(seeds: int, budget: float, workers: int, json_file: Path, figure: Path | None) -> None:
    """Identify the MyoArm's muscles and bones from motion, by every method."""
    content: dict[str, Any] = {"results": []}
    if json_file.exists():
        content = json.loads(json_file.read_text(encoding="utf-8"))
    if "anchors" not in content:
        content["anchors"] = anchors()
    there = {(result["method"], result["seed"]) for result in content["results"]}
    for result in results(seeds, budget, workers, there):
        content["results"].append(result)
        json_file.write_text(json.dumps(content), encoding="utf-8")
    for table in tables(content):
        click.echo(table + "\n")
    if figure:
        draw(by_method(content["results"]), figure)


if __name__ == "__main__":
    main()
