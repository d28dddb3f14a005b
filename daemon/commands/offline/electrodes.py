"""`hillstream electrodes`: what is lost as electrodes come off."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click
from rich.table import Column, Table

from daemon.assembly.checks import checked_config
from daemon.commands.common import config_argument, examples, parts_options, recording_of
from daemon.commands.offline.calibrate import choice
from daemon.terminal.console import console_for, json_option, progress_bar, say, write_json
from daemon.terminal.table import table
from pipeline.errors import UserError

_FILE = click.Path(path_type=Path, dir_okay=False)
_RECORDING = click.Path(path_type=Path)


@click.command(
    epilog=examples(
        "Example:  hillstream electrodes walking walk36.npz --cycles 5:8 --plot electrodes.png",
        "          hillstream simulate arm --record arm.npz --seconds 90 --truth truth.json",
        "          hillstream electrodes arm arm.npz --seconds 10:30 --truth truth.json",
        "Next:     hillstream calibrate CONFIG RECORDING --method synergy",
    )
)
@config_argument()
@click.argument("recordings", metavar="[RECORDING...]", nargs=-1, type=_RECORDING)
@parts_options()
@click.option("--cycles", multiple=True, metavar="A:B", help="Calibrate on these gait cycles.")
@click.option("--seconds", multiple=True, metavar="A:B", help="Calibrate on this time, s.")
@click.option("--frames", multiple=True, metavar="A:B", help="Calibrate on these moment frames.")
@click.option(
    "--joint", "joints", multiple=True, metavar="NAME", help="Average over this joint; all if none."
)
@click.option(
    "--without",
    multiple=True,
    metavar="A,B,C",
    help="Leave out these electrodes, instead of one after the other.",
)
@click.option(
    "--synergies",
    type=click.IntRange(1, 10),
    metavar="N",
    help="Number of synergies; without it, as many as account for 85 % of the variance.",
)
@click.option("--truth", type=_FILE, metavar="FILE", help="True parameters of a simulated person.")
@click.option("--plot", type=_FILE, metavar="FILE", help="Draw the result (.png, .svg or .pdf).")
@json_option()
def electrodes(
    config_name: str,
    recordings: tuple[Path, ...],
    emg: tuple[Path, ...],
    angles: tuple[Path, ...],
    moments: tuple[Path, ...],
    cycles: tuple[str, ...],
    seconds: tuple[str, ...],
    frames: tuple[str, ...],
    joints: tuple[str, ...],
    without: tuple[str, ...],
    synergies: int | None,
    truth: Path | None,
    plot: Path | None,
    json_file: str | None,
) -> None:
    """Find out how many electrodes a set-up needs.

    Electrodes are taken off one by one, first the one whose loss raises the error least. With each
    set the muscles are calibrated twice: EMG-driven, where a muscle without electrode is never
    excited, and synergy-hybrid, where the others tell its excitation. Both are scored on data they
    have not seen and compared with the calibration that has all electrodes.
    """
    kind, texts = choice({"cycles": cycles, "seconds": seconds, "frames": frames})
    if plot is not None and not plot.absolute().parent.is_dir():
        raise UserError(f"--plot: the folder of '{plot}' does not exist.")
    config = checked_config(config_name)
    parts = {"emg": emg, "angles": angles, "moments": moments}
    sources = recording_of(recordings, config.recording, **parts)
    from daemon.offline.calibrate import CalibrationRequest
    from daemon.offline.electrode_study import ElectrodeStudyRequest, study
    from daemon.offline.segments import parse_ranges

    chosen = CalibrationRequest(sources, kind, parse_ranges(kind, texts))
    sets = [frozenset(one.split(",")) for one in without]
    with progress_bar("Calibrating") as update:
        result = study(
            config, ElectrodeStudyRequest(chosen, joints, sets, synergies, truth), update
        )
    console_for(json_file).print(_table(result))
    say(_footnote(result), json_file)
    write_json(json_file, result)
    if plot is not None:
        from daemon.offline.electrode_figure import draw_electrodes

        draw_electrodes(result, plot)


def _table(result: Mapping[str, Any]) -> Table:
    removed = Column("taken off" if result["order"] else "without", max_width=20)
    numbers = [
        Column(title, justify="right", no_wrap=True)
        for title in ("syn.", "r", "RMSE", "R2", "parameters")
    ]
    sets = ({"driven": result["all"]}, *result["sets"])
    return table(["left", removed, *numbers], (), (_row(result, one) for one in sets))


def _row(result: Mapping[str, Any], one: Mapping[str, Any]) -> tuple[str, ...]:
    ways = [one[way] for way in ("driven", "hybrid") if way in one]
    return (
        str(one.get("electrodes", "all")),
        _removed(result, one),
        str(one.get("synergies", "")),
        _number(_mean_correlation(one.get("hybrid")), 2),
        " / ".join(_number(way["rmse_mean"], 2) for way in ways),
        " / ".join(_number(way["r2_mean"], 3) for way in ways),
        " / ".join(_number(_distance(way), 3) for way in ways),
    )


def _distance(way: Mapping[str, Any]) -> float:
    """Return the distance of the parameters from the truth, or from what is best known of it."""
    difference = way["parameter_difference"]
    return float(difference.get("to_truth", difference["to_all_electrodes"]))


def _removed(result: Mapping[str, Any], one: Mapping[str, Any]) -> str:
    removed = one.get("removed", [])
    last = result["order"][len(removed) - 1 : len(removed)] if removed else []
    return ", ".join(last if result["order"] else removed)


def _mean_correlation(way: Mapping[str, Any] | None) -> float | None:
    """Return the mean r of the synthesised excitations; a constant one counts as zero."""
    values = list(way["correlation"].values()) if way else []
    return sum(value or 0.0 for value in values) / len(values) if values else None


def _number(value: float | None, places: int) -> str:
    return "" if value is None else f"{value:.{places}f}"


def _footnote(result: Mapping[str, Any]) -> str:
    known = "to_truth" in result["all"]["parameter_difference"]
    return (
        "EMG-driven / synergy-hybrid on unseen data, mean over "
        f"{', '.join(result['joints'])}; RMSE in N*m. syn.: number of synergies. r: synthesised "
        "excitations against what the electrodes recorded. Parameters: mean distance from "
        f"{'the truth' if known else 'the calibration with all electrodes'}, as a fraction of "
        "their range."
    )
