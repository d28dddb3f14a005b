"""Recordings in OpenSim's text format, ``.sto`` and ``.mot``: one role in each file."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Collection, Mapping, Sequence
from math import pi
from pathlib import Path

import numpy as np

from pipeline.errors import UserError
from pipeline.streams.base import Array
from pipeline.streams.recordings.c3d import C3D, read_c3d
from pipeline.streams.recordings.delimited import read_delimited
from pipeline.streams.recordings.given import TABLE_SUFFIXES, GivenFile
from pipeline.streams.recordings.known import UNKNOWN, KnownStream, channel_names
from pipeline.streams.recordings.opensim_table import Table, read_table
from pipeline.streams.recordings.recording import LeftOut, RecordedStream, checked_stream
from pipeline.streams.roles import ROLES, role_told
from pipeline.streams.units import SCALED, to_si

logger = logging.getLogger(__name__)

_MOMENT = "_moment"
_FORCE = "_force"
_VALUE = "/value"
_TRANSLATIONS = ("_tx", "_ty", "_tz")
_PERSON = re.compile(r"\w*id[_ -]?\d+", re.IGNORECASE)
"""A folder of one person, ``ID12``, which does not hold inverse dynamics for that."""


_READERS = {C3D: read_c3d, **dict.fromkeys(TABLE_SUFFIXES, read_delimited)}
"""What reads a file that is not OpenSim's own, by its ending."""

Way = Callable[[GivenFile, Table], str | None]
"""How the role of a file is told."""


def read_opensim(
    files: Sequence[GivenFile], known: Mapping[str, KnownStream], left_out: list[LeftOut]
) -> dict[str, RecordedStream]:
    """Return the streams of a set of OpenSim files, one role each; the others are `left_out`.

    A role given by hand goes before what a file says itself, and that before the name of a folder.

    Raises
    ------
    UserError
        If a file is broken, two files have the same role, or none has a known one.
    """
    tables = {file: read_columns(file.path) for file in files}
    found: dict[str, GivenFile] = {}
    for way in (_by_hand, _by_itself, _by_folder):
        left = {file: table for file, table in tables.items() if file not in found.values()}
        found |= _told(left, way, found)
    for file in tables:
        if file not in found.values():
            logger.warning("'%s' has no role that is free; it is left out.", file.path)
            left_out.append(LeftOut(str(file.path), "the whole", "it has no role that is free"))
    if not found:
        raise UserError(
            f"'{files[0].path}' holds no EMG, angles, accelerations or moments by its columns, "
            "header, name or folder; say what it is, as in 'emg=FILE,angles=FILE'."
        )
    for key, file in found.items():
        left_out += _besides(file.path, key, tables[file])
    return {
        key: _stream(found[key].path, key, tables[found[key]], known.get(key, UNKNOWN))
        for key in ROLES
        if key in found
    }


def _besides(file: Path, key: str, table: Table) -> list[LeftOut]:
    """Return what a file of a role holds besides."""
    taken = _columns(key, table)
    others = [name for i, name in enumerate(table.columns) if i not in taken]
    found = [LeftOut(str(file), what, f"no {key}") for what in table.left_out]
    if others:
        what = f"the columns {', '.join(others[:4])}{' and others' if len(others) > 4 else ''}"
        found.append(LeftOut(str(file), what, f"no {key}"))
    return found


def read_columns(file: Path) -> Table:
    """Return a file's columns, whatever they are.

    Raises
    ------
    UserError
        If it is broken.
    """
    return _READERS.get(file.suffix.lower(), read_table)(file)


def _told(
    tables: Mapping[GivenFile, Table], way: Way, taken: Collection[str]
) -> dict[str, GivenFile]:
    """Return the files whose role is told in one way, by role."""
    told: dict[str, GivenFile] = {}
    for file, table in tables.items():
        key = way(file, table)
        if key in told:
            raise UserError(
                f"'{told[key].path}' and '{file.path}' both hold {key}; name only one of them, as "
                f"in '{key}=FILE'."
            )
        if key is not None and key not in taken:
            told[key] = file
    return told


def _by_hand(file: GivenFile, table: Table) -> str | None:
    return file.role


def _by_itself(file: GivenFile, table: Table) -> str | None:
    """Return what a file holds: by its columns, else by its header, else by its name."""
    if any(name.endswith(_MOMENT) for name in table.columns):
        return "moments"
    if any(name.endswith(_VALUE) for name in table.columns):
        return "angles"
    return role_told(table.title, file.path.stem)


def _by_folder(file: GivenFile, table: Table) -> str | None:
    folders = [name for name in file.folders if not _PERSON.fullmatch(name)]
    return _by_itself(file, table) or role_told(table.title, file.path.stem, *folders)


def _stream(file: Path, key: str, table: Table, known: KnownStream) -> RecordedStream:
    columns = _columns(key, table)
    names = [channel_of(table.columns[i]) for i in columns]
    x = table.x[:, columns]
    if table.unit:
        unit = table.unit
        to_si(key, unit, dict.fromkeys(SCALED.get(key, ()), 1.0))  # refuses what nobody knows
    elif key == "emg":
        unit = known.unit or "1"
    elif key in ("angles", "accelerations"):
        unit = ("deg" if table.in_degrees else "rad") + ("" if key == "angles" else "/s^2")
    else:
        unit = ROLES[key].si_unit
    if key == "angles" and table.in_degrees is None and not table.unit:
        check_radians(file, names, x)
    return checked_stream(file, channel_names(names, known, file, "the columns"), unit, table.t, x)


def _columns(key: str, table: Table) -> list[int]:
    """Return the columns of a role: a table of states also has speeds and activations."""
    every = range(len(table.columns))
    values = [i for i in every if table.columns[i].endswith(_VALUE)]
    if key == "angles" and values:
        return values
    if key == "moments":  # inverse dynamics also lists the pelvis's residual forces, in N
        return [i for i in every if not table.columns[i].endswith(_FORCE)]
    return list(every)


def channel_of(column: str) -> str:
    """Return the name in a column's label, which newer OpenSim gives as a path in the model."""
    name = column.removesuffix(_VALUE).removesuffix(_MOMENT)
    return name.rpartition("/")[2] or name


def check_radians(
    file: Path,
    names: Sequence[str],
    x: Array,
    mend: str = "put inDegrees=yes or inDegrees=no into its header",
) -> None:
    """Refuse angles that nothing says the unit of and that can hardly be radians."""
    for name, column in zip(names, x.T, strict=True):
        largest = float(np.nanmax(np.abs(column), initial=0.0))
        if largest > 2 * pi and not name.endswith(_TRANSLATIONS):
            raise UserError(
                f"'{file}' does not say whether its angles are in degrees, and '{name}' reaches "
                f"{largest:.4g}, too much for radians; {mend}."
            )
