"""What has been heard of the calibrator: kept where it outlives predictor and calibrator."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, TypedDict

from daemon.ipc.messages import CertaintyMap, UpdateMessage
from pipeline.output.message import CalibratorReport
from pipeline.streams import clock

MOST_MUSCLES = 150
"""Of more muscles a message with their parameters has no room for how well each is known."""
MOST_COMBINATIONS = 50
"""Nor has it for more combinations."""


@dataclass(frozen=True)
class Heard:
    """The calibrator's updates so far.

    Parameters
    ----------
    update
        The newest; None before there is any.
    at
        When it came, s on the LSL clock.
    count
        How many have come, whatever became of them.
    version
        The set in force after the newest.
    certainty
        How well each parameter of that set is known; None where nobody knows.
    refused
        How many candidates were not put in force, by the reason.
    """

    update: UpdateMessage | None = None
    at: float = 0.0
    count: int = 0
    version: int = 0
    certainty: CertaintyMap | None = None
    refused: Mapping[str, int] = field(default_factory=dict)

    def step(self, update: UpdateMessage) -> Heard:
        """Return what has been heard once this has come, too."""
        newer = update.version > self.version
        return Heard(
            update,
            clock.now(),
            self.count + 1,
            update.version if newer else self.version,
            update.certainty if newer else self.certainty,
            _counted(self.refused, update.reason),
        )

    def report(self, now: float) -> CalibratorReport | None:
        """Return what a status says of it at `now`, s; None before there is any update."""
        update = self.update
        if update is None:
            return None
        return CalibratorReport(
            result=update.result,
            sentence=update.sentence,
            version=update.version,
            loss=update.loss,
            seconds=update.seconds,
            age_s=now - self.at,
            count=self.count,
            error_before=update.error_before,
            error_after=update.error_after,
            reason=update.reason or "",
            refused=dict(self.refused),
        )


def _counted(counts: Mapping[str, int], reason: str | None) -> Mapping[str, int]:
    """Return counts with one more of a reason; the same where there is none."""
    return counts if reason is None else {**counts, str(reason): counts.get(reason, 0) + 1}


NOTHING = Heard()
"""Before the calibrator has said a word."""


class Known(TypedDict):
    """How well parameters are known, as messages tell it."""

    deviation: dict[str, list[float]]
    identifiability: dict[str, tuple[str, ...]]
    combinations: list[dict[str, Any]]


def told_of(certainty: CertaintyMap | None, muscles: int) -> Known:
    """Return what messages tell of how well a set is known; empty where nobody knows.

    Parameters
    ----------
    certainty
        Of the set.
    muscles
        How many the set has; of more than `MOST_MUSCLES` nothing is told.
    """
    if certainty is None or muscles > MOST_MUSCLES:
        return {"deviation": {}, "identifiability": {}, "combinations": []}
    words = {name: tuple(map(str, kinds)) for name, kinds in certainty.identifiability.items()}
    pairs = [pair.model_dump(mode="json") for pair in certainty.combinations[:MOST_COMBINATIONS]]
    return {
        "deviation": certainty.deviation,
        "identifiability": words,
        "combinations": pairs,
    }
