"""Fuzzing that looks for inputs which reach new code: atheris, in a process of its own.

``python -m tools.robustness.fuzz.guided ENTRANCE INPUTS SEED`` ends with libFuzzer's own exit; its
last line is what became of the inputs, as JSON.
"""

from __future__ import annotations

import json
import logging
import subprocess
import sys
import warnings
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import Any

import click

SEEDS = 200
"""Examples, most of them spoilt, that it begins with."""


def guided(name: str, inputs: int, seed: int) -> dict[str, Any]:
    """Fuzz one entrance with atheris; returns what `Count.told` does."""
    command = [sys.executable, "-m", "tools.robustness.fuzz.guided", name, str(inputs), str(seed)]
    done = subprocess.run(command, capture_output=True, text=True)
    lines = done.stdout.splitlines()
    if not lines or not lines[-1].startswith("{"):
        raise click.ClickException(f"atheris ended without a result:\n{done.stderr[-2000:]}")
    told: dict[str, Any] = json.loads(lines[-1])
    return told


def main() -> None:
    """Instrument the program, then fuzz the entrance named on the command line."""
    name, inputs, seed = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    try:
        import atheris
    except ImportError:
        raise SystemExit("atheris is not installed: pip install '.[fuzz]'") from None
    with atheris.instrument_imports(include=["pipeline", "daemon", "tools.clients"]):
        from tools.robustness.fuzz.count import Count
        from tools.robustness.fuzz.entrances import entrances
    logging.disable(logging.CRITICAL)
    warnings.simplefilter("ignore")
    entrance, count = entrances()[name], Count()

    def one(data: bytes) -> None:
        count.try_one(entrance, data)
        if count.outcomes.total() == inputs:
            sys.stdout.write(json.dumps(count.told()) + "\n")
            sys.stdout.flush()

    def spoil(data: bytes, longest: int, chance: int) -> bytes:
        random = Random(chance)
        if random.random() < 0.5:
            return entrance.inputs(random)[:longest]
        return bytes(atheris.Mutate(data, longest))

    with TemporaryDirectory() as corpus:
        for number in range(SEEDS):
            (Path(corpus) / str(number)).write_bytes(entrance.inputs(Random(number)))
        options = [f"-atheris_runs={inputs}", f"-seed={seed}", "-max_len=100000", "-verbosity=0"]
        atheris.Setup([sys.argv[0], *options, corpus], one, custom_mutator=spoil)
        atheris.Fuzz()


if __name__ == "__main__":
    main()
