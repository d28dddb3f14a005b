"""`hillstream streams`: what is on the network against what a set-up wants."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import click
from rich.console import Console
from rich.table import Column, Table
from rich.text import Text

from daemon.commands.common import config_argument, examples
from daemon.terminal.console import console_for, say
from daemon.terminal.table import table

if TYPE_CHECKING:
    from daemon.diagnostics.verdict import StreamFinding

_COLOURS = {"found": "green", "missing": "red", "refused": "red", "silent": "red", "unused": "dim"}


@click.command(
    epilog=examples(
        "Example:  hillstream streams arm",
        "Next:     hillstream run CONFIG      when all are found",
        "          hillstream doctor          when one is missing and its sender runs",
    )
)
@config_argument()
@click.pass_context
def streams(context: click.Context, config_name: str) -> None:
    """Compare the streams on the network with those wanted.

    Reads two seconds of each wanted stream and shows whether it is there and of use: rate, samples
    dropped and why, their age, the range of their values; then the LSL streams nobody asked for.
    Exit status 1 if a stream is missing, silent or refused, or most of its samples are dropped.
    """
    from daemon.config import load_config

    config = load_config(config_name)
    from daemon.diagnostics.discovery import compare

    with Console(stderr=True).status("Looking and listening ..."):
        findings = compare(config)
    console_for().print(_table(findings))
    lacking = [finding.key for finding in findings if not finding.verdict.is_of_use]
    if lacking:
        say(f"Not usable yet: {', '.join(map(str, lacking))}.")
        context.exit(1)
    say(f"All are there. Next: hillstream run {config_name}")


def _table(findings: Sequence[StreamFinding]) -> Table:
    columns = [Column(title, no_wrap=True) for title in ("stream", "verdict", "over", "name")]
    rows = (
        (f.key or "-", Text(f.verdict, _COLOURS[f.verdict]), f.transport, f.name, f.detail)
        for f in findings
    )
    return table([*columns, Column("what it is", overflow="fold")], (), rows)
