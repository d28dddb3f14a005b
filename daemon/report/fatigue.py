"""Fatigue verdicts: force for a given EMG beside frequency and amplitude of the EMG.

What is judged is the drift of each muscle's force for a given EMG against the set that was in force
once the person was found (`pipeline.drift`). It falls when a muscle tires, but also when an
electrode gives more signal than before. What tells them apart is the EMG's spectrum: a tired
muscle's fibres conduct more slowly and its median frequency falls; an electrode's gain changes the
amplitude and leaves the frequency. Nothing is called fatigue on force alone.

References
----------
De Luca 1984, Crit Rev Biomed Eng 11:251 (median frequency as the sign of fatigue).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import astuple, replace
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

from daemon.report.activity import Activity
from daemon.report.drifting import Drifting
from daemon.report.judgement import judge
from daemon.report.material import Material
from daemon.report.verdict import Evidence, Fall, FatigueVerdict, Kind
from pipeline.anatomy.names import plain
from pipeline.drift.changes import Change, Course
from pipeline.drift.groups import group_of, mean_deviation
from pipeline.drift.share import Share

Array = NDArray[np.float64]

LEAST_CHANGE = 0.05
"""A smaller change of force for a given EMG is called stable however sure it is."""
MISSED = 0.05
"""Probability that any interval of any muscle misses the truth."""
_GRID_S = 30.0
"""By how much a change may begin to go back before its end seems to have come, s."""
_UNKNOWN = (
    "The movement tells neither the muscle alone nor any muscles with it from the others well "
    "enough."
)


def assess(material: Material) -> list[FatigueVerdict]:
    """Return a verdict for every muscle; none for a session that has no statistics of drift.

    The intervals hold for all muscles together with probability 1 - `MISSED`: a session of many
    muscles has no more false alarms than a session of one.
    """
    return [] if material.drift is None else judged(material.drift, material.activities())


def judged(drift: Drifting, activities: Mapping[str, Activity]) -> list[FatigueVerdict]:
    """Return a verdict for every muscle that has a factor, as `assess`.

    Parameters
    ----------
    drift
        The session's drift.
    activities
        The EMG of each muscle.
    """
    muscles = [muscle for muscle in activities if drift.unit_of(muscle) is not None]
    confidence = 1.0 - MISSED / max(len(drift.units), 1)
    course = drift.course(confidence)
    if course is None:
        return [_too_little(muscle) for muscle in muscles]
    deviations = NormalDist().inv_cdf(0.5 + 0.5 * confidence)
    verdicts = _Verdicts(drift, course, activities, deviations)
    return [verdicts.verdict(muscle) for muscle in muscles]


def _too_little(muscle: str) -> FatigueVerdict:
    sentence = "Too little data with a reference, once the person was found, to tell a change."
    return FatigueVerdict(muscle, Kind.NOT_IDENTIFIABLE, sentence, None)


class _Verdicts:
    """What is said of each muscle of a session.

    Parameters
    ----------
    drift, course
        The session's drift, and what has changed in it.
    activities
        The EMG of each muscle.
    deviations
        Half an interval's width in standard deviations.
    """

    def __init__(
        self,
        drift: Drifting,
        course: Course,
        activities: Mapping[str, Activity],
        deviations: float,
    ) -> None:
        self._drift, self._course = drift, course
        self._activities, self._deviations = activities, deviations
        free, units = course.free, range(len(drift.units))
        self._groups = [group_of(unit, free.covariance, free.weight) for unit in units]

    def verdict(self, muscle: str) -> FatigueVerdict:
        """Return the verdict on a muscle."""
        unit = self._drift.unit_of(muscle)
        assert unit is not None
        members = self._groups[unit]
        if members is None:
            return FatigueVerdict(muscle, Kind.NOT_IDENTIFIABLE, _UNKNOWN, None)
        change = self._change(members)
        evidence = self._evidence(muscle, members, change)
        kind, sentence = judge(evidence)
        if len(members) == 1:
            return FatigueVerdict(muscle, kind, sentence, evidence)
        names = tuple(name for i in members for name in self._drift.units[i].split("+"))
        if self._is_anothers(muscle, kind, members, names, change):
            kind = Kind.NOT_IDENTIFIABLE
        together = " and ".join(map(plain, names))
        sentence = f"{together} together, which of them is not known: {sentence}"
        return FatigueVerdict(muscle, kind, sentence, evidence, names)

    def _is_anothers(
        self,
        muscle: str,
        kind: Kind,
        members: Sequence[int],
        names: Sequence[str],
        change: Fall | None,
    ) -> bool:
        """Tell whether what a group does may be another's alone.

        It is where one is known without it or, if its own EMG shows no fatigue, one's does.
        """
        if any(self._groups[other] == (other,) for other in members):
            return True
        others = [name for name in names if name != muscle and name in self._activities]
        kinds = {judge(self._evidence(name, members, change))[0] for name in others}
        return kind is not Kind.FATIGUE and Kind.FATIGUE in kinds

    def _parts(self, members: Sequence[int]) -> list[tuple[Change, float]]:
        """Return the changes of the members, each with the part it has in their mean."""
        weight = self._course.free.weight
        total = float(weight[list(members)].sum())
        found = [one for one in self._course.changes if one.unit in members]
        return [(one, float(weight[one.unit]) / total) for one in found]

    def _change(self, members: Sequence[int]) -> Fall | None:
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

    def _evidence(self, muscle: str, members: Sequence[int], change: Fall | None) -> Evidence:
        activity = self._activities[muscle]
        shape = self._shape(members, change, activity.t)
        known = activity.frequency(shape, self._deviations)
        return Evidence(
            force=change.share if change else self._allowed(members),
            change=change,
            frequency=known and known[0],
            frequency_hz=known and known[1],
            amplitude=activity.loudness(shape, self._deviations) if change else None,
        )

    def _shape(self, members: Sequence[int], change: Fall | None, t: Array) -> Array:
        """Return how far the change has come at times in s; without one, how far the session."""
        if change is None:
            first, last = self._course.t[0], self._course.t[-1]
            return np.asarray(np.clip((t - first) / (last - first), 0.0, 1.0))
        parts = self._parts(members)
        done = sum(part * one.share.value * one.done(t) for one, part in parts)
        return np.asarray(done / change.share.value)

    def _allowed(self, members: Sequence[int]) -> Share:
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
