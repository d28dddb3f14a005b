"""`hillstream report`: a session as a page that a physiotherapist can read."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from daemon.commands.common import examples
from daemon.terminal.console import json_option, say, write_json
from pipeline.errors import UserError

if TYPE_CHECKING:
    from daemon.report.fatigue import FatigueVerdict
    from daemon.report.material import Material


@click.command(
    epilog=examples(
        "Example:  hillstream report sessions/arm-20260312-101500.db --png figures",
        "Try it:   hillstream simulate tiring-arm --record tiring.npz --seconds 360",
        "          hillstream score tiring-arm tiring.npz --session tiring.db",
        "          hillstream report tiring.db",
        "Next:     open the page in a browser; it prints as well",
        "Needs:    pip install 'hillstream[report]'",
    )
)
@click.argument("session", metavar="SESSION", type=click.Path(path_type=Path))
@click.option(
    "--out",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE.html",
    help="Where the page goes; by default beside SESSION, with the same name.",
)
@click.option(
    "--png",
    type=click.Path(path_type=Path, file_okay=False),
    metavar="FOLDER",
    help="Write the figures as PNG files into FOLDER, too.",
)
@json_option()
def report(session: Path, out: Path | None, png: Path | None, json_file: str | None) -> None:
    """Tell what happened in a session: moments, fatigue, streams.

    Writes one HTML page that needs no other file, and says on the terminal which muscles tired.
    SESSION is the log of a run, finished or still going on.
    """
    from daemon.report.fatigue import assess
    from daemon.report.material import load

    material = load(session)
    verdicts = assess(material.courses())
    page = out or session.with_suffix(".html")
    _write(material, verdicts, page, png)
    for verdict in verdicts:
        say(f"{verdict.muscle:<12} {verdict.kind:<24} {verdict.sentence}", json_file)
    say(f"The page is {page}.", json_file)
    write_json(json_file, {"verdicts": [verdict.figures() for verdict in verdicts]})


def _write(
    material: Material, verdicts: Sequence[FatigueVerdict], out: Path, png: Path | None
) -> None:
    """Draw and write; the libraries for it are not part of every installation."""
    try:
        from daemon.report.figures import draw
        from daemon.report.page import page, write_png
    except ImportError as error:
        raise UserError(
            f"A report needs {error.name}, which is not installed: pip install "
            "'hillstream[report]'."
        ) from error
    figures = draw(material, verdicts)
    try:
        out.write_text(page(material, verdicts, figures), encoding="utf-8")
        if png:
            write_png(figures, png)
    except OSError as error:
        raise UserError(
            f"The report cannot be written to {error.filename} ({error.strerror}); give a place "
            "in a folder that exists."
        ) from error
