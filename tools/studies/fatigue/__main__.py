"""Verdicts on simulated people who tire: ``python -m tools.studies.fatigue``.

Sessions of the simulated arm: two pairs of muscles lose a quarter of their strength, nobody tires,
an electrode gives more, and two muscles lose and regain. Settings are chosen on seeds from 100 on;
seeds 0 to 99 are for the figures alone. `docs/fatigue.md` tells what they show.
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
from daemon.terminal.console import json_option, progress_bar, say, write_json
from tools.studies.fatigue.living import one
from tools.studies.fatigue.scenes import Scene, scenes
from tools.studies.fatigue.tables import line, markdown, summary
from tools.studies.seeds import SEEDS

CONFIG = "tiring-arm"


def results(
    config: Config,
    chosen: list[tuple[Scene, int]],
    keep: Path | None,
    whole: bool,
    jobs: int,
    on_result: Callable[[dict[str, Any], float], None],
) -> list[dict[str, Any]]:
    """Return what came of each session, in the order in which they were asked for."""
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(jobs, mp_context=context) as pool:
        pending = [
            pool.submit(partial(one, config, scene, keep, whole), seed) for scene, seed in chosen
        ]
        for done, future in enumerate(as_completed(pending), 1):
            on_result(future.result(), done / len(pending))
        return [future.result() for future in pending]


@click.command(cls=Command)
@click.option(
    "--seeds", type=SEEDS, default="100:101", show_default=True, help="First:last, or one."
)
@click.option("--scenes", "names", help="Some of the sessions, with commas; all by default.")
@click.option("--jobs", type=click.IntRange(1), default=1, show_default=True, help="Processes.")
@click.option("--keep", type=click.Path(path_type=Path), help="Keep recordings and sessions here.")
@click.option("--whole", is_flag=True, help="Let the calibrator go on once there is a baseline.")
@json_option()
def main(
    seeds: range,
    names: str | None,
    jobs: int,
    keep: Path | None,
    whole: bool,
    json_file: str | None,
) -> None:
    """Simulate sessions, live through them and judge them; count what was found."""
    config = load_config(CONFIG)
    known = scenes(config)
    wanted = names.split(",") if names else list(known)
    if strange := [name for name in wanted if name not in known]:
        raise click.BadParameter(f"there is no session {strange[0]}; there are {', '.join(known)}.")
    chosen = [(known[name], seed) for seed in seeds for name in wanted]
    if keep:
        keep.mkdir(parents=True, exist_ok=True)
    with progress_bar("Sessions") as progress:

        def told(session: dict[str, Any], done: float) -> None:
            say(line(session), json_file)
            progress(done)

        rested = config.model_copy(
            update={"simulation": known["rested"].config(config, 0).simulation}
        )
        found = results(rested, chosen, keep, whole, jobs, told)
    total = summary(found)
    say(markdown(total), json_file)
    write_json(json_file, {"summary": total, "sessions": found})


if __name__ == "__main__":
    main()
