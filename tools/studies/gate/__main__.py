"""How often the calibrator's gate decides rightly: ``python -m tools.studies.gate``.

Simulated people of the arm move and are calibrated. Beside each decision, made on seconds of noisy
data, stands what is true: the error of the candidate and of the set in force on other movement of
the same person, against their moments without noise. A decision is wrong where a candidate whose
true error is lower by more than 2 % was not put in force, or one whose is higher by more than 2 %
was. Rules are exchanged with ``--rules``. docs/gate.md has the figures.
"""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable, Collection, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import asdict
from pathlib import Path
from typing import Any, NamedTuple

import click

from daemon.terminal.command import Command
from daemon.terminal.console import json_option, progress_bar, say, write_json
from tools.studies.gate.counting import summary, table
from tools.studies.gate.living import Decision, decisions
from tools.studies.gate.people import SCENES
from tools.studies.gate.rules import RULES, SHIPPED
from tools.studies.seeds import SEEDS


class Session(NamedTuple):
    """A person who is calibrated by a rule."""

    scene: str
    rule: str
    seed: int


def results(
    sessions: Sequence[Session],
    seconds: float,
    cache: Path | None,
    jobs: int,
    on_progress: Callable[[float], None],
) -> dict[Session, list[Decision]]:
    """Return every session's decisions."""
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(jobs, mp_context=context) as pool:
        pending = {
            pool.submit(decisions, one.scene, one.rule, seconds, cache, one.seed): one
            for one in sessions
        }
        for done, _ in enumerate(as_completed(pending), start=1):
            on_progress(done / len(pending))
        return {one: future.result() for future, one in pending.items()}


def _summaries(found: dict[Session, list[Decision]]) -> dict[str, dict[str, Any]]:
    kinds = dict.fromkeys((one.scene, one.rule) for one in found)
    return {
        f"{scene}, {rule}": summary(
            [told for one, told in found.items() if (one.scene, one.rule) == (scene, rule)]
        )
        for scene, rule in kinds
    }


def _some(known: Collection[str]) -> Callable[[click.Context, click.Parameter, str], list[str]]:
    """Return what reads some of the words, with commas."""

    def read(context: click.Context, option: click.Parameter, value: str) -> list[str]:
        words = value.split(",")
        if strange := [word for word in words if word not in known]:
            raise click.BadParameter(f"there is no {strange[0]}; there are {', '.join(known)}.")
        return words

    return read


@click.command(cls=Command)
@click.option("--seeds", type=SEEDS, default="100:105", show_default=True, help="First:end.")
@click.option(
    "--seconds",
    type=click.FloatRange(10.0),
    default=90.0,
    show_default=True,
    help="How long each one moves, s.",
)
@click.option(
    "--scenes",
    default="arm",
    show_default=True,
    callback=_some(SCENES),
    help=f"With commas: {', '.join(SCENES)}.",
)
@click.option(
    "--rules",
    default=SHIPPED,
    show_default=True,
    callback=_some(RULES),
    help=f"With commas: {', '.join(RULES)}.",
)
@click.option("--jobs", type=click.IntRange(1), default=1, show_default=True, help="Processes.")
@click.option(
    "--cache",
    type=click.Path(file_okay=False, path_type=Path),
    help="Folder in which people are kept for the next trial of rules.",
)
@json_option()
def main(
    seeds: range,
    seconds: float,
    scenes: list[str],
    rules: list[str],
    jobs: int,
    cache: Path | None,
    json_file: str | None,
) -> None:
    """Count how often the calibrator's gate decides rightly, over simulated people.

    Settings are chosen on seeds from 100 on; 0 to 99 are for the figures alone.
    """
    sessions = [Session(scene, rule, seed) for scene in scenes for rule in rules for seed in seeds]
    with progress_bar("Calibrating") as progress:
        found = results(sessions, seconds, cache, jobs, progress)
    summaries = _summaries(found)
    say(table(summaries), json_file)
    for name, one in summaries.items():
        counts = ", ".join(f"{count} {result}" for result, count in one["results"].items())
        say(f"{name}: {counts}; {1000 * one['seconds']:.0f} ms an update.", json_file)
    told = [
        one._asdict() | {"decisions": [asdict(decision) for decision in of]}
        for one, of in found.items()
    ]
    used = {"seeds": [seeds.start, seeds.stop], "seconds": seconds}
    write_json(json_file, used | {"summary": summaries, "sessions": told})


if __name__ == "__main__":
    main()
