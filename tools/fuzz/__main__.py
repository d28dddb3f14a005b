"""Give every entrance spoilt input: ``python -m tools.fuzz --inputs 100000``.

Each input is valid input of that entrance, spoilt in its structure or its bytes. A seed names a
run, so that whatever is found can be found again.
"""

from __future__ import annotations

import gc
import logging
import signal
import sys
import time
import warnings
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from random import Random
from types import FrameType
from typing import Any

import click

from daemon.commands.common import json_option, progress_bar, say, write_json
from tools.fuzz.entrances import Entrance, entrances
from tools.fuzz.guided import guided

HANGS_AFTER_S = 5.0
CRASHES_KEPT = 20
"""Crashes of which the input is told; of more only the number."""


class HangError(BaseException):
    """An input took too long; not an Exception, so that no entrance catches it."""


@contextmanager
def alarmed() -> Iterator[Callable[[], None]]:
    """Give a function that starts the time anew; when it is up, `HangError` is raised."""

    def ring(number: int, frame: FrameType | None) -> None:
        raise HangError(f"not done after {HANGS_AFTER_S:g} s")

    def start_anew() -> None:
        signal.setitimer(signal.ITIMER_PROF, HANGS_AFTER_S)

    before = signal.signal(signal.SIGPROF, ring)
    try:
        yield start_anew
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0.0)
        signal.signal(signal.SIGPROF, before)


class Count:
    """What became of the inputs of one entrance."""

    def __init__(self) -> None:
        self.outcomes: Counter[str] = Counter(accepted=0, refused=0, crashed=0)
        self.crashes: list[dict[str, str]] = []
        self.slowest_ms, self.slowest = 0.0, b""

    def try_one(self, entrance: Entrance, data: bytes) -> None:
        """Give an entrance an input."""
        begun = time.thread_time()  # of the processor: others may be using the machine
        try:
            outcome = "accepted" if entrance.take(data) else "refused"
        except (Exception, HangError) as error:
            outcome = "crashed"
            if len(self.crashes) < CRASHES_KEPT:
                what = f"{type(error).__name__}: {str(error)[:200]}"
                self.crashes.append({"error": what, "input": data[:4000].hex()})
        took_ms = 1e3 * (time.thread_time() - begun)
        if took_ms > self.slowest_ms:
            self.slowest_ms, self.slowest = took_ms, data
        self.outcomes[outcome] += 1

    def told(self) -> dict[str, Any]:
        """Return the counts, the crashes and the time of the slowest input."""
        return {**self.outcomes, "slowest_ms": self.slowest_ms, "crashes": self.crashes}


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


@click.command()
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
