"""The terminal's live view as a picture."""

from __future__ import annotations

import io
from pathlib import Path

import click
from rich.console import Console

from daemon.config import load_config
from daemon.terminal.history import History
from daemon.terminal.view import render
from pipeline.output.message import Message, MomentMessage, Status, StatusMessage
from pipeline.output.subscriber import listen
from tools.pictures.demo import Scene

WIDTH, HEIGHT = 110, 46
"""Size of the terminal, characters."""
PATIENCE_S = 120.0
"""How much longer than asked a demo may take to become NOMINAL, s."""


def heard(scene: Scene, seconds: float) -> History:
    """Return what a view remembers of a demo that is NOMINAL and has run for a time.

    Raises
    ------
    click.ClickException
        If it does not get there.
    """
    config = load_config(scene.config)
    truth = {
        name: getattr(config.simulation, name)
        for name in ("strength", "optimal_fibre_length", "tendon_slack_length")
    }
    history = History(config.title, config.model.dofs, truth)

    def take(message: Message) -> None:
        if isinstance(message, MomentMessage):
            history.moment = message
        elif isinstance(message, StatusMessage):
            history.take(message)

    def is_good() -> bool:
        status = history.status
        return bool(status and status.status is Status.NOMINAL and status.uptime_s >= seconds)

    listen(scene.published, take, seconds=seconds + PATIENCE_S, stop=is_good)
    if not is_good():
        raise click.ClickException(
            f"The demo was not NOMINAL after {seconds:g} s and {PATIENCE_S:g} more; the machine "
            "may be too busy."
        )
    return history


def draw(history: History, file: Path) -> None:
    """Write the view as SVG; the same view gives the same file."""
    console = Console(
        record=True, width=WIDTH, file=io.StringIO(), force_terminal=True, color_system="truecolor"
    )
    status = history.status
    console.print(render(history, WIDTH, HEIGHT, now=status.t if status else None))
    console.save_svg(str(file), title="hillstream demo", unique_id="hillstream")
