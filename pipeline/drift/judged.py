"""What drift says of each muscle while a session goes on, by force alone."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from math import hypot
from statistics import NormalDist
from typing import NamedTuple

from pipeline.drift.changes import Course
from pipeline.drift.falls import Fall, Falls, Members
from pipeline.drift.share import Share


class Standing(StrEnum):
    """How a muscle's force for the same EMG stands to what it was."""

    STABLE = "stable"
    LESS = "gives less"
    MORE = "gives more"
    NOT_IDENTIFIABLE = "not identifiable"


class Judged(NamedTuple):
    """What is said of a unit."""

    unit: str
    together: Members
    """Places of the units of which it is said as a whole, itself among them; empty where of it
    alone."""
    standing: Standing
    change: float | None
    """Net change as a share of what was: -0.2 is a fifth less; None where it is not known."""
    deviation: float | None
    """Its standard deviation."""
    since: float | None
    """When the change began, s; None where there is none."""


def judgements(course: Course, units: Sequence[str], confidence: float) -> tuple[Judged, ...]:
    """Return what is said of each unit.

    Parameters
    ----------
    course
        What has changed.
    units
        Names, in the order of the course's.
    confidence
        Of the intervals that the course has.
    """
    deviations = NormalDist().inv_cdf(0.5 + 0.5 * confidence)
    falls = Falls(course, deviations)
    return tuple(
        _judged(units, place, members, falls, deviations)
        for place, members in enumerate(falls.groups)
    )


def _judged(
    units: Sequence[str], place: int, members: Members | None, falls: Falls, deviations: float
) -> Judged:
    if members is None:
        return Judged(units[place], (), Standing.NOT_IDENTIFIABLE, None, None, None)
    change, alone = falls.change(members), len(members) == 1
    anothers = not alone and falls.one_is_known(members)
    shares = _shares(change) if change else (falls.allowed(members),)
    return Judged(
        units[place],
        () if alone else members,
        Standing.NOT_IDENTIFIABLE if anothers else _standing(change),
        sum(one.value for one in shares),
        hypot(*((one.high - one.low) / (2.0 * deviations) for one in shares)),
        change.onset[0] if change else None,
    )


def _shares(change: Fall) -> tuple[Share, ...]:
    """Return what has changed, and what of it went back."""
    return (change.share,) if change.regained is None else (change.share, change.regained)


def _standing(change: Fall | None) -> Standing:
    if change is None:
        return Standing.STABLE
    return Standing.LESS if change.share.falls else Standing.MORE
