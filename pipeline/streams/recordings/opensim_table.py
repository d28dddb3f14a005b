"""OpenSim's text format, ``.sto`` and ``.mot``: a header, column labels, rows."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from pipeline.errors import UserError
from pipeline.streams.base import Array


@dataclass(frozen=True)
class Table:
    """One file.

    Parameters
    ----------
    title
        First line of the header.
    in_degrees
        Whether rotations are in degrees; None where the file does not say, which OpenSim takes as
        no.
    columns
        Labels of the columns after time.
    t
        Time, shape [n], s.
    x
        Values, shape [n, columns].
    unit
        Unit that is stated of all columns; empty where none is. OpenSim itself writes none; a line
        ``unit=mV`` in the header is ours.
    left_out
        What the file holds besides, in the words of a sentence.
    """

    title: str
    in_degrees: bool | None
    columns: tuple[str, ...]
    t: Array
    x: Array
    unit: str = ""
    left_out: tuple[str, ...] = ()


def read_table(file: Path) -> Table:
    """Return the content of one OpenSim file.

    Raises
    ------
    UserError
        If it has no header, no time column, rows that are not numbers, or fewer rows or columns
        than the header says.
    """
    header, columns, body = _split(file)
    try:
        values = np.loadtxt(body, dtype=np.float64, ndmin=2) if body else np.empty((0, 0))
    except ValueError as error:
        reason = str(error).splitlines()[0].rstrip(".")
        raise UserError(f"The rows of '{file}' are not a table of numbers ({reason}).") from error
    if not len(values):
        raise UserError(f"'{file}' has a header but no rows of data.")
    if values.shape[1] != len(columns):
        raise UserError(
            f"'{file}' has {len(columns)} column labels, but rows of {values.shape[1]} values."
        )
    fields = _fields(header)
    _check_rows(file, fields, len(values))
    degrees = _in_degrees(file, header, fields)
    t, x = values[:, 0].copy(), values[:, 1:]
    return Table(header[0].strip(), degrees, columns[1:], t, x, fields.get("unit", ""))


def _split(file: Path) -> tuple[list[str], tuple[str, ...], list[str]]:
    """Return the lines of the header, the column labels and the lines of data."""
    try:
        lines = file.read_text(encoding="utf-8").splitlines()
    except UnicodeDecodeError as error:
        raise UserError(f"'{file}' is not a text file; OpenSim's .sto and .mot are.") from error
    ends = [i for i, line in enumerate(lines) if line.strip().lower() == "endheader"]
    if not ends or ends[0] + 1 >= len(lines):
        raise UserError(f"'{file}' has no OpenSim header that ends with a line 'endheader'.")
    columns = tuple(lines[ends[0] + 1].split())
    if not columns or columns[0].lower() != "time":
        raise UserError(f"The first column of '{file}' is not 'time'.")
    return lines[: ends[0] + 1], columns, [line for line in lines[ends[0] + 2 :] if line.strip()]


def _fields(header: list[str]) -> dict[str, str]:
    parts = (line.partition("=") for line in header)
    return {name.strip().lower(): value.strip() for name, equals, value in parts if equals}


def _in_degrees(file: Path, header: list[str], fields: dict[str, str]) -> bool | None:
    """Return what the header says: by its key, by a sentence, or by OpenSim's convention."""
    if stated := fields.get("indegrees"):
        return stated.lower() in ("yes", "true", "y", "1")
    if said := re.search(r"angles\s+are\s+in\s+(degrees|radians)", " ".join(header).lower()):
        return said[1] == "degrees"
    # As OpenSim reads it: a motion from before there were versions is in degrees.
    return True if file.suffix.lower() == ".mot" and "version" not in fields else None


def _check_rows(file: Path, fields: dict[str, str], rows: int) -> None:
    stated = fields.get("nrows", fields.get("datarows", ""))
    if stated.isdecimal() and int(stated[:20]) != rows:  # nobody states more digits in earnest
        raise UserError(
            f"'{file}' has {rows} rows, but its header says {stated}; it was cut off or edited."
        )
