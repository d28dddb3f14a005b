"""`hillstream score`: how well a set-up would have done on a recording."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import click
from rich.table import Column, Table

from daemon.assembly.checks import checked_config
from daemon.commands.common import Number, config_argument, examples, parts_options, recording_of
from daemon.terminal.console import console_for, json_option, progress_bar, say, write_json
from daemon.terminal.recorded import recorded_table
from daemon.terminal.table import table


@click.command(
    epilog=examples(
        "Example:  hillstream simulate arm --record arm.npz --seconds 60",
        "          hillstream score arm arm.npz --json score.json",
        "          hillstream score arm arm.npz --start me.json --freeze-after 0",
        "Next:     hillstream play RECORDING   and, beside it, hillstream run CONFIG",
    )
)
@config_argument()
@click.argument("recording", metavar="[RECORDING]", required=False, type=click.Path(path_type=Path))
@parts_options()
@click.option(
    "--session",
    "session_file",
    metavar="FILE",
    type=click.Path(path_type=Path),
    help="Write a session log to FILE, as a live run does.",
)
@click.option(
    "--start",
    metavar="SUBJECT",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Start from this subject file, whatever model.subject of the configuration is.",
)
@click.option(
    "--freeze-after",
    type=Number(min=0),
    metavar="S",
    help="Stop learning at this time of the recording, s, and score the rest by itself; with 0 "
    "nothing is learnt.",
)
@json_option()
def score(
    config_name: str,
    recording: Path | None,
    emg: tuple[Path, ...],
    angles: tuple[Path, ...],
    moments: tuple[Path, ...],
    session_file: Path | None,
    start: Path | None,
    freeze_after: float | None,
    json_file: str | None,
) -> None:
    """Score a set-up on a recording, as fast as the machine computes.

    The recording goes through the same way as live data: each second is predicted before the
    calibrator may learn from it, so the error is that of a live session; a calibrator on another
    machine ([calibrator] where) is waited for. Beside it stand the errors of the generic,
    uncalibrated person and of the reference's mean on the same samples. RECORDING is an .npz, .mat
    or .xdf file, a .sto, .mot, .csv, .tsv or .c3d file, a folder of these, or such files with
    commas between them. `emg=FILE,angles=FILE,moments=FILE` says what a file is, and
    `RUN.xdf,emg=NAME` which stream is meant, by its name, source_id or number.
    """
    given = (recording,) if recording else ()
    config = checked_config(config_name, start)
    source, *_ = recording_of(given, config.recording, emg=emg, angles=angles, moments=moments)
    from daemon.offline.score import score_file

    with progress_bar(
        f"Scoring {Path(source).name if isinstance(source, str) else source.name}"
    ) as update:
        result = score_file(config, source, session_file, update, freeze_after)
    console = console_for(json_file)
    console.print(recorded_table(result["recording"]), "", _table(result), sep="\n")
    say(_footnote(result), json_file)
    write_json(json_file, result)


def _table(result: Mapping[str, Any]) -> Table:
    stretches = {"overall": "overall", "after 10 s": "after_10s"}
    if result["freeze_after_s"] is not None:
        stretches[f"frozen, after {result['freeze_after_s']:g} s"] = "after_freeze"
    rows = (row for title, name in stretches.items() for row in _rows(result, title, name))
    columns = ["RMSE, N*m", "generic", "mean", "R2"]
    return table(["scored", Column("joint", no_wrap=True)], columns, rows)


def _rows(result: Mapping[str, Any], title: str, name: str) -> Iterator[tuple[str, ...]]:
    keys = (f"rmse_{name}", f"rmse_{name}_uncalibrated", f"rmse_{name}_of_mean", f"r2_{name}")
    for dof in result[keys[0]]:
        yield title, dof, *(_number(result[key][dof]) for key in keys)
        title = ""


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.2f}"


def _footnote(result: Mapping[str, Any]) -> str:
    updates = ", ".join(f"{count} {name}" for name, count in result["updates"].items()) or "none"
    return (
        f"{result['seconds']:.0f} s scored in {result['wall_s']:.1f} s; "
        f"updates: {updates}; parameter set {result['parameter_version']}; "
        f"{result['nonfinite']} values that were not finite."
    )
