"""`hillstream doctor`: whether this machine is fit to run hillstream."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING

import click
from rich.console import Console
from rich.table import Column, Table
from rich.text import Text

from daemon.commands.common import examples
from daemon.terminal.console import STDOUT, console_for, write_json
from daemon.terminal.table import table

if TYPE_CHECKING:
    from daemon.diagnostics.doctor import Finding


@click.command(
    epilog=examples(
        "Example:  hillstream doctor",
        "Next:     hillstream demo",
    )
)
@click.option("--json", "as_json", is_flag=True, help="Print the findings as JSON.")
@click.pass_context
def doctor(context: click.Context, as_json: bool) -> None:
    """Examine whether this machine is fit.

    Python, torch, liblsl, ZeroMQ, clocks, network: every part is really tried, which takes some
    seconds; what is not fit comes with what to do. Exit status 1 if a part is not fit. Send the
    output along when you report a problem.
    """
    from daemon.diagnostics.doctor import examine

    with Console(stderr=True).status("Examining ..."):
        findings = examine()
    if as_json:
        write_json(STDOUT, {"findings": [asdict(finding) for finding in findings]})
    else:
        console_for().print(_table(findings))
    if not all(finding.ok for finding in findings):
        context.exit(1)


def _table(findings: Sequence[Finding]) -> Table:
    columns = [Column(no_wrap=True), Column(no_wrap=True), Column(overflow="fold")]
    return table(columns, (), map(_row, findings))


def _row(finding: Finding) -> tuple[Text, str, Text]:
    mark = Text("fit", "green") if finding.ok else Text("not fit", "red")
    fix = f"\n{finding.fix}" if finding.fix else ""
    return mark, finding.name, Text.assemble(finding.detail, (fix, "yellow"))
