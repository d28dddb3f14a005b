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
from statistics import NormalDist

from daemon.report.activity import Activity
from daemon.report.drifting import Drifting
from daemon.report.judgement import judge
from daemon.report.material import Material
from daemon.report.verdict import Evidence, FatigueVerdict, Kind
from pipeline.anatomy.names import plain
from pipeline.drift.changes import Course
from pipeline.drift.falls import Fall, Falls, Members
from pipeline.drift.following import MISSED

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
        self._drift, self._falls = drift, Falls(course, deviations)
        self._activities, self._deviations = activities, deviations

    def verdict(self, muscle: str) -> FatigueVerdict:
        """Return the verdict on a muscle."""
        unit = self._drift.unit_of(muscle)
        assert unit is not None
        members = self._falls.groups[unit]
        if members is None:
            return FatigueVerdict(muscle, Kind.NOT_IDENTIFIABLE, _UNKNOWN, None)
        change = self._falls.change(members)
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
        members: Members,
        names: Sequence[str],
        change: Fall | None,
    ) -> bool:
        """Tell whether what a group does may be another's alone.

        It is where one is known without it or, if its own EMG shows no fatigue, one's does.
        """
        if self._falls.one_is_known(members):
            return True
        others = [name for name in names if name != muscle and name in self._activities]
        kinds = {judge(self._evidence(name, members, change))[0] for name in others}
        return kind is not Kind.FATIGUE and Kind.FATIGUE in kinds

    def _evidence(self, muscle: str, members: Members, change: Fall | None) -> Evidence:
        activity = self._activities[muscle]
        shape = self._falls.shape(members, change, activity.t)
        known = activity.frequency(shape, self._deviations)
        return Evidence(
            force=change.share if change else self._falls.allowed(members),
            change=change,
            frequency=known and known[0],
            frequency_hz=known and known[1],
            amplitude=activity.loudness(shape, self._deviations) if change else None,
        )
