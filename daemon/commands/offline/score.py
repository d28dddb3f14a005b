"""`hillstream score`: how well a set-up would have done on a recording."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click
from rich.table import Column, Table

from daemon.assembly.checks import checked_config
from daemon.commands.common import config_argument, examples
from daemon.terminal.console import console_for, json_option, progress_bar, say, write_json
from daemon.terminal.table import table


@click.command(
    epilog=examples(
        "Example:  hillstream simulate arm --record arm.npz --seconds 60",
        "          hillstream score arm arm.npz --json score.json",
        "Next:     hillstream play RECORDING   and, beside it, hillstream run CONFIG",
    )
)
@config_argument()
@click.argument("recording", metavar="RECORDING", type=click.Path(path_type=Path))
@click.option(
    "--session",
    "session_file",
    metavar="FILE",
    type=click.Path(path_type=Path),
    help="Write a session log to FILE, as a live run does.",
)
@json_option()
def score(
    config_name: str, recording: Path, session_file: Path | None, json_file: str | None
) -> None:
    """Score a set-up on a recording, as fast as the machine computes.

    The recording goes through the same way as live data: each second is predicted before the
    calibrator may learn from it, so the error is that of a live session. RECORDING is an .npz or
    .xdf file, or .sto and .mot files with commas between them.
    """
    config = checked_config(config_name)
    from daemon.offline.score import score_file

    with progress_bar(f"Scoring {recording.name}") as update:
        result = score_file(config, recording, session_file, update)
    console_for(json_file).print(_table(result))
    say(_footnote(result), json_file)
    write_json(json_file, result)


def _table(result: Mapping[str, Any]) -> Table:
    columns = {
        "RMSE after 10 s, N*m": "rmse_after_10s",
        "RMSE overall, N*m": "rmse_overall",
        "R2 after 10 s": "r2_after_10s",
    }
    rows = (
        (dof, *(_number(result[key].get(dof)) for key in columns.values()))
        for dof in result["rmse_overall"]
    )
    return table([Column("joint", no_wrap=True)], list(columns), rows)


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.2f}"


def _footnote(result: Mapping[str, Any]) -> str:
    updates = ", ".join(f"{count} {name}" for name, count in result["updates"].items()) or "none"
    return (
        f"{result['seconds']:.0f} s scored in {result['wall_s']:.1f} s; "
        f"updates: {updates}; parameter set {result['parameter_version']}; "
        f"{result['nonfinite']} values that were not finite."
    )
