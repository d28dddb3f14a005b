"""What has changed in the muscles' force for a given EMG: by how much, since when, how surely.

The statistics of a session say what every stretch of time tells of each unit's factor. Explained
they are by as few even changes as possible, of one unit each, beside a slow wandering that every
factor is allowed: what a baseline that is not quite the person makes of another movement. Changes
are added one by one, the likeliest first, and all are looked for anew with each one added.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

from pipeline.drift.ramps import Hinges, Ramp, Tried, best_double, best_single, singles
from pipeline.drift.share import Share
from pipeline.drift.statistics import DriftStatistics, gathered
from pipeline.drift.stretches import STRETCH_S, Free, Stretches

Array = NDArray[np.float64]

MOST_STRETCHES, MOST_HINGES = 144, 72
"""Longer sessions are looked at in longer ones."""
MOST_COLUMNS = 1500
"""Hinges of all units: of many units changes are looked for at fewer times."""
LEAST_STRETCHES = 12
"""Fewer tell nothing of a change."""
BESIDE_S = 10.0
"""What must be there before the first change, s."""
MOST_CHANGES = 2
"""Changes of one unit at most."""
SEARCHED = 3
"""Numbers of a change that are searched: change, onset, end. An interval holds all that is possible
of the three, as a chi-square with so many degrees of freedom has it."""
_LEAST_LEVEL = 0.1


@dataclass(frozen=True)
class Change:
    """An even change of one unit's factor."""

    unit: int
    share: Share
    """Of the level before the first change."""
    onset: tuple[float, float, float]
    """When it begins: the time and its interval, s."""
    end: float
    """When it is complete, s."""
    gain: float
    """By how much it lowers the misfit, in units of its variance."""

    def done(self, t: Array) -> Array:
        """Return the part of it that is done at times `t` in s, 0 to 1."""
        length = max(self.end - self.onset[0], 1e-6)
        return np.clip((t - self.onset[0]) / length, 0.0, 1.0)


@dataclass(frozen=True)
class Course:
    """What is known of all units over a session under one baseline."""

    t: Array
    """Middle of the stretches, s, shape [stretch]."""
    factor: Array
    """Force for a given EMG over that at the start, shape [stretch, unit]."""
    deviation: Array
    """Its standard deviation, shape [stretch, unit]."""
    changes: tuple[Change, ...]
    """In the order of time."""
    free: Free
    """What the data say where nothing is assumed of who changes."""


def course_of(
    statistics: Sequence[DriftStatistics], units: int, confidence: float = 0.95
) -> Course | None:
    """Return what has changed; None where there is too little to tell.

    Parameters
    ----------
    statistics
        Of one baseline, in the order of time.
    units
        How many of the states are factors.
    confidence
        Of the intervals.
    """
    if not statistics:
        return None
    lasted = statistics[-1].t - statistics[0].t
    parts = gathered(statistics, max(STRETCH_S, lasted / MOST_STRETCHES))
    if len(parts) < LEAST_STRETCHES:
        return None
    return _Search(Stretches.of(parts, units), confidence).course()


