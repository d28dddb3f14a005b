"""Coverage of the calibrator's intervals over many simulated people.

Each person has muscles of their own, drawn at random, and moves in the simulated lab with raw EMG,
noise and hum. The calibrator starts from the generic muscles, and after half a minute its intervals
are compared with the parameters that nobody told it::

    python -m tools.studies.coverage --setup arm --people 200 --cache cases --markdown

What takes time is to live through the half minute. With ``--cache`` what was learnt is kept, and
other intervals are judged within seconds. docs/confidence.md has the figures.
"""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor, as_completed
from functools import partial
from pathlib import Path

import click

from daemon.terminal.command import Command
from daemon.terminal.console import console_for, json_option, progress_bar, say, write_json
from tools.studies.coverage.setups import SETUPS
from tools.studies.coverage.tables import Estimate, cells, one, summary
from tools.studies.people.tables import markdown, plain


def results(
    name: str,
    seconds: float,
    cache: Path | None,
    seeds: range,
    jobs: int,
    on_progress: Callable[[float], None],
) -> tuple[list[Estimate], dict[int, str]]:
    """Return the estimates of many people, and why whom the lab cannot simulate is not among them.

    A set of muscles that is drawn may be one that cannot contract.
    """
    context = multiprocessing.get_context("spawn")
    found: list[Estimate] = []
    without: dict[int, str] = {}
    with ProcessPoolExecutor(jobs, mp_context=context) as pool:
        pending = {pool.submit(partial(one, name, seconds, cache), seed): seed for seed in seeds}
        for done, future in enumerate(as_completed(pending), 1):
            try:
                found += future.result()
            except ArithmeticError as error:
                without[pending[future]] = str(error)
            on_progress(done / len(seeds))
    return found, without


@click.command(cls=Command)
@click.option("--setup", "name", type=click.Choice(SETUPS), default="arm", show_default=True)
@click.option("--people", type=click.IntRange(1), default=200, show_default=True, help="How many.")
@click.option(
    "--seed",
    default=0,
    show_default=True,
    help="Seed of the first person. Settings are chosen on people from 1000 on.",
)
@click.option("--seconds", default=30.0, show_default=True, help="How long each one moves, s.")
@click.option("--jobs", default=os.cpu_count(), show_default="all cores", help="Processes.")
@click.option(
    "--cache",
    type=click.Path(file_okay=False, path_type=Path),
    help="Folder in which is kept what was learnt, for the next trial of intervals.",
)
@click.option("--markdown", "as_markdown", is_flag=True, help="Print the table for the docs.")
@json_option()
def main(
    name: str,
    people: int,
    seed: int,
    seconds: float,
    jobs: int,
    cache: Path | None,
    as_markdown: bool,
    json_file: str | None,
) -> None:
    """Count how often 95 % intervals hold the truth, over simulated people."""
    with progress_bar("Simulating") as progress:
        seeds = range(seed, seed + people)
        found, without = results(name, seconds, cache, seeds, jobs, progress)
    for who, why in sorted(without.items()):
        say(f"Person {who} is not among them: {why}.", json_file)
    table = summary(found)
    if as_markdown:
        say(markdown(cells(table)), json_file)
    else:
        console_for(json_file).print(plain(cells(table)))
    used = {"setup": name, "people": people, "seed": seed, "seconds": seconds}
    write_json(json_file, used | {"without": sorted(without), "table": table})


if __name__ == "__main__":
    main()
