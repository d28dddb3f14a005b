"""Spoilt input at every entrance: ``python -m tools.robustness.fuzz --inputs 100000``.

Each input is valid input of that entrance, spoilt in its structure or its bytes. A seed names a
run, so that whatever is found can be found again.
"""

from __future__ import annotations

import gc
import logging
import sys
import warnings
from collections import Counter
from collections.abc import Callable
from random import Random

import click

from daemon.terminal.command import Command
from daemon.terminal.console import json_option, progress_bar, say, write_json
from tools.robustness.fuzz.count import Count, alarmed
from tools.robustness.fuzz.entrances import Entrance, entrances
from tools.robustness.fuzz.guided import guided


def fuzz(entrance: Entrance, inputs: int, seed: int, progress: Callable[[float], None]) -> Count:
    """Give one entrance many inputs."""
    random, count = Random(seed), Count()
    entrance.take(entrance.examples()[0])  # what is imported or cached at first is not its time,
    gc.collect()  # nor is what others have left to be collected
    gc.freeze()
    with alarmed() as start_anew:
        for number in range(inputs):
            data = entrance.inputs(random)
            start_anew()
            count.try_one(entrance, data)
            if number % 500 == 0:
                progress(number / inputs)
    return count


@click.command(cls=Command)
@click.option("--inputs", default=100_000, show_default=True, help="Inputs for each entrance.")
@click.option(
    "--entrance", "names", multiple=True, help="Only this one; repeat. Without it, all of them."
)
@click.option("--seed", default=1, show_default=True, help="Names the run.")
@click.option("--atheris", is_flag=True, help="Be guided by coverage (pip install '.[fuzz]').")
@json_option()
def main(
    inputs: int, names: tuple[str, ...], seed: int, atheris: bool, json_file: str | None
) -> None:
    """Give every entrance spoilt input and say what became of it.

    An entrance takes an input or refuses it in its own documented way; anything else it raises is
    a crash, and so is an input that takes longer than 5 s of processor time. Exit status 1 where
    there was one.
    """
    known = entrances()
    if strange := set(names) - set(known):
        raise click.BadParameter(f"{sorted(strange)} is none of {', '.join(known)}")
    logging.disable(logging.CRITICAL)
    warnings.simplefilter("ignore")
    results = {}
    for name in names or known:
        if atheris:
            told = guided(name, inputs, seed)
        else:
            with progress_bar(name) as progress:
                told = fuzz(known[name], inputs, seed, progress).told()
        results[name] = told
        say(
            f"{name:12} {told['accepted']:7} accepted {told['refused']:7} refused "
            f"{told['crashed']:4} crashed, slowest {told['slowest_ms']:8.1f} ms",
            json_file,
        )
        for error, times in Counter(crash["error"] for crash in told["crashes"]).items():
            say(f"    {times} x {error}", json_file)
    write_json(json_file, {"inputs": inputs, "seed": seed, "guided": atheris, "entrances": results})
    sys.exit(any(told["crashed"] for told in results.values()))


if __name__ == "__main__":
    main()
