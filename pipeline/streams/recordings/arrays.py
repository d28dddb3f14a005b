"""Recordings as named arrays, as ``.npz`` and ``.mat`` files hold them.

========================  =======================================================================
key                       meaning
========================  =======================================================================
fs                        sampling rate of all streams, Hz; not needed beside time
time                      optional: time stamps, shape [n], s; without it they start at 0
emg                       EMG, shape [n, channels]
emg_names, or names       its channels
emg_unit, or unit         optional: its unit; without it the set-up's, or a normalised envelope
q_f, or q                 joint angles, shape [n, joints], rad; the filtered ones are preferred
moment_f, or moment       joint moments, shape [n, joints], N*m; likewise
external                  joint torques that are not the muscles', shape [n, joints], N*m
qdd                       joint accelerations, shape [n, joints], rad/s^2
dof_names                 the joints
valid                     optional: bool, shape [n]; where False moments are no reference
emg_fs, emg_time          optional: the same for one stream; so too ``angles_fs``,
                          ``angles_names``, ``angles_unit``, ``moments_fs`` and so on
========================  =======================================================================

A key of another name is taken where its words tell a role, as ``AdjustedEmgs`` and ``qDDot`` do.
Upper and lower case are one where that is unambiguous. Samples of shape [channels, n] are turned
where the names or the times say so.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipeline.errors import UserError
from pipeline.streams.base import Array
from pipeline.streams.recordings.known import UNKNOWN, KnownStream, channel_names
from pipeline.streams.recordings.opensim import check_radians
from pipeline.streams.recordings.recording import LeftOut, RecordedStream, checked_stream
from pipeline.streams.roles import ROLES, role_told
from pipeline.streams.units import SCALED, to_si

Arrays = dict[str, NDArray[Any]]

KEYS = {
    "emg": ("emg",),
    "angles": ("q_f", "q"),
    "moments": ("moment_f", "moment"),
    "external": ("external",),
    "accelerations": ("qdd",),
}
"""The keys of each role's samples, the preferred one first."""
_DOCUMENTED = frozenset(key for keys in KEYS.values() for key in keys)
_COMMON = {
    "fs": ("fs",),
    "time": ("time", "t"),
    "names": ("dof_names",),
    "unit": (),
}
"""What stands for all streams; a stream's own goes before it."""
_OF_EMG = {"names": ("names",), "unit": ("unit",)}
_EXPECTED = ("one number", "one number for each sample", "a table of numbers, a row a sample")
"""What an array is to be, by its dimensions."""
_FACTS = ("fs", "time", "t", "names", "labels", "channels", "unit")


def streams_of_arrays(
    file: Path,
    arrays: Arrays,
    known: Mapping[str, KnownStream],
    left_out: list[LeftOut],
    role: str | None = None,
) -> dict[str, RecordedStream]:
    """Return the streams that named arrays hold, by role; samples without one are `left_out`.

    Parameters
    ----------
    role
        What the file was said to hold: the one table of a file whose keys tell nothing is that, or
        what the file's own name tells.

    Raises
    ------
    UserError
        If an array is missing, two may be meant, or one is not what its name says.
    """
    named = _Named(file, arrays)
    keys = {role: key for role in ROLES if (key := named.samples_of(role)) is not None}
    tables = [key for key, x in arrays.items() if _is_samples(x)]
    if not keys and len(tables) == 1 and (only := role or role_told(file.stem)):
        keys = {only: tables[0]}
    if not keys:
        raise UserError(
            f"'{file}' has none of the keys emg, q, moment; it has {', '.join(arrays) or 'none'}."
        )
    for key, x in arrays.items():
        if key not in keys.values() and _is_samples(x):
            why = "its name does not tell a role that is free"
            left_out.append(LeftOut(str(file), f"the key {key}", why))
    return {role: _stream(named, role, key, known.get(role, UNKNOWN)) for role, key in keys.items()}


def _is_samples(x: NDArray[Any]) -> bool:
    return x.ndim == 2 and x.dtype.kind in "fiu" and min(x.shape) > 0 and x.size > 1


