"""Simulated people as a table of recordings with a study of them, for `hillstream cohort`.

``python -m tools.studies.people_table FOLDER --people 200`` writes a recording of each person,
people.csv, the set-up, which knows nothing of them, and study.toml. People are those of
`tools.studies.people`, drawn wide; their group is whether they are weaker or stronger than the
generic person.
"""

from __future__ import annotations

import csv
import multiprocessing
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

import click
import numpy as np

from daemon.config import Config, config_path, load_config
from daemon.config.edit import Changes, set_keys
from daemon.simulation.recording import write_recording
from daemon.terminal.command import Command
from daemon.terminal.console import progress_bar, say
from tools.studies.people.drawing import person

SECONDS = 20.0
"""How long each person moves unless told otherwise, s."""
COLUMNS = ("person", "group", "recording", "seed", "strength")
STUDY = """\
title = "{people} simulated people"
table = "people.csv"
setups = "setup.toml"
output = "out"
seed = {seed}

[columns]
group = "group"

[calibrate]
seconds = "{learnt}"
"""


def one(config: Config, folder: Path, seconds: float, seed: int) -> dict[str, object]:
    """Record a person, unless they are recorded already; return their row of the table."""
    who = person(config, seed)
    strength = float(np.exp(np.mean(np.log(list(who.simulation.strength.values())))))
    name = f"P{seed:04}"
    file = folder / f"{name}.npz"
    if not file.exists():
        part = file.with_suffix(".part")
        write_recording(who, seconds, part)
        part.replace(file)
    group = "weaker" if strength < 1 else "stronger"
    return dict(zip(COLUMNS, (name, group, file.name, seed, round(strength, 4)), strict=True))


def write_people(
    setup: str,
    folder: Path,
    seeds: range,
    seconds: float,
    workers: int,
    on_progress: Callable[[float], None],
) -> None:
    """Write recordings, table, set-up and study into a folder, which is made."""
    folder.mkdir(parents=True, exist_ok=True)
    model = str(load_config(setup).model.file.resolve())
    changes: Changes = {("envelope", "scaled_to"): "unknown", ("model", "file"): model}
    set_keys(config_path(setup), changes, folder / "setup.toml")
    work = partial(one, load_config(folder / "setup.toml"), folder, seconds)
    rows = []
    with ProcessPoolExecutor(workers, multiprocessing.get_context("spawn")) as pool:
        for row in pool.map(work, seeds):
            rows.append(row)
            on_progress(len(rows) / len(seeds))
    with (folder / "people.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, COLUMNS)
        writer.writeheader()
        writer.writerows(rows)
    (folder / "study.toml").write_text(
        STUDY.format(people=len(rows), seed=seeds.start, learnt=f"5:{0.5 * (5 + seconds):g}"),
        encoding="utf-8",
    )


folder_option = click.option(
    "--folder",
    type=click.Path(file_okay=False, path_type=Path),
    help="Keep the people here; those that are there are not recorded again.",
)


@contextmanager
def recorded_study(folder: Path | None, seeds: range, workers: int) -> Iterator[Path]:
    """Record people of the arm and give the file of a study of them, to be made by `workers`.

    Parameters
    ----------
    folder
        Where they are kept; None for a folder that goes with the block.
    """
    with ExitStack() as stack:
        place = folder or Path(stack.enter_context(TemporaryDirectory()))
        with progress_bar("Recording") as progress:
            write_people("arm", place, seeds, SECONDS, workers, progress)
        file = place / "study.toml"
        with file.open("a", encoding="utf-8") as text:
            text.write(f"\n[run]\nworkers = {workers}\n")
        yield file


@click.command(cls=Command)
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path))
@click.option("--config", "name", default="arm", show_default=True, help="The set-up.")
@click.option("--people", type=click.IntRange(1), default=200, show_default=True, help="How many.")
@click.option("--seed", default=3000, show_default=True, help="Seed of the first person.")
@click.option(
    "--seconds",
    type=click.FloatRange(10.0),
    default=20.0,
    show_default=True,
    help="How long each one moves, s; learnt from is the first half after 5 s.",
)
@click.option("--workers", type=click.IntRange(1), default=2, show_default=True, help="Processes.")
def main(folder: Path, name: str, people: int, seed: int, seconds: float, workers: int) -> None:
    """Write the recordings of simulated people, their table, and a study of them."""
    with progress_bar("Recording") as progress:
        write_people(name, folder, range(seed, seed + people), seconds, workers, progress)
    say(f"Go on with: hillstream cohort {folder / 'study.toml'}")


if __name__ == "__main__":
    main()
