"""The shapes of a recording, whatever file it was read from."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from pipeline.errors import UserError
from pipeline.streams.base import Array
from pipeline.streams.intake import RATE_TOLERANCE
from pipeline.streams.recordings.stamps import gaps, interval_s

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class RecordedStream:
    """One stream of a recording.

    Parameters
    ----------
    channels
        Name of each column of `x`.
    unit
        Unit of the samples.
    rate_hz
        Sampling rate, Hz: the nominal one, or that of the stamps where they tell another.
    t
        Time stamps, shape [n], s, strictly increasing, from where the file starts.
    x
        Samples, shape [n, channels]; NaN where there is no value.
    source
        The file it was read from; empty where it was not read from one.
    """

    channels: tuple[str, ...]
    unit: str
    rate_hz: float
    t: Array
    x: Array
    source: str = ""


class LeftOut(NamedTuple):
    """Something of a file that no stream plays."""

    file: str
    what: str
    why: str

    def __str__(self) -> str:
        """Return it as a sentence."""
        return f"Left out of '{self.file}': {self.what} ({self.why})."


@dataclass(frozen=True)
class Recording:
    """Streams recorded together, on one clock.

    Parameters
    ----------
    name
        Where they were read from, for the person at the keyboard.
    streams
        The streams by key: ``emg``, ``angles``, ``moments``, ``external``, ``accelerations``;
        those there are.
    left_out
        What its files hold besides.
    """

    name: str
    streams: dict[str, RecordedStream]
    left_out: tuple[LeftOut, ...] = ()

    @property
    def start(self) -> float:
        """First time stamp, s."""
        return min(float(stream.t[0]) for stream in self.streams.values())

    @property
    def duration_s(self) -> float:
        """Time from the first stamp to one interval after the last, s."""
        end = max(float(stream.t[-1]) + 1 / stream.rate_hz for stream in self.streams.values())
        return end - self.start

    def contents(self) -> dict[str, Any]:
        """Return what was taken, a row for each stream, and what was left out; as plain data."""
        rows = [
            {
                "stream": key,
                "channels": list(stream.channels),
                "without_numbers": _without_numbers(stream),
                "unit": stream.unit,
                "rate_hz": stream.rate_hz,
                "seconds": float(stream.t[-1] - stream.t[0]) + 1 / stream.rate_hz,
                "gaps": len(gaps(stream.t, stream.rate_hz)),
                "file": stream.source,
            }
            for key, stream in self.streams.items()
        ]
        left_out = [left._asdict() for left in self.left_out]
        return {"name": self.name, "streams": rows, "left_out": left_out}


def _without_numbers(stream: RecordedStream) -> list[str]:
    empty = np.flatnonzero(~np.isfinite(stream.x).any(axis=0))
    return [stream.channels[place] for place in empty]


def checked_stream(
    file: Path,
    channels: Iterable[str],
    unit: str,
    t: Array,
    x: Array,
    rate_hz: float | None = None,
) -> RecordedStream:
    """Return a recorded stream that is sound.

    Parameters
    ----------
    file
        Where it comes from.
    channels, unit, t, x
        As in `RecordedStream`.
    rate_hz
        Nominal rate, Hz; the rate of the stamps takes its place where they differ by more than
        5 %, or where it is None.

    Raises
    ------
    UserError
        If there are fewer than two rows, the columns are not one per channel, or the stamps do
        not increase or give no rate.
    """
    names = tuple(str(name) for name in channels)
    if x.ndim != 2 or x.shape[1] != len(names):
        raise UserError(
            f"'{file}' has data of shape {x.shape} for {len(names)} channels "
            f"({', '.join(names)}); there must be one column for each."
        )
    if len(t) != len(x):
        raise UserError(f"'{file}' has {len(t)} time stamps for {len(x)} rows of {names[0]}.")
    if len(t) < 2:
        raise UserError(f"'{file}' has {len(t)} rows of data; a recording needs at least two.")
    with np.errstate(all="ignore"):  # infinite stamps are refused below
        steps = np.diff(t)
    if not np.all(steps > 0):  # NaN is not either
        row = int(np.flatnonzero(~(steps > 0))[0]) + 1
        raise UserError(
            f"Time does not increase at row {row} of '{file}' ({t[row - 1]:g} s, then {t[row]:g} "
            "s); sort the rows or cut the file there."
        )
    return RecordedStream(names, unit, _rate_hz(file, names, t, rate_hz), t, x, str(file))


def _rate_hz(file: Path, names: Sequence[str], t: Array, stated_hz: float | None) -> float:
    """Return the nominal rate, or that of the stamps where there is none or another one."""
    measured_hz = 1 / interval_s(t)
    if not (np.isfinite(t[-1]) and 0 < measured_hz < np.inf):
        raise UserError(
            f"The time stamps of '{file}' give a rate of {measured_hz:g} Hz; mend them."
        )
    if not stated_hz:
        return measured_hz
    if abs(measured_hz / stated_hz - 1) <= RATE_TOLERANCE:
        return stated_hz
    logger.warning(
        "'%s' states %g Hz for %s, but the time stamps run at %.4g Hz; that is taken.",
        file,
        stated_hz,
        ", ".join(names[:3]) + (" and others" if len(names) > 3 else ""),
        measured_hz,
    )
    return measured_hz
