"""Standings: what is thought of a part of a session, the worst of what was found about it."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from typing import NamedTuple


class Standing(StrEnum):
    """How far something can be trusted."""

    GOOD = "good"
    DOUBTFUL = "doubtful"
    BAD = "bad"
    UNKNOWN = "not known"


_ORDER = (Standing.BAD, Standing.DOUBTFUL, Standing.GOOD, Standing.UNKNOWN)


class Finding(NamedTuple):
    """Something that is wrong, or not known."""

    standing: Standing
    sentence: str


def graded(value: float | None, doubtful: float, bad: float) -> Standing:
    """Return the standing of a number that is the worse the larger it is."""
    if value is None:
        return Standing.UNKNOWN
    if value > bad:
        return Standing.BAD
    return Standing.DOUBTFUL if value > doubtful else Standing.GOOD


def worst(standings: Sequence[Standing]) -> Standing:
    """Return the worst of some; what is not known does not count beside what is."""
    return min(standings, key=_ORDER.index, default=Standing.UNKNOWN)


def troubles(findings: Sequence[Finding]) -> list[Finding]:
    """Return what is wrong, the worst first."""
    wrong = [one for one in findings if one.standing in (Standing.BAD, Standing.DOUBTFUL)]
    return sorted(wrong, key=lambda one: _ORDER.index(one.standing))
