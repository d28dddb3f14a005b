"""`hillstream listen`: what a running daemon publishes, as lines."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from daemon.commands.common import examples, seconds_option, stop_on_signals
from daemon.commands.setup.keys import key_options, keys_of
from daemon.terminal.console import json_option, say, write_json

if TYPE_CHECKING:
    from pipeline.output.message import Message

_MOMENT_EVERY_S = 0.2
_FREQUENT = ("moment", "muscles", "signals", "reference")
"""Topics of which one message in a while is shown."""


@click.command(
    epilog=examples(
        "Example:  hillstream listen --seconds 10 --json heard.json",
        "Next:     tools/clients/exo_client.py   the same as a client to start your own from",
    )
)
@click.argument("address", default="tcp://127.0.0.1:5556")
@seconds_option()
@click.option(
    "--all", "show_all", is_flag=True, help="Show every message, not five moments a second."
)
@key_options()
@json_option()
def listen(
    address: str,
    seconds: float | None,
    show_all: bool,
    own_key: Path | None,
    server_key: str | None,
    json_file: str | None,
) -> None:
    """Hear what a running daemon publishes over ZeroMQ.

    Every message is checked and counted; at the end come the gaps, and the ages of the moments
    when they arrived. ADDRESS is the daemon's output.zmq, tcp://127.0.0.1:5556 by default. Listen
    as often as you like: the daemon waits for nobody. Exit status 1 if nothing was heard.
    """
    from pipeline.output.subscriber import listen as hear

    keys = keys_of(own_key, server_key)
    with stop_on_signals() as stop:
        summary = hear(address, _printer(json_file, show_all), seconds, stop.is_set, keys)
    write_json(json_file, summary)
    if not summary["messages"]:
        raise click.ClickException(
            f"Nothing was heard on {address}; is 'hillstream run' or 'demo' publishing there? "
            "Where it asks for keys, give --key and --server-key."
        )
    say(_told(summary), json_file)


def _told(summary: Mapping[str, Any]) -> str:
    age = {name: value for name, value in summary["age_ms"].items() if value is not None}
    ages = ", ".join(f"{name} {value:.1f} ms" for name, value in age.items()) or "unknown"
    return (
        f"{summary['messages']} messages, {summary['moments']} moments, {summary['missing']} "
        f"missing in {summary['seq_gaps']} gaps, {summary['invalid']} invalid; age: {ages}."
    )


def _printer(json_file: str | None, show_all: bool) -> Callable[[Message], None]:
    """Return what prints a message, or leaves it out where a reader would drown."""
    from daemon.terminal.lines import Lines

    lines, shown = Lines(), dict.fromkeys(_FREQUENT, -_MOMENT_EVERY_S)
    sessions: set[str] = set()

    def show(message: Message) -> None:
        line, now = lines.line(message), time.monotonic()
        if not show_all:
            if message.topic == "meta" and message.session in sessions:
                return
            if message.topic in _FREQUENT and now - shown[message.topic] < _MOMENT_EVERY_S:
                return
        sessions.add(message.session)
        shown[message.topic] = now
        say(line, json_file)

    return show