class _Search:
    """The changes that explain the data best.

    Parameters
    ----------
    data
        What stretches tell.
    confidence
        Of the intervals; and what is no change passes for one of a unit with what is left to 1.
    """

    def __init__(self, data: Stretches, confidence: float) -> None:
        self._data, self._chain, self._confidence = data, data.chain(), confidence
        begin, last = data.t[0] + BESIDE_S, data.t[-1]
        most = max(1, min(MOST_HINGES, MOST_COLUMNS // data.units))
        spacing = max(STRETCH_S, (last - begin) / most)
        starts = np.append(np.arange(begin, last - 1e-6, spacing), last)
        self._hinges = Hinges(
            self._chain, data.t, data.information, data.vector, data.units, starts
        )
        tried = len(starts) * (len(starts) - 1) / 2.0
        self._least_gain = NormalDist().inv_cdf(1.0 - 0.5 * (1.0 - confidence) / tried) ** 2
        """By how much a change must lower the misfit, in units of its variance, to be believed:
        more than chance does at any of the times that are tried (Bonferroni)."""
        self.ramps: list[Ramp] = []
        while self._add():
            self._look_again()

    def _of(self, unit: int) -> list[Ramp]:
        return [ramp for ramp in self.ramps if ramp.state == unit]

    def _without(self, unit: int) -> list[Ramp]:
        return [ramp for ramp in self.ramps if ramp.state != unit]

    def _best(self, unit: int, count: int) -> tuple[float, list[Ramp]]:
        """Return the one or two changes of a unit that explain most beside those of others."""
        told = self._hinges.beside(self._without(unit), unit)
        look = best_single if count == 1 else best_double
        gain, pairs = look(self._hinges.starts, *told)
        return gain, [Ramp(unit, *pair) for pair in pairs]

    def _add(self) -> bool:
        """Add the change, or the two of one unit, that are missing most; tell whether any is."""
        found: tuple[float, int, list[Ramp]] | None = None
        for unit in range(self._data.units):
            there = len(self._of(unit))
            before = self._best(unit, there)[0] if there else 0.0
            for count in range(there + 1, MOST_CHANGES + 1):
                gain, ramps = self._best(unit, count)
                worth = gain - before - self._least_gain * (count - there)
                if worth > 0.0 and (found is None or worth > found[0]):
                    found = worth, unit, ramps
        if found is None:
            return False
        self.ramps = [*self._without(found[1]), *found[2]]
        return True

    def _look_again(self) -> None:
        """Let every unit's changes find their best times beside the others, twice."""
        for _ in range(2):
            for unit in sorted({ramp.state for ramp in self.ramps}):
                ramps = self._best(unit, len(self._of(unit)))[1]
                self.ramps = [*self._without(unit), *ramps]

    def _others(self, place: int) -> Tried:
        """Return all changes that could stand in the place of one, beside the others."""
        rest = self.ramps[:place] + self.ramps[place + 1 :]
        ramp, starts = self.ramps[place], self._hinges.starts
        tried = singles(starts, *self._hinges.beside(rest, ramp.state))
        free = np.ones(len(tried.onset), dtype=bool)
        for one in rest:
            if one.state == ramp.state:
                free &= (tried.end <= one.onset) | (tried.onset >= one.end)
        return Tried._make(column[free] for column in tried)

    def _fitted(self) -> tuple[Array, Array]:
        """Return wandering states and changes."""
        change = self._hinges.fitted(self.ramps)[0] if self.ramps else np.empty(0)
        return self._hinges.rest(self.ramps, change), change

    def _states(self) -> Array:
        states, change = self._fitted()
        for ramp, by in zip(self.ramps, change, strict=True):
            states[:, ramp.state] += by * self._hinges.done(ramp)
        return states

    def course(self) -> Course:
        """Return what has been found."""
        from scipy.special import chdtri  # once something is judged: who lists sessions needs none

        possible = float(chdtri(SEARCHED, 1.0 - self._confidence))
        states = self._states()
        units = self._data.units
        level = np.maximum(1.0 + states[0, :units], _LEAST_LEVEL)
        deviation = np.sqrt(np.diagonal(self._chain.covariance(), 0, 1, 2)[:, :units])
        changes = [self._change(place, level, possible) for place in range(len(self.ramps))]
        return Course(
            self._data.t,
            (1.0 + states[:, :units]) / level,
            deviation / level,
            tuple(sorted(changes, key=lambda one: one.onset[0])),
            self._data.free(),
        )

    def _change(self, place: int, level: Array, slack: float) -> Change:
        """Return a change with its intervals, over all the times that suit the data.

        What lowers the misfit by no more than `slack` less than the best is possible too.

        The values are the mean of all that is possible, each weighed by its likelihood.
        """
        unit, tried = self.ramps[place].state, self._others(place)
        short = tried.gain.max() - tried.gain
        likely = np.exp(-0.5 * short)
        likely /= likely.sum()
        possible = short < slack
        reach = np.sqrt((slack - short[possible]) / tried.weight[possible])
        low = (tried.change[possible] - reach).min() / level[unit]
        high = (tried.change[possible] + reach).max() / level[unit]
        starts = self._hinges.starts
        onset, end = starts[tried.onset], starts[tried.end]
        return Change(
            unit,
            Share(float(likely @ tried.change / level[unit]), float(low), float(high)),
            (float(likely @ onset), float(onset[possible].min()), float(onset[possible].max())),
            float(likely @ end),
            float(tried.gain.max()),
        )
