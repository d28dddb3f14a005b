"""Messages between predictor and calibrator, over ZeroMQ, as msgpack maps.

The predictor publishes paired rows; the calibrator publishes updates. Either may be absent, slow
or restarted: nobody waits, and what a full queue cannot take is lost.
"""

from __future__ import annotations

import logging
import math
from collections.abc import Mapping
from dataclasses import replace
from typing import Annotated, ClassVar

import msgpack
import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field

from pipeline.drift.following import NOTHING, Followed, Loss
from pipeline.drift.judged import Standing
from pipeline.drift.statistics import Drift, DriftStatistics
from pipeline.emg.synthesis import SynergyWeights
from pipeline.model.identifiability import (
    BoneNumber,
    Combination,
    Confidence,
    Identifiability,
    Joining,
)
from pipeline.model.subject import Subject
from pipeline.timebase.rows import NO_MOTION, PairedRows
from pipeline.update import Backtested, Reason, Result, Update

MAX_BYTES = 4_000_000
"""No longer message is read."""
MAX_ITEMS = 10_000
"""No list in a message is longer, and no map larger."""
MOST_SETS = 20
"""Nor are more sets scored beside the one in force."""

logger = logging.getLogger(__name__)

Array = NDArray[np.float64]
Block = Annotated[bytes, Field(max_length=2_000_000)]
"""Numbers as little-endian float64, or a frame of another channel."""
Numbers = list[float]
Finite = Annotated[float, Field(allow_inf_nan=False)]
Values = dict[str, list[Finite]]
"""For each calibrated parameter one number per muscle."""
Multipliers = dict[str, Annotated[float, Field(gt=0, allow_inf_nan=False)]]
"""`Subject.bones`. Whatever these are, they are bones that can exist."""


class LinkMessage(BaseModel):
    """A validated message of the link."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    topic: ClassVar[str]

    def pack(self) -> bytes:
        """Return the frame: topic, a space, a msgpack map."""
        body: bytes = msgpack.packb(self.model_dump())
        return self.topic.encode("ascii") + b" " + body


class RowsMessage(LinkMessage):
    """Paired rows; arrays as lists, NaN in `moment` or `motion` where there is no reference."""

    topic: ClassVar[str] = "rows"
    t: list[Finite]
    excitation: list[list[Finite]]
    length: list[list[Finite]]
    moment_arm: list[list[list[Finite]]]
    moment: list[Numbers]
    valid: list[bool]
    measured: list[list[bool]]
    motion: list[list[Numbers]] = []

    @classmethod
    def of(cls, rows: PairedRows) -> RowsMessage:
        """Return the message that carries `rows`."""
        return cls.model_construct(**{k: v.tolist() for k, v in rows._asdict().items()})

    def rows(self) -> PairedRows:
        """Return the rows as arrays; raises ValueError if their shapes do not agree."""
        n = len(self.t)
        rows = PairedRows(
            t=np.array(self.t, dtype=np.float64),
            excitation=np.array(self.excitation, dtype=np.float64),
            length=np.array(self.length, dtype=np.float64),
            moment_arm=np.array(self.moment_arm, dtype=np.float64),
            moment=np.array(self.moment, dtype=np.float64),
            valid=np.array(self.valid, dtype=bool),
            measured=np.array(self.measured, dtype=bool),
        )
        if self.motion:
            rows = rows._replace(motion=np.array(self.motion, dtype=np.float64))
        shapes = [part.shape for part in rows]
        axes = [len(shape) for shape in shapes]
        counted = shapes if rows.moves else shapes[:-1]
        wrong = axes != [1, 2, 2, 3, 2, 1, 2, 3] or any(shape[0] != n for shape in counted)
        if wrong or rows.motion.shape[1] != NO_MOTION.shape[1]:
            raise ValueError(f"rows of shapes {shapes} do not fit together")
        return rows


class BoneMap(BaseModel):
    """`pipeline.calibrate.confidence.BoneNumber`."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    factor: Finite
    deviation: Finite
    identifiability: Identifiability


class CombinationMap(BaseModel):
    """`pipeline.model.identifiability.Combination`."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    first: str
    second: str
    joining: Joining
    value: Finite
    deviation: Finite


class CertaintyMap(BaseModel):
    """How well each parameter of a set is known; what is kept of it to go back to."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    deviation: Values
    identifiability: dict[str, tuple[Identifiability, ...]]
    combinations: list[CombinationMap] = []


