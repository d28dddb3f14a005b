"""Drift while it happens: who gives less for the same EMG, told once and taken back once.

The same search as over a whole session, every few seconds over what has come so far.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from pipeline.anatomy.names import plain
from pipeline.drift.changes import Change, Course, course_of
from pipeline.drift.judged import Judged, judgements
from pipeline.drift.statistics import Drift, DriftStatistics, gathered

EVERY_S = 15.0
"""So often it is looked for changes, s: a search takes a good part of a second."""
RAISED, CLEARED = -0.10, -0.05
"""Net changes below which an alarm is raised, and above which it is taken back."""
MISSED = 0.05
"""Probability that any interval of any unit misses the truth."""
_MOST_KEPT = 1000
"""Stretches kept; more are added up to longer ones."""


class Loss(NamedTuple):
    """A unit that gives less for the same EMG than when the person was found."""

    unit: str
    share: float
    """Net change as a share: -0.18 is 18 % less."""
    low: float
    high: float
    """The interval that holds it."""
    since: float
    """When it began, s."""

    def sentence(self, t: float) -> str:
        """Return what there is to say of it at a time in s."""
        minutes, seconds = divmod(round(max(0.0, t - self.since)), 60)
        names = " and ".join(map(plain, self.unit.split("+")))
        return (
            f"For {minutes}:{seconds:02d} min {names} has given less force for the same EMG, now "
            f"{-self.share:.0%} less: fatigue, or its electrode."
        )

    @property
    def over(self) -> str:
        """What there is to say once it is over."""
        names = " and ".join(map(plain, self.unit.split("+")))
        return f"The force of {names} for the same EMG is about what it was."

    @property
    def left_open(self) -> str:
        """What there is to say once there is another baseline."""
        names = " and ".join(map(plain, self.unit.split("+")))
        return (
            f"{names} is compared to another baseline from here on; when it began, its force for "
            f"the same EMG was about {-self.share:.0%} less than at the one before."
        )


class Followed(NamedTuple):
    """What there is to say after a stride."""

    losses: tuple[Loss, ...] = ()
    """The losses that there are an alarm of."""
    judged: tuple[Judged, ...] = ()
    """What was found of each unit; empty where it was not looked for anew."""


NOTHING = Followed()


class DriftFollower:
    """Looks for losses as data come, with a hysteresis for each unit."""

    def __init__(self) -> None:
        self._told: list[DriftStatistics] = []
        self._searched = -float("inf")
        self._losses: tuple[Loss, ...] = ()

    def add(self, drift: Drift | None) -> Followed:
        """Take what a stride tells, and look again if it is time; return what there is to say."""
        if drift is None:
            return Followed(self._losses)
        new = drift.statistics
        if self._told and new.baseline != self._told[-1].baseline:
            self._told, self._losses = [], ()
        self._told.append(new)
        if len(self._told) > _MOST_KEPT:
            lasted = new.t - self._told[0].t
            self._told = gathered(self._told, 2.0 * lasted / _MOST_KEPT)
        if new.t - self._searched < EVERY_S:
            return Followed(self._losses)
        self._searched = new.t
        confidence = 1.0 - MISSED / len(drift.units)
        course = course_of(self._told, len(drift.units), confidence)
        if course is None:
            return Followed(self._losses)
        self._losses = self._alarms(course, drift.units)
        return Followed(self._losses, judgements(course, drift.units, confidence))

    def _alarms(self, course: Course, units: Sequence[str]) -> tuple[Loss, ...]:
        """Return the losses that there is an alarm of now."""
        alarmed = {loss.unit for loss in self._losses}
        found = (
            _loss(name, [one for one in course.changes if one.unit == place])
            for place, name in enumerate(units)
        )
        return tuple(
            loss
            for loss in found
            if loss is not None
            and loss.share <= (CLEARED if loss.unit in alarmed else RAISED)
            and (loss.unit in alarmed or loss.high < CLEARED)
        )


def _loss(unit: str, changes: Sequence[Change]) -> Loss | None:
    """Return the sum of a unit's changes so far, None where there is none."""
    if not changes:
        return None
    value, low, high = (
        sum(getattr(one.share, end) for one in changes) for end in ("value", "low", "high")
    )
    return Loss(unit, value, low, high, changes[0].onset[0])
