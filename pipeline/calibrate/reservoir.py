"""The reservoir: the calibrator's memory of movements that have left its window.

A plain sliding window forgets: after ten seconds of running nothing speaks for walking any more.
The reservoir keeps stretches of the past that differ from each other in what the muscles did. A
new stretch takes the place of an older one like it, so that what the person does all the time is
remembered as it was lately, and what they did long ago is remembered at all.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from pipeline.calibrate.loss import Trials
from pipeline.calibrate.window import trials_at
from pipeline.timebase.rows import PairedRows

Array = NDArray[np.float64]

LENGTH_UNIT = 0.1
"""Difference in muscle-tendon length that tells two movements apart, optimal fibre lengths."""
VELOCITY_UNIT = 0.5
"""The same in speed of lengthening, optimal fibre lengths per second."""
EXCITATION_UNIT = 0.05
"""The same in excitation."""


@dataclass
class _Stretch:
    """A stretch of past rows."""

    rows: PairedRows
    feature: Array
    drawn: int = 0
    """When it was last drawn, as a count of draws."""


class Reservoir:
    """Past stretches, stratified by muscle-tendon length, its velocity, and excitation.

    Muscle-tendon lengths are functions of the joint angles, and are what the muscles know of them.
    Two stretches belong to the same stratum if, averaged over the muscles, mean length, mean speed
    and mean excitation differ by less than one unit; of a stratum the newest stretch is kept. When
    all places are taken, the older one of the two most alike goes.

    Parameters
    ----------
    capacity
        Most stretches kept.
    length, settle
        Rows of a stretch that count, and rows before them in which its states settle.
    rate_hz
        Rate of the time grid, Hz.
    optimal_fibre_length
        m, shape [muscle]; by it lengths are made comparable.
    """

    def __init__(
        self,
        capacity: int,
        length: int,
        settle: int,
        rate_hz: float,
        optimal_fibre_length: Array,
    ) -> None:
        self.capacity = capacity
        self._length = length
        self._settle = settle
        self._rate_hz = rate_hz
        self._scale = optimal_fibre_length
        self._stretches: list[_Stretch] = []
        self._rest: PairedRows | None = None
        self._draws = 0

    def __len__(self) -> int:
        """Return the number of stretches kept."""
        return len(self._stretches)

    def add(self, rows: PairedRows) -> None:
        """Take rows that have left the window; their times go on from the last ones."""
        rest = rows if self._rest is None else PairedRows.joined((self._rest, rows))
        jumps = np.flatnonzero(np.diff(rest.t) > 1.5 / self._rate_hz)
        if len(jumps):  # a stretch has no gaps: what lies before the last one is too short
            rest = rest.part(slice(int(jumps[-1]) + 1, None))
        while len(rest.t) >= self._settle + self._length:
            stretch = rest.part(slice(self._settle + self._length))
            rest = rest.part(slice(self._length, None))
            if np.isfinite(stretch.reference()[self._settle :]).any():
                self._keep(_Stretch(stretch, self._feature(stretch)))
        self._rest = rest

    def _feature(self, rows: PairedRows) -> Array:
        length = rows.length / self._scale
        speed = np.abs(np.diff(length, axis=0)).mean(axis=0) * self._rate_hz
        return np.stack(
            (
                length.mean(axis=0) / LENGTH_UNIT,
                speed / VELOCITY_UNIT,
                rows.excitation.mean(axis=0) / EXCITATION_UNIT,
            )
        )

    def _keep(self, stretch: _Stretch) -> None:
        stretch.drawn = self._draws
        away = [_distance(stretch, other) for other in self._stretches]
        if away and min(away) < 1.0:
            self._stretches.pop(int(np.argmin(away)))
        self._stretches.append(stretch)
        if len(self._stretches) > self.capacity:
            self._stretches.pop(self._older_of_the_most_alike())

    def _older_of_the_most_alike(self) -> int:
        """Return the place of the older one of the two closest; later places are newer."""
        features = np.stack([stretch.feature for stretch in self._stretches])
        away = np.square(features[:, None] - features).mean(axis=(2, 3))
        away[np.tril_indices(len(away))] = np.inf
        return int(np.unravel_index(np.argmin(away), away.shape)[0])

    def draw(self, count: int) -> list[PairedRows]:
        """Return the stretches that have waited longest since they were last drawn."""
        self._draws += 1
        chosen = sorted(self._stretches, key=lambda stretch: stretch.drawn)[:count]
        for stretch in chosen:
            stretch.drawn = self._draws
        return [stretch.rows for stretch in chosen]

    def trials(self, stretches: list[PairedRows], like: Tensor) -> Trials:
        """Return stretches as trials; the rows in which states settle carry no weight.

        Parameters
        ----------
        stretches
            What `draw` returned, at least one.
        like
            A tensor whose type and device the trials take.
        """
        rows = PairedRows.joined(stretches)
        size = self._settle + self._length
        index = np.arange(len(rows.t)).reshape(-1, size)
        weight = (np.isfinite(rows.reference()) & rows.valid[:, None])[index]
        weight[:, : self._settle] = False
        return trials_at(rows, index, weight, like)


def _distance(one: _Stretch, other: _Stretch) -> float:
    """Return the root mean square difference of two stretches, in units that tell them apart."""
    return float(np.sqrt(np.square(one.feature - other.feature).mean()))
