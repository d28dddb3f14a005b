"""What has changed of each unit, or of it and those that it is known with."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import astuple, dataclass, replace

import numpy as np
from numpy.typing import NDArray

from pipeline.drift.changes import Change, Course
from pipeline.drift.groups import group_of, mean_deviation
from pipeline.drift.share import Share

Array = NDArray[np.float64]
Members = tuple[int, ...]
"""Places of the units that something is known of as a whole."""

LEAST_CHANGE = 0.05
"""A smaller change of force for a given EMG is called stable however sure it is."""
_GRID_S = 30.0
"""By how much a change may begin to go back before its end seems to have come, s."""


@dataclass(frozen=True)
class Fall:
    """A change of force for a given EMG, and what of it went back."""

    share: Share
    onset: tuple[float, float, float]
    """When it begins: the time and its interval, s."""
    end: float
    """When it is complete, s."""
    regained: Share | None = None
    """A later change the other way, as a share of the level before the first; None for none."""
    regained_since: float | None = None


class Falls:
    """The changes of a course, for each unit or the smallest group that is known.

    Parameters
    ----------
    course
        What has changed.
    deviations
        Half an interval's width in standard deviations.
    """

    def __init__(self, course: Course, deviations: float) -> None:
        self._course, self._deviations = course, deviations
        free = course.free
        self.groups: tuple[Members | None, ...] = tuple(
            group_of(unit, free.covariance, free.weight) for unit in range(len(free.weight))
        )
        """Of each unit those that it is known with, itself among them; None where with none."""

    def one_is_known(self, members: Members) -> bool:
        """Tell whether one of them is known alone, so that what all do may be its doing."""
        return any(self.groups[one] == (one,) for one in members)

    def _parts(self, members: Members) -> list[tuple[Change, float]]:
        """Return the changes of the members, each with the part it has in their mean."""
        weight = self._course.free.weight
        total = float(weight[list(members)].sum())
        found = [one for one in self._course.changes if one.unit in members]
        return [(one, float(weight[one.unit]) / total) for one in found]

    def change(self, members: Members) -> Fall | None:
        """Return the change of the members' mean that matters, None where there is none."""
        steps = _merged(self._parts(members))
        certain = [one for one in steps if one.share.falls or one.share.rises]
        large = [one for one in certain if abs(one.share.value) >= LEAST_CHANGE]
        if not large:
            return None
        main = max(large, key=lambda one: abs(one.share.value))
        later = [
            one
            for one in certain
            if one.onset[0] >= main.end - _GRID_S and one.share.falls != main.share.falls
        ]
        if not later:
            return main
        return replace(main, regained=later[0].share, regained_since=later[0].onset[0])

    def shape(self, members: Members, change: Fall | None, t: Array) -> Array:
        """Return how far the change has come at times in s; without one, how far the session."""
        if change is None:
            first, last = self._course.t[0], self._course.t[-1]
            return np.asarray(np.clip((t - first) / (last - first), 0.0, 1.0))
        parts = self._parts(members)
        done = sum(part * one.share.value * one.done(t) for one, part in parts)
        return np.asarray(done / change.share.value)

    def allowed(self, members: Members) -> Share:
        """Return the change from the first third to the last that the data allow."""
        free, chosen = self._course.free, list(members)
        share = free.weight[chosen] / free.weight[chosen].sum()
        middle = float(share @ free.change[chosen])
        reach = self._deviations * mean_deviation(free.covariance, free.weight, chosen)
        return Share(middle, middle - reach, middle + reach)


def _merged(parts: Sequence[tuple[Change, float]]) -> list[Fall]:
    """Return changes in the order of time, those that go on the same way as one."""
    found: list[Fall] = []
    for one, part in parts:
        share = Share(*(part * end for end in (one.share.value, one.share.low, one.share.high)))
        if found and (found[-1].share.value < 0) == (share.value < 0):
            before = found.pop()
            ends = zip(astuple(before.share), astuple(share), strict=True)
            found.append(Fall(Share(*map(sum, ends)), before.onset, max(before.end, one.end)))
        else:
            found.append(Fall(share, one.onset, one.end))
    return found
