"""Recordings in NumPy's ``.npz``.

========================  =======================================================================
key                       meaning
========================  =======================================================================
fs                        sampling rate of all streams, Hz
time                      optional: time stamps, shape [n], s; without it they start at 0
emg_fs, emg_time          optional: the same for EMG of another rate than the rest
emg                       EMG, shape [n, channels]
emg_names, or names       its channels
unit                      optional: its unit; without it the EMG is a normalised envelope
q_f, or q                 joint angles, shape [n, joints], rad; the filtered ones are preferred
moment_f, or moment       joint moments, shape [n, joints], N*m; likewise
dof_names                 the joints
valid                     optional: bool, shape [n]; where False there is no reference moment
========================  =======================================================================
"""

from __future__ import annotations

import struct
import zipfile
import zlib
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipeline.errors import UserError
from pipeline.streams.base import Array
from pipeline.streams.recordings.recording import RecordedStream, checked_stream
from pipeline.streams.roles import ROLES

Arrays = dict[str, NDArray[Any]]

MOST_BYTES = 4 * 2**30
"""Few bytes may unpack to very many; a day of 64 channels at 1 kHz is not meant to be read here."""
_BROKEN = (
    ValueError,
    TypeError,
    AttributeError,
    OSError,
    EOFError,
    MemoryError,
    RuntimeError,  # an encrypted member, or a way of packing that is not known
    struct.error,
    zipfile.BadZipFile,
    zlib.error,
)
"""What damaged bytes make of NumPy and zipfile."""


def read_npz(file: Path) -> dict[str, RecordedStream]:
    """Return the streams of an ``.npz`` file.

    Raises
    ------
    UserError
        If the file is broken or lacks a key.
    """
    arrays = _load(file)
    streams = {}
    if "emg" in arrays:
        names = _first(file, arrays, "emg_names", "names")
        unit = str(arrays.get("unit", "1"))
        own = {key: arrays[f"emg_{key}"] for key in ("fs", "time") if f"emg_{key}" in arrays}
        x = _numbers(file, arrays, 2, "emg")
        streams["emg"] = _stream(file, arrays | own, names, unit, x)
    if "q" in arrays or "q_f" in arrays:
        streams["angles"] = _joints(file, arrays, ROLES["angles"].si_unit, "q_f", "q")
    if "moment" in arrays or "moment_f" in arrays:
        streams["moments"] = _joints(file, arrays, ROLES["moments"].si_unit, "moment_f", "moment")
    if "external" in arrays:
        streams["external"] = _joints(file, arrays, ROLES["external"].si_unit, "external")
    if "qdd" in arrays:
        streams["accelerations"] = _joints(file, arrays, ROLES["accelerations"].si_unit, "qdd")
    if not streams:
        raise UserError(
            f"'{file}' has none of the keys emg, q, moment; it has {', '.join(arrays) or 'none'}."
        )
    return streams


def _load(file: Path) -> Arrays:
    try:
        with file.open("rb") as opened, np.load(opened, allow_pickle=False) as archive:
            size = sum(member.file_size for member in archive.zip.infolist())
            if size > MOST_BYTES:
                raise UserError(f"'{file}' unpacks to {size} bytes; {MOST_BYTES} are read at most.")
            arrays = {name: archive[name] for name in archive.files}
        for name, array in arrays.items():
            if not isinstance(array, np.ndarray):  # NumPy gives the bytes of any other member
                raise ValueError(f"'{name}' is no array")
        return arrays
    except _BROKEN as error:
        reason = (str(error) or type(error).__name__).splitlines()[0]
        raise UserError(
            f"'{file}' cannot be read as .npz ({reason}); it is broken or was not written whole."
        ) from error


def _first(file: Path, arrays: Arrays, *names: str) -> NDArray[Any]:
    for name in names:
        if name in arrays:
            return arrays[name]
    raise UserError(f"'{file}' lacks the key {' or '.join(names)}; it has {', '.join(arrays)}.")


def _numbers(file: Path, arrays: Arrays, ndim: int, *names: str) -> Array:
    values = _first(file, arrays, *names)
    if values.size == 1 and ndim == 0:  # a number is often kept as an array of one
        values = values.reshape(())
    if values.dtype.kind not in "fiu" or values.ndim != ndim:
        raise UserError(
            f"The key {names[-1]} of '{file}' holds {values.dtype} of shape {values.shape}, not "
            f"numbers in {ndim} dimensions."
        )
    return values.astype(np.float64)


def _joints(file: Path, arrays: Arrays, unit: str, *names: str) -> RecordedStream:
    x = _numbers(file, arrays, 2, *names)
    valid = arrays.get("valid")
    if unit == "N*m" and valid is not None:
        if valid.shape != x.shape[:1] or valid.dtype.kind not in "biu":
            raise UserError(
                f"The key valid of '{file}' is {valid.dtype} of shape {valid.shape}; it must be "
                f"true or false for each of {len(x)} rows."
            )
        x[~valid.astype(bool)] = np.nan
    return _stream(file, arrays, _first(file, arrays, "dof_names"), unit, x)


def _stream(file: Path, arrays: Arrays, names: NDArray[Any], unit: str, x: Array) -> RecordedStream:
    rate_hz = float(_numbers(file, arrays, 0, "fs"))
    if not 0 < rate_hz < np.inf:
        raise UserError(f"The key fs of '{file}' is {rate_hz:g}, not a sampling rate in Hz.")
    t = _numbers(file, arrays, 1, "time") if "time" in arrays else np.arange(len(x)) / rate_hz
    return checked_stream(file, np.atleast_1d(names).tolist(), unit, t, x, rate_hz)
