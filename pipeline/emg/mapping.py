"""The excitation mapper: a muscle is driven by its electrodes, or by what the others tell of it."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from pipeline.emg.channel_watch import Change
from pipeline.emg.synthesis import Synthesis
from pipeline.timebase.rows import Rows

Array = NDArray[np.float64]
Flags = NDArray[np.bool_]

HIGHEST = 10.0
"""Excitation as measured beyond which nothing is passed on: what is scaled to something else than
this person's maximum may well be above 1."""


class MappedExcitations(NamedTuple):
    """Excitations of all muscles."""

    excitation: Array
    """Shape [n, muscle], 0..1."""
    measured: Flags
    """False where it is synthesised, wholly or in part, or not known at all; shape [n, muscle]."""
    valid: Flags
    """False where a muscle whose electrode failed could not be synthesised, shape [n]."""


class ExcitationMapper:
    """Turns the channels' excitations into those of the muscles, row by row.

    A muscle is measured while any of its channels is valid; the mean of those drives it. When
    none is, it is synthesised from the other muscles at once; when one is back, the excitation
    moves from the synthesised to the measured one in `fade_s`. It moves in the same time from what
    one set of synergies makes of it to what the next does.

    Parameters
    ----------
    muscles, channels
        Names, in the order of the columns.
    mapping
        For each muscle that has electrodes their channels.
    rate_hz
        Rate of the rows, Hz.
    fade_s
        Time in which an excitation moves from one origin to another, s.
    """

    def __init__(
        self,
        muscles: Sequence[str],
        channels: Sequence[str],
        mapping: Mapping[str, Sequence[str]],
        rate_hz: float,
        fade_s: float,
    ) -> None:
        self._channels = list(channels)
        self._mixing = _mixing(muscles, mapping, channels)
        self.recorded: Flags = np.asarray(self._mixing.any(axis=0))
        """Which muscles have electrodes, shape [muscle]."""
        self._used: Flags = np.asarray(self._mixing.any(axis=1))
        self._valid = np.ones(len(channels), dtype=bool)
        self._coming: deque[tuple[float, int, str | None]] = deque()
        self._steps = max(1, round(fade_s * rate_hz))
        """Rows of a fade."""
        self._back = np.where(self.recorded, self._steps, 0)
        """Rows, up to a fade's, since each muscle has been valid; shape [muscle]."""
        self._synthesis: Synthesis | None = None
        self._former: Synthesis | None = None
        self._learnt = self._steps
        """Rows, up to a fade's, since there have been other synergies."""

    @property
    def synthesises(self) -> bool:
        """Whether there are synergies to synthesise an excitation from."""
        return self._synthesis is not None

    @property
    def synthesised(self) -> tuple[int, ...]:
        """Places of the muscles that were synthesised, wholly or in part, in the newest row."""
        if not self.synthesises:
            return ()
        return tuple(np.flatnonzero(self._back < self._steps).tolist())

    def note(self, changes: Sequence[Change]) -> None:
        """Take note of channels that have become faulty or valid; rows from then on show it."""
        for change in changes:
            place = self._channels.index(change.channel)
            if self._used[place]:
                self._coming.append((change.t, place, change.reason))

    def learn(self, synthesis: Synthesis) -> None:
        """Move to other synergies."""
        self._former, self._synthesis = self._synthesis, synthesis
        self._learnt = 0

    def rows(self, rows: Rows) -> MappedExcitations:
        """Return what drives the muscles in the next rows."""
        if not self._coming and (self._back == self._steps).all():
            mixed = rows.excitation @ self._mixing
            excitation = np.minimum(np.maximum(mixed, 0.0), HIGHEST)
            sure = np.ones(excitation.shape, dtype=bool)
            return MappedExcitations(excitation, sure, sure[:, 0])
        parts = [self._row(t_emg, x) for t_emg, x in zip(rows.t_emg, rows.excitation, strict=True)]
        return MappedExcitations(*(np.stack(column) for column in zip(*parts, strict=True)))

    def _row(self, t_emg: float, excitation: Array) -> MappedExcitations:
        while self._coming and self._coming[0][0] <= t_emg:
            _, place, reason = self._coming.popleft()
            self._valid[place] = reason is None
        weight = self._valid @ self._mixing
        there = weight > 0.0
        mixed = (excitation * self._valid) @ self._mixing / np.where(there, weight, 1.0)
        self._back = np.where(there, np.minimum(self._back + 1, self._steps), 0)
        measured = self._back == self._steps
        made = self._synthesised(mixed, measured)
        share = self._back / self._steps
        driven = np.clip(share * mixed + (1.0 - share) * made, 0.0, HIGHEST)
        known = self.synthesises or bool(measured[self.recorded].all())
        return MappedExcitations(driven, measured, np.asarray(known and bool(measured.any())))

    def _synthesised(self, mixed: Array, measured: Flags) -> Array:
        """Return the excitations with those that are not measured synthesised, zero without."""
        made = _filled(self._synthesis, mixed, measured)
        if self._learnt < self._steps:
            self._learnt += 1
            share = self._learnt / self._steps
            made = share * made + (1.0 - share) * _filled(self._former, mixed, measured)
        return made


def _filled(synthesis: Synthesis | None, mixed: Array, measured: Flags) -> Array:
    if synthesis is None:
        return np.where(measured, mixed, 0.0)
    filled: Array = synthesis.fill(mixed[None], measured)[0]
    return filled


def _mixing(
    muscles: Sequence[str], mapping: Mapping[str, Sequence[str]], channels: Sequence[str]
) -> Array:
    """Return the matrix [channel, muscle] that turns channels into muscle excitations."""
    place = {name: i for i, name in enumerate(channels)}
    matrix = np.zeros((len(channels), len(muscles)))
    for j, muscle in enumerate(muscles):
        for channel in mapping.get(muscle, ()):
            matrix[place[channel], j] = 1.0 / len(mapping[muscle])
    return matrix
