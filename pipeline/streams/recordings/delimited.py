"""Tables with a line of names, ``.csv`` and ``.tsv``: one role in each file, as OpenSim's have."""

from __future__ import annotations

import csv
import re
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from pipeline.errors import UserError
from pipeline.streams.base import Array
from pipeline.streams.recordings.opensim_table import Table

_NAME_AND_UNIT = re.compile(r"(.*?)\s*[\[(]([^\[\]()]*)[\])]")
_TIME = {"time": 1.0, "t": 1.0, "time_s": 1.0, "timestamp": 1.0, "time_ms": 1e-3, "t_ms": 1e-3}
_SECONDS = {"": 1.0, "s": 1.0, "sec": 1.0, "seconds": 1.0, "ms": 1e-3}


def read_delimited(file: Path) -> Table:
    """Return the content of a table; its columns are separated by tabs, semicolons or commas.

    Blank lines and those that begin with ``#`` are skipped. With tabs and semicolons a comma is a
    decimal one. A name may have its unit behind it, ``SOL (mV)`` or ``knee [deg]``, and stand in
    quotes. An empty cell is NaN.

    Raises
    ------
    UserError
        If there is no time column, the rows are not numbers, or the units of its columns differ.
    """
    try:
        text = file.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise UserError(f"'{file}' is not text in UTF-8; save it as CSV in UTF-8.") from error
    lines = [line for line in text.splitlines() if line.strip() and line.strip()[0] != "#"]
    if lines and re.fullmatch("sep=.", lines[0].strip()):  # Excel's word about separators
        del lines[0]
    if len(lines) < 2:
        raise UserError(
            f"'{file}' holds {'one line' if lines else 'no line'}; it needs one of names and one "
            "per row."
        )
    sign = next((one for one in "\t;" if one in lines[0]), ",")
    named = [_split(label) for label in _cells(file, lines[:1], sign)[0]]
    at, to_s = _time(file, named)
    decimal = [line.replace(",", ".") for line in lines[1:]] if sign != "," else lines[1:]
    x = _numbers(file, decimal, sign, len(named))
    others = [i for i in range(len(named)) if i != at and not _is_nothing(named[i], x[:, i])]
    units = {named[i][1] for i in others}
    if len(units) > 1:
        raise UserError(
            f"The columns of '{file}' have the units {', '.join(map(repr, sorted(units)))}; "
            "write one file for each role, with one unit."
        )
    columns = tuple(named[i][0] for i in others)
    return Table("", None, columns, to_s * x[:, at], x[:, others], (units or {""}).pop())


def _is_nothing(name: tuple[str, str], values: Array) -> bool:
    """Tell the column that a separator at the end of every line makes."""
    return name == ("", "") and bool(np.isnan(values).all())


def _numbers(file: Path, rows: Sequence[str], sign: str, columns: int) -> Array:
    """Return the values of rows, shape [row, column]."""
    try:
        x = np.loadtxt(rows, delimiter=sign, ndmin=2, comments=None, quotechar='"')
        if x.shape[1] == columns:
            return x
    except ValueError:
        pass  # a row is otherwise than the rest: it is looked for, which takes longer
    cells = _cells(file, rows, sign)
    for i, row in enumerate(cells):
        if len(row) != columns:
            raise UserError(
                f"'{file}' has {columns} names, but {len(row)} values in row {i + 1} of its data."
            )
    return np.array([[_number(file, i, cell) for cell in row] for i, row in enumerate(cells)])


def _cells(file: Path, lines: Sequence[str], sign: str) -> list[list[str]]:
    try:
        return list(csv.reader(lines, delimiter=sign))
    except csv.Error as error:
        raise UserError(f"'{file}' is not a table ({error}); is a quote left open?") from error


def _number(file: Path, i: int, cell: str) -> float:
    try:
        return float(cell) if cell.strip() else np.nan
    except ValueError as error:
        raise UserError(
            f"'{file}' has '{cell}' in row {i + 1} of its data, which is not a number."
        ) from error


def _split(label: str) -> tuple[str, str]:
    label = label.strip().strip('"').strip()
    found = _NAME_AND_UNIT.fullmatch(label)
    return (found[1], found[2].strip()) if found else (label, "")


def _time(file: Path, named: list[tuple[str, str]]) -> tuple[int, float]:
    """Return the place of the time column, and its factor to seconds."""
    for i, (name, unit) in enumerate(named):
        if name.lower() in _TIME and unit.lower() in _SECONDS:
            return i, _TIME[name.lower()] * _SECONDS[unit.lower()]
    raise UserError(
        f"'{file}' has no column of time ({', '.join(_TIME)}) in s or ms; its first line is "
        f"{', '.join(repr(name) for name, _ in named[:6])}. Add one."
    )
