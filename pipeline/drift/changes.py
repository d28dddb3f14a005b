"""What has changed in the muscles' force for a given EMG: by how much, since when, how surely.

The statistics of a session say what every stretch of time tells of each unit's factor. Explained
they are by as few even changes as possible, of one unit each, beside a slow wandering that every
factor is allowed: what a baseline that is not quite the person makes of another movement. Changes
are added one by one, the likeliest first, and all are looked for anew with each one added.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from pipeline.drift.ramps import Hinges, Ramp, Tried, best_double, best_single, singles
from pipeline.drift.share import Share
from pipeline.drift.smooth import Chain
from pipeline.drift.statistics import DriftStatistics, gathered

Array = NDArray[np.float64]

STRETCH_S = 5.0
"""Length of the stretches that are looked at as a whole, s."""
MOST_STRETCHES, MOST_HINGES = 144, 72
"""Longer sessions are looked at in longer ones."""
LEAST_STRETCHES = 12
"""Fewer tell nothing of a change."""
BESIDE_S = 10.0
"""What must be there before the first change, s."""
FACTOR_WANDER, OFFSET_WANDER_NM = 1e-3, 0.05
"""Standard deviations of what a factor and an offset wander in a second without any change."""
FACTOR_DOUBT, OFFSET_DOUBT_NM = 0.3, 100.0
"""Their standard deviations at the start, where a factor is expected to be 1: the baseline set is
the person's. Of changes nothing is believed beforehand."""
LEAST_GAIN = 25.0
"""By how much a change must lower the misfit, in units of its variance, to be believed."""
MOST_CHANGES = 2
"""Changes of one unit at most."""
SEARCHED = 3
"""Numbers of a change that are searched: change, onset, end. An interval holds all that is possible
of the three, as a chi-square with so many degrees of freedom has it."""
_LEAST_MADE, _LEAST_LEVEL = 1e-3, 0.1


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


class Free(NamedTuple):
    """Changes from the first third of a session to its last, of all units at once."""

    change: Array
    """In factors of the baseline, shape [unit]."""
    covariance: Array
    """Shape [unit, unit]."""
    weight: Array
    """How much of the moments each makes, root mean square, shape [unit]."""


class _Data(NamedTuple):
    """What stretches tell of the states' distance from the baseline: factors of 1, no offsets."""

    t: Array
    information: Array
    vector: Array
    units: int

    def chain(self) -> Chain:
        """Return the wandering of the states without any change."""
        each = (self.units, self._offsets)
        wander = np.repeat((FACTOR_WANDER, OFFSET_WANDER_NM), each)
        doubt = np.repeat((FACTOR_DOUBT, OFFSET_DOUBT_NM), each)
        step = 1.0 / (np.diff(self.t)[:, None] * wander**2)
        return Chain(self.information, step, 1.0 / doubt**2)

    def free(self) -> Free:
        """Return the changes from the first third to the last."""
        third = max(1, len(self.t) // 3)
        own = slice(self.units)
        ends = [self._level(part) for part in (slice(third), slice(-third, None))]
        (before, sure), (after, sure_after) = ends
        made = np.sqrt(self.information.sum(axis=0).diagonal()[own])
        covariance = (sure + sure_after)[own, own]
        return Free((after - before)[own], covariance, np.maximum(made, _LEAST_MADE))

    def _level(self, part: slice) -> tuple[Array, Array]:
        """Return the states over some stretches, and their covariance."""
        doubt = np.repeat((FACTOR_DOUBT, OFFSET_DOUBT_NM), (self.units, self._offsets))
        precision = self.information[part].sum(axis=0) + np.diag(1.0 / doubt**2)
        covariance = np.linalg.inv(precision)
        return covariance @ self.vector[part].sum(axis=0), covariance

    @property
    def _offsets(self) -> int:
        return len(self.vector[0]) - self.units

    def over(self, variance: float) -> _Data:
        """Return the same with residuals of a larger variance than the strides have seen."""
        return self._replace(information=self.information / variance, vector=self.vector / variance)


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
    from scipy.special import chdtri  # once something is judged: who lists sessions needs none

    if not statistics:
        return None
    lasted = statistics[-1].t - statistics[0].t
    parts = gathered(statistics, max(STRETCH_S, lasted / MOST_STRETCHES))
    if len(parts) < LEAST_STRETCHES:
        return None
    information = np.stack([one.information for one in parts])
    vector = np.stack([one.vector for one in parts]) - information[:, :, :units].sum(axis=2)
    data = _Data(np.array([one.t for one in parts]), information, vector, units)
    search = _Search(data.over(_Search(data).variance()))
    return search.course(float(chdtri(SEARCHED, 1.0 - confidence)))


class _Search:
    """The changes that explain the data best."""

    def __init__(self, data: _Data) -> None:
        self._data, self._chain = data, data.chain()
        begin, last = data.t[0] + BESIDE_S, data.t[-1]
        spacing = max(STRETCH_S, (last - begin) / MOST_HINGES)
        starts = np.append(np.arange(begin, last - 1e-6, spacing), last)
        self._hinges = Hinges(
            self._chain, data.t, data.information, data.vector, data.units, starts
        )
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
                worth = gain - before - LEAST_GAIN * (count - there)
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

    def variance(self) -> float:
        """Return the variance of the stretches' residuals over what the strides have seen."""
        data = self._data
        left = data.vector - np.einsum("kij,kj->ki", data.information, self._states())
        inverse = np.linalg.pinv(data.information, hermitian=True)
        misfit = float(np.einsum("ki,kij,kj->", left, inverse, left))
        used = np.einsum("kij,kji->", self._chain.covariance(), data.information)
        free = data.vector.size - float(used) - 3.0 * len(self.ramps)
        return max(misfit / max(free, 1.0), 1.0)

    def course(self, possible: float) -> Course:
        """Return what has been found; what lowers the misfit by so little less is possible too."""
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
