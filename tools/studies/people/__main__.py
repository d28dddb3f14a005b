"""Calibration of simulated people who are drawn wide: ``python -m tools.studies.people``.

Each person of the arm has muscles, an EMG gain and an electromechanical delay of their own, of
which the set-up knows nothing. They move in the simulated lab, and the recording passes through the
live pipeline and its calibrator. Errors are the RMSE over the RMS of the measured moment, in per
cent: before (0 to 5 s), after (20 to 25 s) and last (the last 10 s). With ``--known`` also that of
a daemon that is told all about the person and learns nothing, from 20 to 25 s: what the noise of
EMG costs.
docs/people.md has the figures.
"""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor, as_completed
from functools import partial
from pathlib import Path
from typing import Any

import click

from daemon.config import Config, load_config
from daemon.terminal.command import Command
from daemon.terminal.console import console_for, json_option, progress_bar, say, write_json
from tools.studies.people.living import AFTER_S, one
from tools.studies.people.tables import (
    delay_sentence,
    markdown,
    people_cells,
    plain,
    summary,
    summary_cells,
)

WIDTH = 160
"""Columns of the terminal's table where the terminal itself does not say: it goes into a file."""


def results(
    config: Config,
    seeds: range,
    seconds: float,
    cache: Path | None,
    known_too: bool,
    workers: int,
    on_progress: Callable[[float], None],
) -> list[dict[str, Any]]:
    """Return what came of each person, in the order of the seeds."""
    work = partial(one, config, seconds, cache, known_too)
    context = multiprocessing.get_context("spawn")
    found = []
    with ProcessPoolExecutor(workers, mp_context=context) as pool:
        pending = [pool.submit(work, seed) for seed in seeds]
        for future in as_completed(pending):
            found.append(future.result())
            on_progress(len(found) / len(seeds))
    return sorted(found, key=lambda result: int(result["seed"]))


@click.command(cls=Command)
@click.option("--config", "name", default="arm", show_default=True, help="The set-up.")
@click.option("--people", type=click.IntRange(1), default=40, show_default=True, help="How many.")
@click.option(
    "--seed",
    default=0,
    show_default=True,
    help="Seed of the first person, which is `simulation.seed`. Settings are chosen on seeds from "
    "0 on; people from 2000 on are for the figures alone.",
)
@click.option(
    "--seconds",
    type=click.FloatRange(AFTER_S[1]),
    default=40.0,
    show_default=True,
    help="How long each one moves, s.",
)
@click.option("--workers", type=click.IntRange(1), default=2, show_default=True, help="Processes.")
@click.option(
    "--cache",
    type=click.Path(file_okay=False, path_type=Path),
    help="Folder in which recordings are kept for the next trial of settings.",
)
@click.option(
    "--known", "known_too", is_flag=True, help="Also score a daemon that knows the person."
)
@click.option("--markdown", "as_markdown", is_flag=True, help="Print the tables for the docs.")
@json_option()
def main(
    name: str,
    people: int,
    seed: int,
    seconds: float,
    workers: int,
    cache: Path | None,
    known_too: bool,
    as_markdown: bool,
    json_file: str | None,
) -> None:
    """Calibrate simulated people drawn wide, and count for how many the moments become right."""
    config, seeds = load_config(name), range(seed, seed + people)
    with progress_bar("Learning") as progress:
        found = results(config, seeds, seconds, cache, known_too, workers, progress)
    total = summary(found)
    for cells in (people_cells(found), summary_cells(total)):
        if as_markdown:
            say(markdown(cells) + "\n", json_file)
        else:
            console = console_for(json_file)
            console.width = max(console.width, WIDTH)
            console.print(plain(cells), "")
    record_s, learn_s = total["record_wall_s"], total["wall_s"]
    say(delay_sentence(total), json_file)
    say(f"Per person {record_s:.1f} s to record and {learn_s:.1f} s to learn.", json_file)
    used = {"config": name, "seed": seed, "seconds": seconds}
    write_json(json_file, used | {"summary": total, "people": found})


if __name__ == "__main__":
    main()
