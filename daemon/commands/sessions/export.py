"""`hillstream export`: a session's tables, or the person that it found, for other programs."""

from __future__ import annotations

from pathlib import Path

import click

from daemon.commands.common import examples
from daemon.terminal.console import progress_bar
from pipeline.errors import UserError
from pipeline.files import refuse_existing


@click.command(
    epilog=examples(
        "Example:  hillstream export sessions/arm-20260312-101500.db --csv",
        "          hillstream export monday.db --parquet --out monday",
        "          hillstream export monday.db --subject me.json --version 41",
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
@click.option(
    "--subject",
    metavar="FILE.json",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Write the person as the session found them into FILE instead, as 'ctl save' does.",
)
@click.option(
    "--version",
    metavar="N",
    type=click.IntRange(min=0),
    help="With --subject: parameter set N, 0 for the start; by default the last one in force.",
)
@click.option("--overwrite", is_flag=True, help="With --subject: write over a file that is there.")
def export(
    session: Path,
    parquet: bool,
    folder: Path | None,
    subject: Path | None,
    version: int | None,
    overwrite: bool,
) -> None:
    """Write a session's tables to files, one a table.

    SESSION is a file that 'run', 'demo' or 'score --session' has written; it may still be growing.
    docs/session.md says what is in each table.
    """
    if subject:
        _export_subject(session, subject, version, overwrite)
    elif version is not None or overwrite:
        raise UserError("--version and --overwrite are of the person; give --subject FILE as well.")
    else:
        _export_tables(session, parquet, folder or session.with_suffix(""))


def _export_tables(session: Path, parquet: bool, folder: Path) -> None:
    from daemon.session.export import export as write

    with progress_bar(f"Exporting {session.name}") as update:
        files = write(session, folder, parquet, update)
    click.echo(f"{len(files)} tables in {folder}")


def _export_subject(session: Path, file: Path, version: int | None, overwrite: bool) -> None:
    from daemon.subjects.recorded import recorded_person

    if not overwrite:
        refuse_existing(file)
    found = recorded_person(session, version)
    try:
        found.subject.save(file)
    except OSError as error:
        raise UserError(f"'{file}' cannot be written: {error.strerror}.") from error
    doubt = "" if found.subject.trusted else " It has not been shown to fit this person."
    click.echo(f"Parameter set {found.version} of {session.name} is in {file}.{doubt}")
