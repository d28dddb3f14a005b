"""Recordings in NumPy's ``.npz``.

========================  =======================================================================
key                       meaning
========================  =======================================================================
fs                        sampling rate of all streams, Hz
time                      optional: time stamps, shape [n], s; without it they start at 0
emg_fs, emg_time          optional: the same for EMG of another rate than the rest
emg                       EMG, shape [n, channels]
emg_names, or names       its channels
unit                      optional: its unit; without it the set-up's, or a normalised envelope
q_f, or q                 joint angles, shape [n, joints], rad; the filtered ones are preferred
moment_f, or moment       joint moments, shape [n, joints], N*m; likewise
external                  joint torques that are not the muscles', shape [n, joints], N*m
qdd                       joint accelerations, shape [n, joints], rad/s^2
dof_names                 the joints
valid                     optional: bool, shape [n]; where False moments are no reference
========================  =======================================================================

A key of another name is taken where its words tell a role, as ``AdjustedEmgs`` and ``qDDot`` do.
"""

from __future__ import annotations

import struct
import zipfile
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipeline.errors import UserError
from pipeline.streams.base import Array
from pipeline.streams.recordings.known import UNKNOWN, KnownStream, channel_names
from pipeline.streams.recordings.recording import RecordedStream, checked_stream
from pipeline.streams.roles import ROLES, role_told

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

_KEYS = {
    "emg": ("emg",),
    "angles": ("q_f", "q"),
    "moments": ("moment_f", "moment"),
    "external": ("external",),
    "accelerations": ("qdd",),
}
"""The keys of each role's samples, the preferred one first."""
_DOCUMENTED = frozenset(key for keys in _KEYS.values() for key in keys)
_JOINTS = ("dof_names",)
_ELECTRODES = ("emg_names", "names")


def read_npz(file: Path, known: Mapping[str, KnownStream]) -> dict[str, RecordedStream]:
    """Return the streams of an ``.npz`` file.

    Raises
    ------
    UserError
        If the file is broken or lacks a key.
    """
    arrays = _load(file)
    streams = {}
    for role in ROLES:
        if (key := _key(file, arrays, role)) is not None:
            streams[role] = _recorded(file, arrays, role, key, known.get(role, UNKNOWN))
    if not streams:
        raise UserError(
            f"'{file}' has none of the keys emg, q, moment; it has {', '.join(arrays) or 'none'}."
        )
    return streams


def _key(file: Path, arrays: Arrays, role: str) -> str | None:
    """Return the key of a role's samples: one as documented, else the only one that tells it."""
    if plain := [key for key in _KEYS[role] if key in arrays]:
        return plain[0]
    samples = [key for key, x in arrays.items() if x.ndim == 2 and x.dtype.kind in "fiu"]
    told = [key for key in samples if key not in _DOCUMENTED and role_told(key) == role]
    if len(told) > 1:
        raise UserError(
            f"The keys {' and '.join(told)} of '{file}' may all be {role}; name the one that is "
            f"meant {_KEYS[role][-1]}."
        )
    return told[0] if told else None


def _recorded(
    file: Path, arrays: Arrays, role: str, key: str, known: KnownStream
) -> RecordedStream:
    x = _numbers(file, arrays, 2, key)
    if role == "emg":
        own = {name: arrays[f"emg_{name}"] for name in ("fs", "time") if f"emg_{name}" in arrays}
        unit = str(arrays["unit"]) if "unit" in arrays else known.unit or "1"
        names = _names(file, arrays, _ELECTRODES, x.shape[1], known, key)
        return _stream(file, arrays | own, names, unit, x)
    if ROLES[role].nan_is_no_reference:
        _mask(file, arrays, x)
    names = _names(file, arrays, _JOINTS, x.shape[1], known, key)
    return _stream(file, arrays, names, ROLES[role].si_unit, x)


def _names(
    file: Path, arrays: Arrays, keys: tuple[str, ...], columns: int, known: KnownStream, key: str
) -> tuple[str, ...]:
    """Return the channels that the file names, else those of the set-up in its order."""
    stated = not known.channels or any(name in arrays for name in keys)
    labels = np.atleast_1d(_first(file, arrays, *keys)).tolist() if stated else [""] * columns
    return channel_names([str(label) for label in labels], known, file, f"the key {key}")


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


def _mask(file: Path, arrays: Arrays, moment: Array) -> None:
    """Put NaN where the file says that a moment is no reference."""
    valid = arrays.get("valid")
    if valid is None:
        return
    if valid.shape != moment.shape[:1] or valid.dtype.kind not in "biu":
        raise UserError(
            f"The key valid of '{file}' is {valid.dtype} of shape {valid.shape}; it must be "
            f"true or false for each of {len(moment)} rows."
        )
    moment[~valid.astype(bool)] = np.nan


def _stream(
    file: Path, arrays: Arrays, names: tuple[str, ...], unit: str, x: Array
) -> RecordedStream:
    rate_hz = float(_numbers(file, arrays, 0, "fs"))
    if not 0 < rate_hz < np.inf:
        raise UserError(f"The key fs of '{file}' is {rate_hz:g}, not a sampling rate in Hz.")
    t = _numbers(file, arrays, 1, "time") if "time" in arrays else np.arange(len(x)) / rate_hz
    return checked_stream(file, names, unit, t, x, rate_hz)
