"""What it would have cost to stop learning earlier: frozen sets beside the one that goes on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from daemon.report.quality.records import Records, SetRecord
from pipeline.sentences import listed

Array = NDArray[np.float64]

LEAST_LATER_S = 10.0
"""A frozen set is told of once it was judged on so much data after the last that it saw, s."""
AS_WELL = 0.05
"""An error that is larger by this share or less is as good."""
LEAST_NM = 0.1
"""So is one that is larger by less than this, N*m."""


@dataclass(frozen=True)
class FrozenQuality:
    """How one joint of a frozen set did on all later data, beside the set that went on learning."""

    dof: str
    after_s: float
    """Data behind it, s."""
    later_s: float
    """From then to the newest data it was judged on, s."""
    frozen_nm: float
    """Its RMSE, N*m."""
    learning_nm: float
    """RMSE of the set in force on the same data, N*m."""

    @property
    def worse_nm(self) -> float:
        """By how much it does worse, N*m; negative where it does better."""
        return self.frozen_nm - self.learning_nm

    @property
    def as_well(self) -> bool:
        """Whether it does as well."""
        return self.worse_nm <= max(AS_WELL * self.learning_nm, LEAST_NM)


def frozen_qualities(records: Records) -> list[FrozenQuality]:
    """Return how each frozen set did, per joint, the earliest set first."""
    found = [
        _quality(dof, one, records.learning[dof])
        for dof, sets in records.frozen.items()
        if dof in records.learning
        for one in sets
    ]
    told = [one for one in found if one is not None]
    return sorted(told, key=lambda one: one.after_s)


def against_learning(one: SetRecord, learning: SetRecord) -> tuple[Array, Array, Array, Array]:
    """Return times since it was frozen, s, its errors and those of the set in force, and counts.

    Each of shape [update], errors in N*m, at the updates at which both were judged.
    """
    _, of_one, of_learning = np.intersect1d(one.t_s, learning.t_s, return_indices=True)
    return (
        one.t_s[of_one] - one.since_s,
        one.rmse[of_one],
        learning.rmse[of_learning],
        one.samples[of_one],
    )


def _quality(dof: str, one: SetRecord, learning: SetRecord) -> FrozenQuality | None:
    age, frozen, goes_on, count = against_learning(one, learning)
    if not len(age) or age[-1] < LEAST_LATER_S:
        return None
    pooled = (float(np.sqrt(np.average(errors**2, weights=count))) for errors in (frozen, goes_on))
    return FrozenQuality(dof, one.since_s, float(age[-1]), *pooled)


def in_words(qualities: Sequence[FrozenQuality]) -> str:
    """Return in a sentence how early learning could have stopped, and at what price."""
    if not qualities:
        return (
            "How a frozen set would have done is not known: no set was adopted, or the session is "
            "too short."
        )
    by_set: dict[float, list[FrozenQuality]] = {}
    for one in qualities:
        by_set.setdefault(one.after_s, []).append(one)
    for after_s, joints in by_set.items():
        if all(joint.as_well for joint in joints):
            return f"A set frozen after {after_s:.0f} s does as well as one that goes on learning."
    after_s, joints = max(by_set.items())
    worse = [f"{one.dof} by {one.worse_nm:.2f} N·m" for one in joints if not one.as_well]
    return (
        f"A set frozen after {after_s:.0f} s, the latest that was kept, does worse than one that "
        f"goes on learning: {listed(worse, len(worse))}."
    )
