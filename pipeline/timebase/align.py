"""Streams of different rates brought onto the model's time grid."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Literal

import numpy as np

from pipeline.streams.base import Array, Chunk
from pipeline.timebase.buffer import Indices, SampleBuffer, along_line, bracket
from pipeline.timebase.delay import DelayLine
from pipeline.timebase.pairing import ReferencePairing
from pipeline.timebase.rows import Rows

__all__ = ["Aligner", "DelayLine", "ReferencePairing", "Rows"]

_GAP_INTERVALS = 2.5  # a stream may miss a sample without its rows becoming invalid
_HOLE_S = 1.0  # rows inside a longer silence of a stream are left out
_CAPACITY = 16_384  # samples a stream: 8 s of EMG at 2 kHz
_LEAD_INTERVALS = 1.2  # one interval, and a fifth for jitter and late arrival


class Aligner:
    """Interpolates excitations and angles onto the grid times k / `rate_hz`, k whole.

    A row is released as soon as both streams have reached it, and depends on the samples alone,
    not on how they are cut into chunks or in which order the two streams arrive. Where a stream
    was silent for more than a second, the rows inside the silence are left out.

    Parameters
    ----------
    rate_hz
        Rate of the grid, Hz.
    emg_channels, angle_channels
        Names of the columns of the streams ``emg`` (excitations) and ``angles``.
    max_gap_s
        A row between two samples further apart than this is not valid, s.
    emg_rate_hz, angle_rate_hz
        Nominal rates of the streams, Hz; where given, the longest gap is never taken as less
        than 2.5 sampling intervals of the stream.
    angle_mode
        ``interpolate`` waits for the first angle sample at or after the row's time t.
        ``extrapolate`` needs `angle_rate_hz` and does not wait: it goes along the line through
        the first sample from t - 1.2 / `angle_rate_hz` and the one before it.
    capacity
        Most samples held of each stream.
    """

    def __init__(
        self,
        rate_hz: float,
        emg_channels: Sequence[str],
        angle_channels: Sequence[str],
        max_gap_s: float,
        *,
        emg_rate_hz: float = math.inf,
        angle_rate_hz: float = math.inf,
        angle_mode: Literal["interpolate", "extrapolate"] = "interpolate",
        capacity: int = _CAPACITY,
    ) -> None:
        if angle_mode == "extrapolate" and math.isinf(angle_rate_hz):
            raise ValueError("extrapolating angles needs angle_rate_hz")
        self._rate_hz = rate_hz
        self._emg = SampleBuffer(capacity, len(emg_channels))
        self._angles = SampleBuffer(capacity, len(angle_channels))
        self._emg_gap_s = max(max_gap_s, _GAP_INTERVALS / emg_rate_hz)
        self._angle_gap_s = max(max_gap_s, _GAP_INTERVALS / angle_rate_hz)
        self._lead_s = _LEAD_INTERVALS / angle_rate_hz if angle_mode == "extrapolate" else 0.0
        self._shortest_s = 0.5 / angle_rate_hz if angle_mode == "extrapolate" else 0.0
        self._streams = ((self._emg, 0.0), (self._angles, self._lead_s))
        self._next: int | None = None
        self._ahead: tuple[int, Array, Array] | None = None
        """The next row's place, its angles, and the time between the samples they come from."""

    def push(self, chunk: Chunk) -> None:
        """Take samples of the stream ``emg`` (excitations) or ``angles`` (rad).

        Raises
        ------
        KeyError
            If the chunk is of another stream.
        """
        {"emg": self._emg, "angles": self._angles}[chunk.stream].push(chunk.t, chunk.x)

    @property
    def awaited(self) -> str:
        """The stream that the next row waits for: the one that is further behind."""
        return "angles" if self._angles.newest + self._lead_s < self._emg.newest else "emg"

    @property
    def emg_ahead_s(self) -> float:
        """Time from the newest EMG sample to the next row, s; zero while that is not known."""
        return 0.0 if self._next is None else self._next / self._rate_hz - self._emg.newest

    def angle_ahead(self) -> Array | None:
        """Return the angles of the next row, shape [1, coordinate], or None if they may change.

        With extrapolation they are known before the row's EMG is there.
        """
        if self._next is None or not len(self._angles):
            return None
        t = self._next / self._rate_hz
        if not self._angles.t[0] <= t - self._lead_s <= self._angles.newest:
            return None
        angle, gap_s = self._angles_at(np.array([t]))
        self._ahead = self._next, angle, gap_s
        return angle

    def rows(self) -> Rows | None:
        """Return the rows that have become complete since the last call, or None."""
        if not (len(self._emg) and len(self._angles)):
            return None
        start = max(self._first_from(buffer.t[0], lead_s) for buffer, lead_s in self._streams)
        last = min(self._last_until(buffer.newest, lead_s) for buffer, lead_s in self._streams)
        if self._next is None:
            self._next = start
        if last < max(start, self._next):
            return None
        index = self._without_holes(max(start, self._next), last)
        self._next = last + 1
        rows = self._interpolate(index)
        for buffer, lead_s in self._streams:
            # All but one sample before the next row have done their work.
            wanted_s = self._next / self._rate_hz - lead_s
            buffer.drop_until(int(buffer.t.searchsorted(wanted_s)) - 1)
        return rows if len(index) else None

    def _interpolate(self, index: Indices) -> Rows:
        emg, t = self._emg, index / self._rate_hz
        before, after = bracket(emg.t, t)
        ahead, self._ahead = self._ahead, None
        known = ahead is not None and len(index) == 1 and ahead[0] == index[0]
        angle, angle_gap_s = ahead[1:] if ahead and known else self._angles_at(t)
        t_emg = emg.t[after]
        valid = t_emg - emg.t[before] <= self._emg_gap_s
        return Rows(
            t=t,
            t_emg=t_emg,
            excitation=along_line(emg, before, after, t),
            angle=angle,
            valid=valid & (angle_gap_s <= self._angle_gap_s),
        )

    def _angles_at(self, t: Array) -> tuple[Array, Array]:
        """Return the angles and the time between the two samples that each comes from, s."""
        angles = self._angles
        before, after = bracket(angles.t, t - self._lead_s)
        if self._lead_s:
            before = np.maximum(after - 1, 0)
        angle = along_line(angles, before, after, t, self._shortest_s)
        return angle, angles.t[after] - angles.t[before]

    def _without_holes(self, first: int, last: int) -> Indices:
        """Return the grid indices from `first` to `last` that lie in no stream's silence."""
        holes = [
            (self._last_until(start_s, lead_s), self._first_from(end_s, lead_s))
            for buffer, lead_s in self._streams
            for start_s, end_s in _holes(buffer.t)
        ]
        pieces = []
        for before, after in sorted(holes):
            pieces.append(np.arange(first, min(last, before) + 1))
            first = max(first, after)
        return np.concatenate([*pieces, np.arange(first, last + 1)])

    def _first_from(self, stamp: float, lead_s: float) -> int:
        """Return the first grid index whose time less `lead_s` is not before `stamp`."""
        index = math.floor((stamp + lead_s) * self._rate_hz) - 1
        while index / self._rate_hz - lead_s < stamp:  # exact, unlike the product above
            index += 1
        return index

    def _last_until(self, stamp: float, lead_s: float) -> int:
        """Return the last grid index whose time less `lead_s` is not after `stamp`."""
        index = math.floor((stamp + lead_s) * self._rate_hz) + 2
        while index / self._rate_hz - lead_s > stamp:
            index -= 1
        return index


def _holes(stamps: Array) -> list[tuple[float, float]]:
    """Return the last stamp before and the first after each silence."""
    if stamps[-1] - stamps[0] <= _HOLE_S:
        return []
    before = np.flatnonzero(np.diff(stamps) > _HOLE_S)
    return [(float(stamps[i]), float(stamps[i + 1])) for i in before]
