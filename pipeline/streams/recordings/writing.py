"""Recordings written to files that are read again as they were."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from scipy.io import savemat

from pipeline.errors import UserError
from pipeline.files import written_whole
from pipeline.streams.base import Array
from pipeline.streams.recordings.arrays import KEYS
from pipeline.streams.recordings.recording import RecordedStream, Recording

_LINES_AT_ONCE = 10_000
_TITLES = {
    "emg": "EMG",
    "angles": "Coordinates",
    "moments": "Joint moments",
    "external": "External torques",
    "accelerations": "Accelerations",
}


def written_files(recording: Recording, file: Path) -> list[Path]:
    """Return the files that `write_recording` makes: one, or one for each stream."""
    if file.suffix.lower() in (".npz", ".mat"):
        return [file]
    return [file.with_name(f"{file.stem}_{key}{file.suffix}") for key in recording.streams]


def write_recording(recording: Recording, file: Path) -> list[Path]:
    """Write a recording in the format that the ending of a file tells; return what was written.

    ``.npz`` and ``.mat`` hold all streams, each with its own stamps, rate, unit and names. Of
    ``.sto``, ``.csv`` and ``.tsv`` there is one for each stream, named ``STEM_ROLE``.

    Raises
    ------
    UserError
        If the ending is another one, or a file cannot be written.
    """
    suffix = file.suffix.lower()
    files = written_files(recording, file)
    try:
        if suffix in _WHOLE:
            _WHOLE[suffix](file, _arrays(recording))
        elif suffix in _TABLES:
            for part, (key, stream) in zip(files, recording.streams.items(), strict=True):
                _TABLES[suffix](part, key, stream)
        else:
            raise UserError(
                f"A recording is not written as '{file.name}'; give a name that ends in "
                f"{', '.join((*_WHOLE, *_TABLES))}."
            )
    except OSError as error:
        raise UserError(
            f"The recording cannot be written to {file} ({error.strerror}); give a file in a "
            "folder that exists."
        ) from error
    return files


def _arrays(recording: Recording) -> dict[str, np.ndarray[Any, Any]]:
    arrays: dict[str, np.ndarray[Any, Any]] = {}
    for key, stream in recording.streams.items():
        arrays |= {
            KEYS[key][-1]: stream.x,
            f"{key}_time": stream.t,
            f"{key}_fs": np.array(stream.rate_hz),
            f"{key}_unit": np.array(stream.unit),
            f"{key}_names": np.array(stream.channels),
        }
    return arrays


def _npz(file: Path, arrays: Mapping[str, np.ndarray[Any, Any]]) -> None:
    with written_whole(file, "") as part, part.open("wb") as opened:
        np.savez_compressed(opened, allow_pickle=False, **arrays)


def _mat(file: Path, arrays: Mapping[str, np.ndarray[Any, Any]]) -> None:
    # Text of different lengths is a cell array in MATLAB, not a padded table of letters.
    content = {
        name: array.astype(object) if array.dtype.kind == "U" and array.ndim else array
        for name, array in arrays.items()
    }
    with written_whole(file, "") as part, part.open("wb") as opened:
        savemat(opened, content, do_compression=True, oned_as="column")


def write_sto(
    file: Path,
    title: str,
    columns: Sequence[str],
    t: Array,
    x: Array,
    unit: str,
    *,
    degrees: bool = False,
) -> None:
    """Write a table in OpenSim's format.

    Parameters
    ----------
    title
        First line of the header.
    columns
        Name of each column of `x`; blanks in them become underscores, since blanks part columns.
    t, x
        Time, shape [n], s, and values, shape [n, columns].
    unit
        Unit of the values; empty for none.
    degrees
        Whether angles are in degrees.

    Raises
    ------
    OSError
        If the file cannot be written.
    """
    stated = f"unit={unit}\n" if unit else ""
    header = (
        f"{title}\nversion=1\nnRows={len(t)}\nnColumns={1 + len(columns)}\n"
        f"inDegrees={'yes' if degrees else 'no'}\n{stated}endheader\n"
    )
    names = ("_".join(name.split()) for name in columns)
    _table(file, t, x, header + "\t".join(("time", *names)), "\t")


def _sto(file: Path, key: str, stream: RecordedStream) -> None:
    degrees = stream.unit.startswith("deg")
    unit = "" if key == "angles" else stream.unit
    columns = stream.channels
    write_sto(file, _TITLES[key], columns, stream.t, stream.x, unit, degrees=degrees)


def _delimited(sign: str) -> Callable[[Path, str, RecordedStream], None]:
    def write(file: Path, key: str, stream: RecordedStream) -> None:
        names = [f"{name} [{stream.unit}]" for name in stream.channels]
        if wrong := [name for name in stream.channels if set(name) & set('\t;,[]()"')]:
            raise UserError(
                f"The channel '{wrong[0]}' of the {key} cannot stand in a {file.suffix} file; "
                "write .npz."
            )
        _table(file, stream.t, stream.x, sign.join(("time", *names)), sign)

    return write


def _table(file: Path, t: Array, x: Array, head: str, sign: str) -> None:
    rows = np.column_stack([t, x])
    form = sign.join(["%.17g"] * rows.shape[1])
    with written_whole(file, "") as part, part.open("w", encoding="utf-8") as opened:
        opened.write(f"{head}\n")
        for start in range(0, len(rows), _LINES_AT_ONCE):
            block = rows[start : start + _LINES_AT_ONCE]
            opened.write("\n".join(form % tuple(row) for row in block) + "\n")


_WHOLE = {".npz": _npz, ".mat": _mat}
_TABLES = {".sto": _sto, ".csv": _delimited(","), ".tsv": _delimited("\t")}
