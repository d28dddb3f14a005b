"""`hillstream export`: a session's tables for other programs."""

from __future__ import annotations

from pathlib import Path

import click

from daemon.commands.common import examples
from daemon.terminal.console import progress_bar


@click.command(
    epilog=examples(
        "Example:  hillstream export sessions/arm-20260312-101500.db --csv",
        "          hillstream export monday.db --parquet --out monday",
        "Next:     hillstream report SESSION    the same as a page to read",
    )
)
@click.argument("session", metavar="SESSION", type=click.Path(path_type=Path))
@click.option("--parquet/--csv", "parquet", default=False, help="Parquet, or text with commas.")
@click.option(
    "--out",
    "folder",
    metavar="FOLDER",
    type=click.Path(path_type=Path, file_okay=False),
    help="Where to write; by default a folder beside the session, of its name.",
)
def export(session: Path, parquet: bool, folder: Path | None) -> None:
    """Write a session's tables to files, one a table.

    SESSION is a file that 'run', 'demo' or 'score --session' has written; it may still be growing.
    docs/session.md says what is in each table.
    """
    from daemon.session.export import export as write

    folder = folder or session.with_suffix("")
    with progress_bar(f"Exporting {session.name}") as update:
        files = write(session, folder, parquet, update)
    click.echo(f"{len(files)} tables in {folder}")
