"""The terminal's live view as a picture."""

from __future__ import annotations

import io
from pathlib import Path

import click
from rich.console import Console

from daemon.config import load_config
from daemon.terminal.history import History
from daemon.terminal.view import render
from pipeline.output.message import Message, MomentMessage, StatusMessage
from pipeline.output.subscriber import listen
from tools.pictures.demo import Scene

WIDTH, HEIGHT = 110, 46
"""Size of the terminal, characters."""


def heard(scene: Scene, seconds: float) -> History:
    """Return what a view remembers after a time of listening to a demo.

    Raises
    ------
    click.ClickException
        If nothing was heard.
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

    listen(scene.published, take, seconds=seconds)
    if history.status is None:
        raise click.ClickException(f"The demo said nothing within {seconds:g} s.")
    return history


def draw(history: History, file: Path) -> None:
    """Write the view as SVG; the same view gives the same file."""
    console = Console(
        record=True, width=WIDTH, file=io.StringIO(), force_terminal=True, color_system="truecolor"
    )
    status = history.status
    console.print(render(history, WIDTH, HEIGHT, now=status.t if status else None))
    console.save_svg(str(file), title="hillstream demo", unique_id="hillstream")
