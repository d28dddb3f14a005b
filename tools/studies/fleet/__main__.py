"""Exoskeletons on one calibrator: ``python -m tools.studies.fleet SCALE_JSON``.

Every exoskeleton asks for an update each stride and has to have it before the next. The calibrator
is one processor or one GPU, whose times ``hillstream bench scale --json SCALE_JSON`` has measured.
Two ways of calibrating are compared: one person after the other, and all who wait as one batch.
docs/scale.md has the figures.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import click
from rich.table import Table

from daemon.terminal.command import Command
from daemon.terminal.console import console_for, json_option, progress_bar, say, write_json
from daemon.terminal.table import table
from tools.studies.fleet.figure import draw
from tools.studies.fleet.scene import Network, Scene, Verdict, largest, verdict
from tools.studies.fleet.service import measured

SHARES = (0.25, 0.5, 0.75, 0.9, 1.0, 1.1, 1.25, 1.5)
"""Multiples of the limit of which the table tells."""


def served(scene: Scene, wanted: float) -> tuple[int, list[Verdict]]:
    """Return how many exoskeletons are served on time, and how numbers around that are.

    Parameters
    ----------
    wanted
        Share of the updates that has to be on time.
    """
    limit = largest(lambda count: verdict(count, scene).on_time >= wanted)
    counts = {max(1, round(share * limit)) for share in SHARES} | {limit + 1, limit + 2}
    return limit, [verdict(count, scene) for count in sorted(counts)]


@click.command(cls=Command)
@click.argument("scale_json", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option("--wanted", default=99.0, show_default=True, help="Updates on time, per cent.")
@click.option("--stride", default=1.0, show_default=True, help="Time between two updates, s.")
@click.option(
    "--network-ms",
    nargs=2,
    type=float,
    default=(3.0, 30.0),
    show_default=True,
    help="Median and 99 % of the network's delay, one way.",
)
@click.option("--together", is_flag=True, help="All ask at the same moment.")
@click.option("--seconds", default=60.0, show_default=True, help="How long each fleet is, s.")
@click.option("--fleets", default=10, show_default=True, help="Fleets that are drawn.")
@click.option(
    "--faster",
    default=1.0,
    show_default=True,
    help="What if the descent took so many times less, and the rest of an update as long?",
)
@click.option("--seed", default=1, show_default=True)
@click.option("--figure", type=click.Path(path_type=Path), help="Draw the picture here.")
@json_option()
def main(
    scale_json: Path,
    wanted: float,
    stride: float,
    network_ms: tuple[float, float],
    together: bool,
    seconds: float,
    fleets: int,
    faster: float,
    seed: int,
    figure: Path | None,
    json_file: str | None,
) -> None:
    """Simulate exoskeletons on one calibrator and say how many it serves."""
    service, scale = measured(scale_json)
    network = Network(*(1e-3 * ms for ms in network_ms))
    service = service.faster(faster)
    scene = Scene(service, 1, stride, network, together, seconds, fleets, seed)
    limits, verdicts = {}, {}
    with progress_bar("Simulating") as progress:
        for number, (name, most) in enumerate(
            (("one after the other", 1), ("together", service.most))
        ):
            limits[name], verdicts[name] = served(replace(scene, most=most), wanted / 100.0)
            progress((1 + number) / 2)
    for name, found in verdicts.items():
        say(f"\n{name}: {limits[name]} exoskeletons with {wanted:g} % on time", json_file)
        console_for(json_file).print(_table(found))
    machine = scale["machine"]
    say(f"Times of {machine}, {scale['device']}, {scale['threads']} thread(s).", json_file)
    if figure:
        best = replace(scene, most=service.most)
        where = f"{scale['threads']} thread(s) of {machine}, {scale['device']}"
        draw(service, verdicts, best, limits["together"], where, figure)
    write_json(
        json_file,
        {
            "wanted": wanted / 100.0,
            "stride_s": stride,
            "together": together,
            "faster": faster,
            "network": vars(network),
            "limit": limits,
            "verdicts": {name: [vars(one) for one in found] for name, found in verdicts.items()},
            **{key: scale[key] for key in ("machine", "device", "threads")},
        },
    )


def _table(found: Sequence[Verdict]) -> Table:
    titles = ("on time, %", "skipped, %", "p50, s", "p99, s", "load, %", "at once", "waiting")
    rows = (
        (
            str(one.exoskeletons),
            f"{100 * one.on_time:.2f}",
            f"{100 * one.skipped:.1f}",
            f"{one.p50_s:.3f}",
            f"{one.p99_s:.3f}",
            f"{100 * one.load:.0f}",
            f"{one.batch:.1f}",
            f"{one.waiting:.1f}",
        )
        for one in found
    )
    return table(["fleet"], titles, rows)


if __name__ == "__main__":
    main()
