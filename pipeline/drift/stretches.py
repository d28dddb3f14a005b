"""Stretches of a session: what each tells of the states, and how the states may differ in them.

Factors and offsets wander slowly, and are off a little in each stretch by chance. How much, is what
makes the session's data likeliest.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from pipeline.drift.jitter import with_jitter
from pipeline.drift.smooth import Chain
from pipeline.drift.statistics import DriftStatistics

Array = NDArray[np.float64]

STRETCH_S = 5.0
"""Length of the stretches that are looked at as a whole, s."""
FACTOR_WANDER, OFFSET_WANDER_NM = 5e-4, 0.01
"""Standard deviations of what a factor and an offset wander in a second without any change."""
FREE_WANDER = 2e-3
"""The same of a factor that may change as it likes."""
JITTERS, JITTER_NM = (0.005, 0.01, 0.02, 0.04, 0.08, 0.16, 0.32), 5.0
"""Standard deviations by which factors may be off in a stretch of `STRETCH_S` by chance, of which
the data choose; and what an offset is off by beside them, N*m."""
FACTOR_DOUBT, OFFSET_DOUBT_NM = 0.3, 100.0
"""Their standard deviations at the start, where a factor is expected to be 1: the baseline set is
the person's. Of changes nothing is believed beforehand."""
_LEAST_MADE = 1e-3


class Free(NamedTuple):
    """Changes from the first third of a session to its last, of all units at once."""

    change: Array
    """In factors of the baseline, shape [unit]."""
    covariance: Array
    """Shape [unit, unit]."""
    weight: Array
    """How much of the moments each makes, root mean square, shape [unit]."""


class Stretches(NamedTuple):
    """What stretches tell of the states' distance from the baseline: factors of 1, no offsets."""

    t: Array
    """Their middles, s."""
    seconds: Array
    """How much of each counted, s."""
    information: Array
    vector: Array
    weight: Array
    """How much of the moments each unit makes, root mean square, shape [unit]."""

    @classmethod
    def of(cls, parts: Sequence[DriftStatistics], units: int) -> Stretches:
        """Return what stretches tell, each off by as much by chance as all together suggest."""
        information = np.stack([one.information for one in parts])
        vector = np.stack([one.vector for one in parts]) - information[:, :, :units].sum(axis=2)
        t, seconds = (np.array([getattr(one, key) for one in parts]) for key in ("t", "seconds"))
        made = np.sqrt(information[:, :units, :units].sum(axis=0).diagonal())
        exact = cls(t, seconds, information, vector, np.maximum(made, _LEAST_MADE))
        return max((exact._off_by(jitter) for jitter in JITTERS), key=lambda one: one[0])[1]

    def _off_by(self, jitter: float) -> tuple[float, Stretches]:
        """Return how likely the data are with a jitter, and what they tell then."""
        scale = jitter * np.repeat((1.0, JITTER_NM), (self.units, self._offsets))
        variance = scale**2 * (STRETCH_S / self.seconds)[:, None]
        information, vector, likelihood = with_jitter(self.information, self.vector, variance)
        data = self._replace(information=information, vector=vector)
        return likelihood + data.chain(FREE_WANDER).evidence(vector), data

    def chain(self, factor_wander: float = FACTOR_WANDER) -> Chain:
        """Return the wandering of the states without any change."""
        each = (self.units, self._offsets)
        wander = np.repeat((factor_wander, OFFSET_WANDER_NM), each)
        doubt = np.repeat((FACTOR_DOUBT, OFFSET_DOUBT_NM), each)
        step = 1.0 / (np.diff(self.t)[:, None] * wander**2)
        return Chain(self.information, step, 1.0 / doubt**2)

    def free(self) -> Free:
        """Return the changes from the first third to the last."""
        third = max(1, len(self.t) // 3)
        own = slice(self.units)
        ends = [self._level(part) for part in (slice(third), slice(-third, None))]
        (before, sure), (after, sure_after) = ends
        return Free((after - before)[own], (sure + sure_after)[own, own], self.weight)

    def _level(self, part: slice) -> tuple[Array, Array]:
        """Return the states over some stretches, and their covariance."""
        doubt = np.repeat((FACTOR_DOUBT, OFFSET_DOUBT_NM), (self.units, self._offsets))
        precision = self.information[part].sum(axis=0) + np.diag(1.0 / doubt**2)
        covariance = np.linalg.inv(precision)
        return covariance @ self.vector[part].sum(axis=0), covariance

    @property
    def units(self) -> int:
        """How many of the states are factors."""
        return len(self.weight)

    @property
    def _offsets(self) -> int:
        return len(self.vector[0]) - self.units