@dataclass(frozen=True)
class _Named:
    """The arrays of a file, found by what they are of."""

    file: Path
    arrays: Arrays

    def samples_of(self, role: str) -> str | None:
        """Return the key of a role's samples: one as documented, else the only one that tells."""
        if plain := [key for key in map(self.key, KEYS[role]) if key is not None]:
            return plain[0]
        told = [
            key
            for key in self.arrays
            if key not in _DOCUMENTED and not _is_fact(key) and role_told(key) == role
        ]
        tables = [key for key in told if _is_samples(self.arrays[key])]
        found = tables or [key for key in told if _is_column(self.arrays[key])]
        if len(found) > 1:
            raise UserError(
                f"The keys {' and '.join(found)} of '{self.file}' may all be {role}; name the one "
                f"that is meant {KEYS[role][-1]}."
            )
        return found[0] if found else None

    def key(self, name: str) -> str | None:
        """Return a key as it is written in the file."""
        if name in self.arrays:
            return name
        alike = [key for key in self.arrays if key.lower() == name.lower()]
        return alike[0] if len(alike) == 1 else None

    def fact(self, role: str, key: str, *facts: str) -> str | None:
        """Return the key of what is said of a stream: its own, else what stands for all."""
        stems = dict.fromkeys((role, key, key.rpartition("_")[0] or key))
        own = [f"{stem}_{fact}" for fact in facts for stem in stems]
        common = [name for fact in facts for name in _COMMON.get(fact, ())]
        if role == "emg":
            common = [name for fact in facts for name in _OF_EMG.get(fact, _COMMON.get(fact, ()))]
        return next((found for name in (*own, *common) if (found := self.key(name))), None)

    def numbers(self, key: str, ndim: int) -> Array:
        """Return an array of numbers; a single one or a single column may be of another shape."""
        values = self.arrays[key]
        if (values.size == 1 and ndim == 0) or (
            ndim == 1 and values.ndim == 2 and 1 in values.shape
        ):
            values = values.reshape((-1,) if ndim else ())
        if ndim == 2 and values.ndim == 1:
            values = values[:, None]
        if values.dtype.kind not in "fiu" or values.ndim != ndim:
            raise UserError(
                f"The key {key} of '{self.file}' holds {values.dtype} of shape {values.shape}, not "
                f"{_EXPECTED[ndim]}."
            )
        return values.astype(np.float64)

    def lacks(self, *names: str) -> UserError:
        """Return the error of a key that is not there."""
        return UserError(
            f"'{self.file}' lacks the key {' or '.join(names)}; it has {', '.join(self.arrays)}."
        )


def _is_fact(key: str) -> bool:
    return key.lower().rpartition("_")[2] in _FACTS


def _is_column(x: NDArray[Any]) -> bool:
    return x.ndim == 1 and x.dtype.kind in "fiu" and x.size > 1


def _stream(named: _Named, role: str, key: str, known: KnownStream) -> RecordedStream:
    times = named.fact(role, key, "time", "t")
    t = None if times is None else named.numbers(times, 1)
    labels = _labels(named, role, key, known)
    if not named.arrays[key].size:
        raise UserError(f"The key {key} of '{named.file}' is empty; fill it, or take it out.")
    x = _upright(named.numbers(key, 2), None if t is None else len(t), len(labels))
    names = channel_names(labels or [""] * x.shape[1], known, named.file, f"the key {key}")
    if ROLES[role].nan_is_no_reference:
        _mask(named, x)
    rate_hz = _rate_hz(named, role, key)
    if t is None:
        if rate_hz is None:
            raise named.lacks("fs", "time")
        t = np.arange(len(x)) / rate_hz
    unit = _unit(named, role, key, known)
    stream = checked_stream(named.file, names, unit or ROLES[role].si_unit, t, x, rate_hz)
    if role == "angles" and unit is None:
        check_radians(named.file, names, x, "say it under the key angles_unit, 'deg' or 'rad'")
    return stream


def _labels(named: _Named, role: str, key: str, known: KnownStream) -> list[str]:
    """Return the channels that the file names; none where the set-up's order stands for them."""
    found = named.fact(role, key, "names", "labels", "channels")
    if found is not None:
        return [str(label).strip() for label in np.atleast_1d(named.arrays[found]).ravel()]
    if known.channels:
        return []
    raise named.lacks(
        *(("emg_names", "names") if role == "emg" else ("dof_names", f"{role}_names"))
    )


def _upright(x: Array, times: int | None, labels: int) -> Array:
    """Return samples with a row for each time, where a table lies on its side."""
    rows, columns = x.shape
    lies = columns == times if times not in (None, rows) else labels == rows != columns
    return x.T if lies else x


def _rate_hz(named: _Named, role: str, key: str) -> float | None:
    found = named.fact(role, key, "fs")
    if found is None:
        return None
    rate_hz = float(named.numbers(found, 0))
    if not 0 < rate_hz < np.inf:
        raise UserError(
            f"The key {found} of '{named.file}' is {rate_hz:g}, not a sampling rate in Hz."
        )
    return rate_hz


def _unit(named: _Named, role: str, key: str, known: KnownStream) -> str | None:
    """Return a unit that is stated; of EMG the set-up's, or none, where it is not."""
    found = named.fact(role, key, "unit")
    if found is None:
        return (known.unit or "1") if role == "emg" else None
    unit = str(named.arrays[found]).strip()
    try:
        to_si(role, unit, dict.fromkeys(SCALED.get(role, ()), 1.0))  # refuses what nobody knows
    except UserError as error:
        raise UserError(f"The key {found} of '{named.file}': {error}") from error
    return unit


def _mask(named: _Named, moment: Array) -> None:
    """Put NaN where the file says that a moment is no reference."""
    valid = named.arrays.get("valid")
    if valid is None:
        return
    if valid.shape != moment.shape[:1] or valid.dtype.kind not in "biu":
        raise UserError(
            f"The key valid of '{named.file}' is {valid.dtype} of shape {valid.shape}; it must be "
            f"true or false for each of {len(moment)} rows."
        )
    moment[~valid.astype(bool)] = np.nan
