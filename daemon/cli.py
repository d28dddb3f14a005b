"""The command `hillstream`: what a person types, and how mistakes are told."""

from __future__ import annotations

import logging

import click

from daemon.commands.common import examples
from daemon.terminal.command import Commands, Places

_LEVELS = (logging.WARNING, logging.INFO, logging.DEBUG)


_MODULES = {
    "demo": "daemon.commands.live.run",
    "init": "daemon.commands.setup.init",
    "check": "daemon.commands.setup.check",
    "streams": "daemon.commands.setup.streams",
    "mvc": "daemon.commands.live.mvc",
    "run": "daemon.commands.live.run",
    "listen": "daemon.commands.live.listen",
    "web": "daemon.commands.live.web",
    "ctl": "daemon.commands.live.ctl",
    "keys": "daemon.commands.setup.keys",
    "simulate": "daemon.commands.live.feed",
    "play": "daemon.commands.live.feed",
    "convert": "daemon.commands.offline.convert",
    "score": "daemon.commands.offline.score",
    "report": "daemon.commands.sessions.report",
    "calibrate": "daemon.commands.offline.calibrate",
    "cohort": "daemon.commands.offline.cohort",
    "calibrator": "daemon.commands.live.calibrator",
    "electrodes": "daemon.commands.offline.electrodes",
    "model": "daemon.commands.setup.model",
    "subject": "daemon.commands.setup.subject",
    "export": "daemon.commands.sessions.export",
    "bench": "daemon.commands.offline.bench",
    "doctor": "daemon.commands.setup.doctor",
    "docs": "daemon.commands.setup.docs",
}


def _tell_version(context: click.Context, option: click.Parameter, wanted: bool) -> None:
    """Print the version and end."""
    if not wanted or context.resilient_parsing:
        return
    from importlib import metadata

    try:
        version = metadata.version("hillstream")
    except metadata.PackageNotFoundError:
        version = "of a source tree that is not installed"
    click.echo(f"hillstream, version {version}")
    context.exit()


@click.group(
    cls=Commands,
    commands=Places(_MODULES),
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog=examples(
        "New here:      hillstream demo",
        "Your own lab:  hillstream init              a set-up from your model and files",
        "               hillstream check CONFIG      is the set-up sound?",
        "               hillstream streams CONFIG    are its streams on the network?",
        "               hillstream run CONFIG        predict, calibrate, publish",
        "               hillstream listen            hear what is published",
        "               hillstream web               the same and more, in a browser",
    ),
)
@click.option(
    "--version",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=_tell_version,
    help="Show the version and exit.",
)
@click.option("-v", "--verbose", count=True, help="Log more to stderr; twice for everything.")
def main(verbose: int) -> None:
    """Live EMG and joint angles in, calibrated joint moments out.

    hillstream predicts joint moments from muscle activity in real time and refines the person's
    muscle parameters while they move.

    CONFIG is the path of a TOML file, or the name of a set-up that comes with hillstream: arm,
    tiring-arm, torque-free-arm or walking. 'hillstream COMMAND --help' explains a command.
    """
    from rich.console import Console
    from rich.logging import RichHandler

    level = _LEVELS[min(verbose, len(_LEVELS) - 1)]
    handler = RichHandler(console=Console(stderr=True), show_path=verbose > 1)
    logging.basicConfig(level=level, format="%(message)s", handlers=[handler], force=True)


if __name__ == "__main__":
    main()
