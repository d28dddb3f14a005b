"""A verdict on a muscle's fatigue, and the numbers that it is said on."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any

from pipeline.drift.falls import Fall
from pipeline.drift.share import Share


class Kind(StrEnum):
    """What is said of a muscle."""

    FATIGUE = "consistent with fatigue"
    ELECTRODE = "electrode or gain change"
    UNEXPLAINED = "change without a sign in the EMG"
    NOT_IDENTIFIABLE = "not identifiable"
    STABLE = "stable"


@dataclass(frozen=True)
class Evidence:
    """The numbers behind a verdict."""

    force: Share
    """Change of force for a given EMG: the one found, or what the data allow."""
    change: Fall | None
    """None where no change stands out."""
    frequency: Share | None
    """Change of the median frequency beside amplitude and fibre length; None if not known."""
    frequency_hz: tuple[float, float] | None
    """Median frequency before it and after, Hz; None where not known."""
    amplitude: Share | None
    """Change of the EMG's amplitude; None where it is not known."""


@dataclass(frozen=True)
class FatigueVerdict:
    """What is said of a muscle, and the numbers it is said on."""

    muscle: str
    kind: Kind
    sentence: str
    evidence: Evidence | None
    """None where there is too little to tell anything."""
    together: tuple[str, ...] = ()
    """The muscles, itself among them, of which that is said as a whole; empty where of it alone."""

    def figures(self) -> dict[str, Any]:
        """Return the verdict as plain data."""
        return asdict(self)
