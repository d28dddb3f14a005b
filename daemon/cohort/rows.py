"""The rows of the table of results: one for each number that a calibration gives."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from daemon.cohort.cases import Case
from daemon.cohort.digest import version
from daemon.offline.calibrate import Result
from daemon.offline.known import WITHIN

Row = dict[str, Any]

COLUMNS = {
    "case": ("string", "name of the calibration, made of all that it depends on"),
    "person": ("string", "who it is, as in the table of recordings"),
    "group": ("string", "what they are compared by"),
    "setup": ("string", "set-up"),
    "draw": ("int32", "fold or resample; 0 is all of what is chosen"),
    "quantity": ("string", "parameter or score; null where the calibration failed"),
    "of": ("string", "muscle, muscles that share it (a+b), or joint"),
    "value": ("float64", "in SI units"),
    "deviation": ("float64", "standard deviation by the curvature, of a parameter"),
    "identifiability": ("string", "what the data say of it, a word of docs/confidence.md"),
    "interval_low": (
        "float64",
        "end of the 95 % interval: by the curvature; of a bootstrap by its draws, on draw 0 alone",
    ),
    "interval_high": ("float64", "its other end"),
    "prior": ("float64", "what was believed before"),
    "bound_low": ("float64", "lower bound"),
    "bound_high": ("float64", "upper bound"),
    "at_bound": ("bool_", "whether the value lies at a bound"),
    "seconds": ("float64", "wall time of this calibration, its share of the batch, s"),
    "iterations": ("int32", "steps of the descent"),
    "error": ("string", "why there is no result; null where there is one"),
    "version": ("string", "hillstream's, with a mark of its source code"),
    "seed": ("int64", "of the study"),
}
"""Type in pyarrow and meaning of each column."""
SCORES = {"r2": "r2", "rmse": "rmse_nm", "rmse_uncalibrated": "rmse_generic_nm"}
"""Scores of `calibrate` and what they are called here."""


class Number(NamedTuple):
    """A number that a calibration gives."""

    quantity: str
    of: str
    value: float | None
    more: Mapping[str, Any] = {}


def done(case: Case, result: Result, seconds: float, seed: int) -> list[Row]:
    """Return the rows of a calibration that succeeded."""
    ground = _ground(case, seed) | {"seconds": seconds, "iterations": result["iterations"]}
    return [
        ground | {"quantity": one.quantity, "of": one.of, "value": one.value, **one.more}
        for one in _numbers(result)
    ]


def failed(case: Case, sentence: str, seconds: float, seed: int) -> list[Row]:
    """Return the one row of a calibration that failed."""
    return [_ground(case, seed) | {"seconds": seconds, "error": sentence}]


def _ground(case: Case, seed: int) -> Row:
    return dict.fromkeys(COLUMNS) | {
        "case": case.id,
        "person": case.person,
        "group": case.group,
        "setup": case.setup,
        "draw": case.draw,
        "version": version(),
        "seed": seed,
    }


def _numbers(result: Result) -> Iterator[Number]:
    for one in result["parameters"]:
        more = {name: one[name] for name in ("prior", "at_bound", "deviation", "identifiability")}
        more["bound_low"], more["bound_high"] = one["bounds"]
        more["interval_low"], more["interval_high"] = one["interval"]
        yield Number(one["name"], "+".join(one["muscles"]), one["value"], more)
    yield _delay(result["delay_s"], result["delay_deviation_s"])
    yield Number("loss", "", result["loss"])
    for part in ("calibration", "heldout"):
        yield from _scores(part, result[part], "")
    for file, scores in result["heldout_files"].items():
        yield from _scores("heldout_file", scores, f"{Path(file).name}:")


def _delay(value: float, deviation: float) -> Number:
    if deviation == 0.0:  # it was given
        return Number("delay_s", "", value)
    low, high = value - WITHIN * deviation, value + WITHIN * deviation
    more = {"deviation": deviation, "interval_low": low, "interval_high": high}
    return Number("delay_s", "", value, more)


def _scores(part: str, scores: Mapping[str, Any], where: str) -> Iterator[Number]:
    for key, name in SCORES.items():
        for dof, value in scores[key].items():
            yield Number(f"{part}_{name}", f"{where}{dof}", value)
