"""`hillstream report`: a session as a page that a physiotherapist can read, or two compared."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from daemon.commands.common import examples
from daemon.terminal.console import console_for, json_option, say, write_json
from daemon.terminal.table import table
from pipeline.errors import UserError, needing

if TYPE_CHECKING:
    from daemon.report.comparison import Comparison
    from daemon.report.material import Material
    from daemon.report.quality.assessment import Quality
    from daemon.report.verdict import FatigueVerdict


@click.command(
    epilog=examples(
        "Example:  hillstream report sessions/arm-20260312-101500.db --png figures",
        "          hillstream report monday.db friday.db --out week.html",
        "Try it:   hillstream simulate tiring-arm --record tiring.npz --seconds 360",
        "          hillstream score tiring-arm tiring.npz --session tiring.db",
        "          hillstream report tiring.db",
        "Next:     open the page in a browser; it prints as well",
        "Needs:    pip install 'hillstream[report]'",
    )
)
@click.argument(
    "sessions", metavar="SESSION [LATER]", nargs=-1, required=True, type=click.Path(path_type=Path)
)
@click.option(
    "--out",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE.html",
    help="Where the page goes; by default beside SESSION, with the same name. Of two sessions "
    "there is a page only with it.",
)
@click.option(
    "--png",
    type=click.Path(path_type=Path, file_okay=False),
    metavar="FOLDER",
    help="Write the figures as PNG files into FOLDER, too.",
)
@json_option()
def report(
    sessions: tuple[Path, ...], out: Path | None, png: Path | None, json_file: str | None
) -> None:
    """Tell what happened in a session, or compare two.

    Writes one HTML page that needs no other file: whether the session can be trusted, moments,
    parameters, fatigue and streams. Says on the terminal what the session is good for and which
    muscles tired. SESSION is the log of a run, finished or still going on.

    With LATER, another session of the same person, says what changed from the first to the second:
    which parameters beyond their joint 95 % interval, errors, EMG and MVC.
    """
    if len(sessions) > 2:
        raise UserError(f"{len(sessions)} sessions are given; give one, or two to compare.")
    if len(sessions) == 2:
        _compare(sessions[0], sessions[1], out, png, json_file)
    else:
        _report(sessions[0], out, png, json_file)


def _report(session: Path, out: Path | None, png: Path | None, json_file: str | None) -> None:
    from daemon.report.fatigue import assess
    from daemon.report.material import load
    from daemon.report.quality.assessment import quality_of
    from daemon.report.summary import untold

    material = load(session)
    verdicts, quality = assess(material), quality_of(session, material)
    page = out or session.with_suffix(".html")
    _write(material, verdicts, quality, page, png)
    say(quality.verdict, json_file)
    one_reason = untold(verdicts)
    for verdict in () if one_reason else verdicts:
        say(f"{verdict.muscle:<12} {verdict.kind:<31} {verdict.sentence}", json_file)
    for sentence in filter(None, (one_reason, quality.missing, f"The page is {page}.")):
        say(sentence, json_file)
    told = [verdict.figures() for verdict in verdicts]
    write_json(json_file, {"quality": quality.figures(), "verdicts": told})


def _compare(
    first: Path, second: Path, out: Path | None, png: Path | None, json_file: str | None
) -> None:
    from daemon.report.comparison import compare
    from daemon.report.comparison_table import figures
    from daemon.report.material import load

    if png:
        raise UserError("--png is for one session; of two, --out writes a page with its figure.")
    if first.resolve() == second.resolve():
        raise UserError(f"'{first}' is given twice; name two sessions, or one for its report.")
    found = compare(load(first), load(second))
    if out:
        _write_comparison(found, out)
    say(f"A is {first}, B is {second}.", json_file)
    _print_comparison(found, json_file)
    if out:
        say(f"The page is {out}.", json_file)
    write_json(json_file, figures(found))


def _print_comparison(found: Comparison, json_file: str | None) -> None:
    """Print the table; the names of sessions begin alike and are too long to head its columns."""
    from daemon.report.comparison_table import channel_rows, parameter_row, session_rows

    rows = [
        *(parameter_row(one) for one in found.differences if one.changed is not None),
        *session_rows(found),
        *channel_rows(found),
    ]
    console_for(json_file).print(table([""], ("A", "B", "change"), rows))
    for sentence in (*found.summary, *found.obstacles):
        say(sentence, json_file)


def _write_comparison(found: Comparison, out: Path) -> None:

    with needing("A report", "report"):
        from daemon.report.comparison_page import comparison_page
    with _writing():
        out.write_text(comparison_page(found), encoding="utf-8")


def _write(
    material: Material,
    verdicts: Sequence[FatigueVerdict],
    quality: Quality,
    out: Path,
    png: Path | None,
) -> None:

    with needing("A report", "report"):
        from daemon.report.page import drawn, page, write_png
    figures = drawn(material, verdicts, quality)
    with _writing():
        out.write_text(page(material, verdicts, quality, figures), encoding="utf-8")
        if png:
            write_png(figures, png)


@contextmanager
def _writing() -> Iterator[None]:
    """Say where nothing can be written."""
    try:
        yield
    except OSError as error:
        raise UserError(
            f"The report cannot be written to {error.filename} ({error.strerror}); give a place "
            "in a folder that exists."
        ) from error
