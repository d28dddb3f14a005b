"""Recordings in OpenSim's text format, ``.sto`` and ``.mot``: a header, column labels, rows."""

from __future__ import annotations

import logging
import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from pipeline.errors import UserError
from pipeline.streams.base import Array
from pipeline.streams.recordings.recording import RecordedStream, checked_stream
from pipeline.streams.roles import ROLES

logger = logging.getLogger(__name__)

_MOMENT = "_moment"
_FORCE = "_force"


@dataclass(frozen=True)
class Table:
    """One file.

    Parameters
    ----------
    title
        First line of the header.
    in_degrees
        Whether rotations are in degrees.
    columns
        Labels of the columns after time.
    t
        Time, shape [n], s.
    x
        Values, shape [n, columns].
    """

    title: str
    in_degrees: bool
    columns: tuple[str, ...]
    t: Array
    x: Array


def read_opensim(files: list[Path]) -> dict[str, RecordedStream]:
    """Return the streams of a set of OpenSim files, one role each.

    Raises
    ------
    UserError
        If a file is broken, two files have the same role, or none has a known one.
    """
    found: dict[str, Path] = {}
    streams = {}
    for file in files:
        table = read_table(file)
        key = _role(file, table)
        if key is None:
            logger.warning("'%s' has no role among the streams; it is left out.", file)
            continue
        if key in found:
            raise UserError(f"'{found[key]}' and '{file}' both hold {key}; name only one of them.")
        found[key] = file
        streams[key] = _stream(file, key, table)
    if not streams:
        raise UserError(
            f"'{files[0]}' holds no EMG, angles, accelerations or moments by its columns and "
            "header; have 'emg', 'angles', 'accelerations' or 'moments' in its file name."
        )
    return streams


def _stream(file: Path, key: str, table: Table) -> RecordedStream:
    if key == "emg":
        return checked_stream(file, table.columns, "1", table.t, table.x)
    if key in ("angles", "accelerations"):
        unit = ("deg" if table.in_degrees else "rad") + ("" if key == "angles" else "/s^2")
        return checked_stream(file, table.columns, unit, table.t, table.x)
    # Inverse dynamics also lists the pelvis's residual forces, in N.
    keep = [i for i, name in enumerate(table.columns) if not name.endswith(_FORCE)]
    names = [table.columns[i].removesuffix(_MOMENT) for i in keep]
    return checked_stream(file, names, ROLES[key].si_unit, table.t, table.x[:, keep])


def _role(file: Path, table: Table) -> str | None:
    """Return what a file holds: by its columns, else by its header, else by its file name."""
    if any(name.endswith(_MOMENT) for name in table.columns):
        return "moments"
    return _word_role(table.title) or _word_role(file.stem)


def _word_role(text: str) -> str | None:
    words = set(re.split(r"[^a-z]+", text.lower()))
    roles = [key for key, role in ROLES.items() if words & role.file_words]
    return roles[0] if len(roles) == 1 else None


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
    _check_rows(file, header, len(values))
    degrees = header.get("indegrees", "no").lower() == "yes"
    return Table(header.get("", ""), degrees, columns[1:], values[:, 0].copy(), values[:, 1:])


def _split(file: Path) -> tuple[dict[str, str], tuple[str, ...], list[str]]:
    """Return the header's fields ('' is its title), the column labels and the lines of data."""
    try:
        lines = file.read_text(encoding="utf-8").splitlines()
    except UnicodeDecodeError as error:
        raise UserError(f"'{file}' is not a text file; OpenSim's .sto and .mot are.") from error
    ends = [i for i, line in enumerate(lines) if line.strip().lower() == "endheader"]
    if not ends or ends[0] + 1 >= len(lines):
        raise UserError(f"'{file}' has no OpenSim header that ends with a line 'endheader'.")
    fields = {"": lines[0].strip()}
    for line in lines[: ends[0]]:
        name, equals, value = line.partition("=")
        if equals:
            fields[name.strip().lower()] = value.strip()
    columns = tuple(lines[ends[0] + 1].split())
    if not columns or columns[0].lower() != "time":
        raise UserError(f"The first column of '{file}' is not 'time'.")
    return fields, columns, [line for line in lines[ends[0] + 2 :] if line.strip()]


def _check_rows(file: Path, header: dict[str, str], rows: int) -> None:
    stated = header.get("nrows", header.get("datarows", ""))
    if stated.isdecimal() and int(stated[:20]) != rows:  # nobody states more digits in earnest
        raise UserError(
            f"'{file}' has {rows} rows, but its header says {stated}; it was cut off or edited."
        )
