"""The command `hillstream`: what a person types, and how mistakes are told."""

from __future__ import annotations

import logging
from importlib import metadata

import click
from rich.console import Console
from rich.logging import RichHandler

from daemon.commands.common import examples
from daemon.commands.live.ctl import ctl
from daemon.commands.live.feed import play, simulate
from daemon.commands.live.listen import listen
from daemon.commands.live.mvc import mvc
from daemon.commands.live.run import demo, run
from daemon.commands.offline.bench import bench
from daemon.commands.offline.calibrate import calibrate
from daemon.commands.offline.convert import convert
from daemon.commands.offline.electrodes import electrodes
from daemon.commands.offline.score import score
from daemon.commands.sessions.export import export
from daemon.commands.sessions.report import report
from daemon.commands.setup.check import check
from daemon.commands.setup.doctor import doctor
from daemon.commands.setup.init import init
from daemon.commands.setup.keys import keys
from daemon.commands.setup.model import model
from daemon.commands.setup.streams import streams
from daemon.commands.setup.subject import subject
from daemon.terminal.command import Commands

_LEVELS = (logging.WARNING, logging.INFO, logging.DEBUG)


def _version() -> str:
    try:
        return metadata.version("hillstream")
    except metadata.PackageNotFoundError:
        return "of a source tree that is not installed"


@click.group(
    cls=Commands,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog=examples(
        "New here:      hillstream demo",
        "Your own lab:  hillstream init              a set-up from your model and files",
        "               hillstream check CONFIG      is the set-up sound?",
        "               hillstream streams CONFIG    are its streams on the network?",
        "               hillstream run CONFIG        predict, calibrate, publish",
        "               hillstream listen            hear what is published",
    ),
)
@click.version_option(_version(), prog_name="hillstream")
@click.option("-v", "--verbose", count=True, help="Log more to stderr; twice for everything.")
def main(verbose: int) -> None:
    """Live EMG and joint angles in, calibrated joint moments out.

    hillstream predicts joint moments from muscle activity in real time and refines the person's
    muscle parameters while they move.

    CONFIG is the path of a TOML file, or the name of a set-up that comes with hillstream: arm,
    tiring-arm, torque-free-arm or walking. 'hillstream COMMAND --help' explains a command.
    """
    level = _LEVELS[min(verbose, len(_LEVELS) - 1)]
    handler = RichHandler(console=Console(stderr=True), show_path=verbose > 1)
    logging.basicConfig(level=level, format="%(message)s", handlers=[handler], force=True)


for command in (
    demo,
    init,
    check,
    streams,
    mvc,
    run,
    listen,
    ctl,
    keys,
    simulate,
    play,
    convert,
    score,
    report,
    calibrate,
    electrodes,
    model,
    subject,
    export,
    bench,
    doctor,
):
    main.add_command(command)

if __name__ == "__main__":
    main()