class ConfidenceMap(CertaintyMap):
    """`pipeline.calibrate.confidence.Confidence`, arrays as lists."""

    directions: list[Values]
    residual: list[Finite]
    bones: dict[str, BoneMap] = {}
    delay_deviation_s: Finite = 0.0

    @classmethod
    def of(cls, confidence: Confidence) -> ConfidenceMap:
        """Return the map that carries `confidence`."""
        return cls(
            deviation=_lists(confidence.deviation),
            identifiability=confidence.identifiability,
            directions=[_lists(values) for values in confidence.directions],
            residual=list(confidence.residual),
            bones={label: BoneMap(**vars(number)) for label, number in confidence.bones.items()},
            delay_deviation_s=confidence.delay_deviation_s,
            combinations=[CombinationMap(**vars(pair)) for pair in confidence.combinations],
        )

    def confidence(self) -> Confidence:
        """Return the confidence as arrays."""
        return Confidence(
            deviation=_arrays(self.deviation),
            identifiability=self.identifiability,
            directions=tuple(_arrays(values) for values in self.directions),
            residual=tuple(self.residual),
            bones={label: BoneNumber(**dict(number)) for label, number in self.bones.items()},
            delay_deviation_s=self.delay_deviation_s,
            combinations=tuple(Combination(**dict(pair)) for pair in self.combinations),
        )


class SynergyMap(BaseModel):
    """`pipeline.emg.synthesis.SynergyWeights`, arrays as lists."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    weights: list[list[Finite]]
    unit: list[Finite]

    def synergies(self) -> SynergyWeights:
        """Return the weights as arrays."""
        return SynergyWeights(np.array(self.weights), np.array(self.unit))


class LossMap(BaseModel):
    """`pipeline.drift.following.Loss`."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    unit: str
    share: Finite
    low: Finite
    high: Finite
    since: Finite

    def loss(self) -> Loss:
        """Return the loss."""
        return Loss(**dict(self))


class JudgedMap(BaseModel):
    """`pipeline.drift.judged.Judged`."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    unit: str
    together: list[int]
    standing: Standing
    change: Finite | None
    deviation: Finite | None
    since: Finite | None


class DriftMap(BaseModel):
    """`pipeline.drift.statistics.Drift`, arrays as lists."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    units: list[str]
    factor: list[Finite]
    deviation: list[Finite]
    fibre_length: list[Finite]
    t: Finite
    baseline: Finite
    statistics: Block
    """As `DriftStatistics.packed` makes them."""
    losses: list[LossMap] = []
    """What there is an alarm of."""

    judged: list[JudgedMap] = []
    """What was found of each unit; empty where it was not looked for anew."""

    @classmethod
    def of(cls, drift: Drift, followed: Followed = NOTHING) -> DriftMap:
        """Return the map that carries `drift`, and what was found following it."""
        told = drift.statistics
        return cls(
            units=list(drift.units),
            factor=drift.factor.tolist(),
            deviation=drift.deviation.tolist(),
            fibre_length=drift.fibre_length.tolist(),
            t=told.t,
            baseline=told.baseline,
            statistics=told.packed(),
            losses=[LossMap(**loss._asdict()) for loss in followed.losses],
            judged=[JudgedMap(**one._asdict()) for one in followed.judged],
        )

    def published(self) -> list[dict[str, object]]:
        """Return the fields of `pipeline.output.message.MuscleChange` of each unit."""
        told = (one.model_dump(exclude={"unit", "standing"}) for one in self.judged)
        return [
            {"muscle": one.unit, "verdict": str(one.standing), **rest}
            for one, rest in zip(self.judged, told, strict=True)
        ]

    def drift(self) -> Drift:
        """Return the drift; raises ValueError where its statistics are none."""
        return Drift(
            tuple(self.units),
            np.array(self.factor),
            np.array(self.deviation),
            np.array(self.fibre_length),
            DriftStatistics.unpacked(self.t, self.baseline, self.statistics),
        )


