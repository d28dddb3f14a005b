"""The fault suite: everything that goes wrong, done to a running daemon, as a controller sees it.

A simulated lab sends over ZeroMQ to a proxy, which spoils what it passes on to the daemon; a
subscriber without any of the daemon's code keeps the time of every message. Before each fault all
is well, and after it the time is taken until all is well again.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from pathlib import Path
from tempfile import TemporaryDirectory

import click

from daemon.terminal.command import Command
from daemon.terminal.console import json_option, say, write_json
from pipeline.streams import clock
from tools.robustness.faults.cases import CASES, Case
from tools.robustness.faults.finding import Finding, finding
from tools.robustness.faults.scene import Scene
from tools.robustness.faults.table import into_page, line, table


def play(case: Case, scene: Scene, short: bool = False) -> Finding:
    """Do one fault to a scene where all is well, and wait until it is well again."""
    scene.settle()
    if not short:
        scene.prepare()
    case.act(scene, (short and case.short_s) or case.seconds)
    if case.told:
        scene.wait(lambda: _told(case, scene), f"the daemon says something of '{case.title}'")
    scene.wait(lambda: scene.good_since(scene.ended), "all is well again")
    recovered = scene.good_since(scene.ended)
    if not short:
        told = len(scene.controller.statuses)
        scene.wait(lambda: len(scene.controller.statuses) > told, "another status")
    return finding(scene, case.name, case.title, recovered)


def _told(case: Case, scene: Scene) -> bool:
    found = finding(scene, "", "", clock.now())
    return found.noticed_s is not None and (case.word is None or case.word in found.words)


def _scenes(cases: Sequence[Case]) -> Iterable[tuple[Case, Scene]]:
    """Give each case the scene it needs; those over one transport share theirs."""
    for transport in dict.fromkeys(case.transport for case in cases):
        with (
            TemporaryDirectory(prefix="faults-") as folder,
            Scene(Path(folder), transport) as scene,
        ):
            for case in cases:
                if case.transport == transport:
                    yield case, scene


@click.command(cls=Command)
@click.option("--only", metavar="NAME", multiple=True, help="This fault; may be repeated.")
@click.option("--page", type=click.Path(path_type=Path), help="Put the table into this page.")
@json_option()
def main(only: tuple[str, ...], page: Path | None, json_file: str | None) -> None:
    """Do every fault to a daemon and tell what a controller sees of it."""
    known = {case.name: case for case in CASES}
    if strange := set(only) - set(known):
        raise click.UsageError(f"--only: {sorted(strange)} not among {', '.join(known)}.")
    found = []
    for case, scene in _scenes([known[name] for name in only or known]):
        found.append(play(case, scene))
        say(line(found[-1]), json_file)
    say(table(found), json_file)
    if page is not None:
        page.write_text(into_page(page.read_text(encoding="utf-8"), found), encoding="utf-8")
    write_json(json_file, {"load": os.getloadavg()[0], "found": [asdict(one) for one in found]})


if __name__ == "__main__":
    main()
