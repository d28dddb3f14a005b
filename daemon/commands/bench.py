"""`hillstream bench`: how fast this machine is at what hillstream does all day."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import click
from rich.table import Table

from daemon.commands.common import console_for, examples, json_option, progress_bar, say, write_json


@click.group(
    epilog=examples(
        "Example:  hillstream bench solver --json solver.json",
        "Next:     hillstream doctor    if the figures surprise you",
    )
)
def bench() -> None:
    """Measure hillstream's speed on this machine."""


@bench.command()
@click.option(
    "--device",
    type=click.Choice(["auto", "cpu", "cuda"]),
    default="auto",
    show_default=True,
    help="Where to compute.",
)
@click.option(
    "--threads",
    type=click.IntRange(1, 64),
    default=1,
    show_default=True,
    help="Processor threads.",
)
@json_option()
def solver(device: str, threads: int, json_file: str | None) -> None:
    """Measure one step of the calibration.

    One AdamW iteration of the trajectory solver against the same muscle model stepped through time
    in torch's autograd, and what it costs as the problem doubles.
    """
    from daemon.bench_solver import bench_solver

    with progress_bar("Measuring") as update:
        result = bench_solver(device, threads, on_progress=lambda _, done: update(done))
    console_for(json_file).print(_table(result))
    say(f"{result['machine']}, {result['device']}, {threads} thread(s).", json_file)
    write_json(json_file, result)


@bench.command()
@json_option()
def synthesis(json_file: str | None) -> None:
    """Measure the synthesis of excitations at a tick.

    16 channels, 3 of them without electrode, 8 synergies: an ordinary tick, and the one at which
    an electrode comes off.
    """
    from daemon.bench_synthesis import bench_synthesis

    with progress_bar("Measuring") as update:
        result: Mapping[str, Any] = bench_synthesis(update)
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="bold")
    for heading in ("ms", "p50", "p99", "max"):
        table.add_column(heading, justify="left" if heading == "ms" else "right")
    for name, key in (("a tick", "tick_ms"), ("an electrode comes off", "switch_ms")):
        table.add_row(name, *(f"{result[key][part]:.3f}" for part in ("p50", "p99", "max")))
    console_for(json_file).print(table)
    say(f"{result['machine']}, numpy {result['numpy']}.", json_file)
    write_json(json_file, result)


def _table(result: Mapping[str, Any]) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="bold")
    for heading in ("one AdamW iteration", "trajectory, ms", "stepwise, ms", "ratio"):
        table.add_column(heading, justify="left" if heading.startswith("one") else "right")
    for problem, ms in result["ms"].items():
        ratio = ms["stepwise"] / ms["solver"]
        table.add_row(problem, f"{ms['solver']:.1f}", f"{ms['stepwise']:.0f}", f"{ratio:.0f}")
    return table