class BacktestMap(BaseModel):
    """`pipeline.update.Backtested`."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    version: int
    since_t: Finite | None
    rmse: list[Finite]
    samples: list[int]

    def backtested(self) -> Backtested:
        """Return the errors."""
        return Backtested(self.version, self.since_t, tuple(self.rmse), tuple(self.samples))


class UpdateMessage(LinkMessage):
    """What became of an update, and the parameters in force after it."""

    topic: ClassVar[str] = "update"
    result: Result
    sentence: str
    version: Annotated[int, Field(ge=0)]
    t: Finite
    values: Values
    delay_s: Finite | None
    bones: Multipliers
    loss: Finite | None
    rmse: list[Finite] | None
    seconds: Finite
    at_bound: list[str]
    steps: int
    fallbacks: int
    candidate: Values | None
    error_before: Finite | None
    error_after: Finite | None
    judged: list[bool]
    confidence: ConfidenceMap | None
    synergies: SynergyMap | None = None
    drift: DriftMap | None = None
    backtest: Annotated[list[BacktestMap], Field(max_length=MOST_SETS)] = []
    reason: Reason | None = None
    restored: Annotated[int, Field(ge=0)] | None = None
    """Version whose parameters have come back, after a rollback."""
    restored_certainty: CertaintyMap | None = None
    """How well those were known, where that was kept."""

    @property
    def certainty(self) -> CertaintyMap | None:
        """How well the set that the update has put in force is known; None where nobody knows."""
        return self.confidence or self.restored_certainty

    @classmethod
    def of(
        cls,
        update: Update,
        restored: int | None = None,
        restored_certainty: CertaintyMap | None = None,
        followed: Followed = NOTHING,
    ) -> UpdateMessage:
        """Return the message that tells of `update`, which may have `restored` a version."""
        return cls(
            result=update.result,
            sentence=update.sentence,
            version=update.version,
            t=update.t,
            values=_lists(update.subject.values()),
            delay_s=update.subject.delay_s,
            bones=dict(update.subject.bones),
            loss=update.loss,
            rmse=list(update.rmse) if update.rmse else None,
            seconds=update.seconds,
            at_bound=update.at_bound,
            steps=update.steps,
            fallbacks=update.fallbacks,
            candidate=None if update.candidate is None else _lists(update.candidate.values()),
            error_before=_finite(update.error_before),
            error_after=_finite(update.error_after),
            judged=list(update.judged),
            confidence=update.confidence and ConfidenceMap.of(update.confidence),
            synergies=update.synergies
            and SynergyMap(**{k: v.tolist() for k, v in update.synergies._asdict().items()}),
            drift=update.drift and DriftMap.of(update.drift, followed),
            backtest=[
                BacktestMap(**one._asdict())
                for one in update.backtest
                if all(map(math.isfinite, one.rmse))
            ],
            reason=update.reason,
            restored=restored,
            restored_certainty=restored_certainty,
        )

    def subject(self, like: Subject) -> Subject:
        """Return the person the message describes; raises as `described`."""
        return described(like, self.values, self.bones, self.delay_s)

    def update(self, like: Subject) -> Update:
        """Return the update that the message tells of; raises as `described`, or `DriftMap`."""
        return Update(
            result=self.result,
            sentence=self.sentence,
            version=self.version,
            t=self.t,
            subject=self.subject(like),
            loss=self.loss,
            rmse=tuple(self.rmse) if self.rmse else None,
            seconds=self.seconds,
            steps=self.steps,
            fallbacks=self.fallbacks,
            at_bound=self.at_bound,
            candidate=None if self.candidate is None else like.with_values(_arrays(self.candidate)),
            error_before=self.error_before,
            error_after=self.error_after,
            judged=tuple(self.judged),
            confidence=self.confidence.confidence() if self.confidence else None,
            synergies=self.synergies.synergies() if self.synergies else None,
            drift=self.drift.drift() if self.drift else None,
            backtest=tuple(one.backtested() for one in self.backtest),
        )


def described(like: Subject, values: Values, bones: Multipliers, delay_s: float | None) -> Subject:
    """Return the person that a message describes, with the muscles and bones of `like`.

    Raises
    ------
    ValueError
        If the parameters are not one number for each muscle of `like`, or the bones are others.
    """
    wrong = [k for k, v in values.items() if len(v) != len(like.muscles)]
    if wrong or set(values) != set(like.values()):
        raise ValueError(f"parameters {sorted(values)} do not fit {len(like.muscles)} muscles")
    if set(bones) != set(like.bones):
        raise ValueError(f"bones {sorted(bones)} where {sorted(like.bones)} are needed")
    return replace(like.with_values(_arrays(values)), bones=bones, delay_s=delay_s)


def _finite(value: float | None) -> float | None:
    """Return a number, None where it is none: a score that overflowed says as little."""
    return value if value is not None and math.isfinite(value) else None


def _lists(values: Mapping[str, Array]) -> dict[str, list[float]]:
    return {name: value.tolist() for name, value in values.items()}


def _arrays(values: Mapping[str, list[float]]) -> dict[str, Array]:
    return {name: np.array(value) for name, value in values.items()}
