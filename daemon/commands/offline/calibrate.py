"""`hillstream calibrate`: muscle parameters from chosen stretches of recordings."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Column, Table

from daemon.assembly.checks import checked_config
from daemon.commands.common import Number, config_argument, examples, parts_options, recording_of
from daemon.terminal.console import console_for, json_option, say, write_json
from daemon.terminal.recorded import recorded_table
from daemon.terminal.table import table
from pipeline.errors import UserError
from pipeline.files import refuse_existing

if TYPE_CHECKING:
    from daemon.offline.segments import Kind

_EXISTING = click.Path(path_type=Path)
_ALL: tuple[Kind, tuple[str, ...]] = ("seconds", ("0:1e9",))
"""The whole recording."""


@click.command(
    epilog=examples(
        "Example:  hillstream calibrate walking walk.npz --cycles 2:5 --subject-out me.json",
        'Next:     set subject = "me.json" under [model] in the configuration and run it',
    )
)
@config_argument()
@click.argument("recordings", metavar="[RECORDING...]", nargs=-1, type=_EXISTING)
@parts_options()
@click.option("--cycles", multiple=True, metavar="A:B", help="Calibrate on these gait cycles.")
@click.option("--seconds", multiple=True, metavar="A:B", help="Calibrate on this time, s.")
@click.option("--frames", multiple=True, metavar="A:B", help="Calibrate on these moment frames.")
@click.option(
    "--heldout",
    multiple=True,
    type=_EXISTING,
    metavar="FILE",
    help="Score this recording too, without calibrating on it.",
)
@click.option("--stance", is_flag=True, help="Score only the stances of the --heldout files.")
@click.option(
    "--method",
    type=click.Choice(["adamw", "annealing", "synergy"]),
    default="adamw",
    show_default=True,
    help="Gradient descent; simulated annealing for comparison; or gradient descent with "
    "synthesised excitations for the muscles that CONFIG names no channels for.",
)
@click.option(
    "--synergies",
    type=click.IntRange(1, 10),
    metavar="N",
    help="Number of synergies; without it, as many as account for 85 % of the variance.",
)
@click.option(
    "--budget-seconds",
    type=Number(min=0, min_open=True),
    default=60.0,
    show_default=True,
    metavar="S",
    help="Time that annealing may take.",
)
@click.option(
    "--subject-out",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Write the calibrated person to FILE.",
)
@click.option("--overwrite", is_flag=True, help="Write over the file of --subject-out.")
@json_option()
def calibrate(
    config_name: str,
    recordings: tuple[Path, ...],
    emg: tuple[Path, ...],
    angles: tuple[Path, ...],
    moments: tuple[Path, ...],
    cycles: tuple[str, ...],
    seconds: tuple[str, ...],
    frames: tuple[str, ...],
    heldout: tuple[Path, ...],
    stance: bool,
    method: Any,
    synergies: int | None,
    budget_seconds: float,
    subject_out: Path | None,
    overwrite: bool,
    json_file: str | None,
) -> None:
    """Find a person's muscle parameters in recordings.

    Choose what to calibrate on by --cycles, --seconds or --frames: ranges such as 2:5 or
    10:20,30:40 that leave out their end; without a choice it is all of it. Without RECORDING and
    files it is the recording that CONFIG remembers. The rest is scored as held-out data: the usable
    cycles that were not chosen where the recording is annotated with cycles, otherwise all of it
    after 5 s. Beside each error stand those of the start, of the generic, uncalibrated person and
    of the reference's mean on the same samples.
    """
    kind, texts = choice({"cycles": cycles, "seconds": seconds, "frames": frames}, _ALL)
    config = checked_config(config_name)
    parts = {"emg": emg, "angles": angles, "moments": moments}
    sources = recording_of(recordings, config.recording, **parts)
    if subject_out is not None and not subject_out.absolute().parent.is_dir():
        raise UserError(f"--subject-out: the folder of '{subject_out}' does not exist.")
    if subject_out is not None and not overwrite:
        refuse_existing(subject_out)  # before minutes of work
    from daemon.offline.calibrate import CalibrationRequest
    from daemon.offline.calibrate import calibrate as calibrate_on
    from daemon.offline.segments import parse_ranges

    ranges = parse_ranges(kind, texts)
    request = CalibrationRequest(
        sources, kind, ranges, heldout, stance, method, budget_seconds, synergies
    )
    with _progress() as progress:
        task = progress.add_task("Reading", total=1.0, loss="")
        subject, result = calibrate_on(
            config,
            request,
            lambda done, loss: progress.update(
                task, completed=done, description="Calibrating", loss=f"loss {loss:.3f}"
            ),
        )
    console = console_for(json_file)
    for contents in result["recordings"]:
        console.print(recorded_table(contents), "", sep="\n")
    console.print(_table(result))
    say(_footnote(result), json_file)
    if subject_out is not None:
        replace(subject, trusted=True).save(subject_out)
    write_json(json_file, result)


def choice(
    options: Mapping[Kind, tuple[str, ...]], default: tuple[Kind, tuple[str, ...]] | None = None
) -> tuple[Kind, tuple[str, ...]]:
    """Return the one of --cycles, --seconds and --frames that was given, or the default.

    Raises
    ------
    UserError
        If it is not one.
    """
    given = [(kind, texts) for kind, texts in options.items() if texts]
    if not given and default:
        return default
    if len(given) != 1:
        raise UserError(
            "Choose what to calibrate on by one of --cycles, --seconds and --frames, for example "
            "--seconds 10:20."
        )
    return given[0]


def _progress() -> Progress:
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.fields[loss]}"),
        TimeElapsedColumn(),
        console=Console(stderr=True),
        transient=True,
    )


def _table(result: Mapping[str, Any]) -> Table:
    before = result["start"]
    rows = [
        *_rows("calibration", result["calibration"], before["calibration"]),
        *_rows("held out", result["heldout"], before["heldout"]),
    ]
    for file, scores in result["heldout_files"].items():
        rows += _rows(Path(file).name, scores, before["heldout_files"][file])
    # Titles of two lines leave a terminal of 80 columns its joints' names.
    errors = ("RMSE,\nN*m", "before:\nRMSE", "generic:\nRMSE", "mean:\nRMSE")
    joint = Column("joint", no_wrap=True)
    return table(["scored on", joint], (*errors, "R2", "before:\nR2"), rows)


def _rows(
    name: str, now: Mapping[str, Any], before: Mapping[str, Any]
) -> Iterator[tuple[str, ...]]:
    for dof in now["r2"]:
        errors = (now["rmse"], before["rmse"], now["rmse_uncalibrated"], now["rmse_of_mean"])
        numbers = [_number(error[dof], 1) for error in errors]
        yield name, dof, *numbers, *(_number(one["r2"][dof], 3) for one in (now, before))
        name = ""


def _number(value: float | None, places: int) -> str:
    return "-" if value is None else f"{value:.{places}f}"


def _footnote(result: Mapping[str, Any]) -> str:
    stuck = result["at_bound"]
    bounds = f"; at a bound: {', '.join(stuck)}" if stuck else "; no parameter at a bound"
    words = [one["identifiability"] for one in result["parameters"]]
    return (
        f"Loss {result['loss']:.3f} after {result['iterations']} iterations in "
        f"{result['seconds']:.1f} s ({result['method']}, {result['device']}, "
        f"{result['threads']} threads){bounds}; identified {words.count('identified')} "
        f"of {len(words)}."
    )
