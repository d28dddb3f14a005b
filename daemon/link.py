"""What predictor and calibrator tell each other, over ZeroMQ, as msgpack maps.

The predictor publishes paired rows; the calibrator publishes updates. Either may be absent, slow
or restarted: nobody waits, and what a full queue cannot take is lost.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import replace
from typing import Annotated, ClassVar

import msgpack
import numpy as np
import zmq
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field

from pipeline.calibrate.confidence import BoneNumber, Confidence, Standing
from pipeline.calibrate.result import Result, Update
from pipeline.calibrate.window import NO_MOTION, PairedRows
from pipeline.model.subject import Subject
from pipeline.synthesis import SynergyWeights

QUEUE = 200
"""Messages kept for a peer that is busy: 20 s of rows."""
MAX_BYTES = 4_000_000
"""No longer message is read."""
MAX_ITEMS = 10_000
"""No list in a message is longer, and no map larger."""

logger = logging.getLogger(__name__)

Array = NDArray[np.float64]
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
    standing: Standing


class ConfidenceMap(BaseModel):
    """`pipeline.calibrate.confidence.Confidence`, arrays as lists."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    deviation: Values
    standing: dict[str, tuple[Standing, ...]]
    directions: list[Values]
    residual: list[Finite]
    bones: dict[str, BoneMap] = {}

    @classmethod
    def of(cls, confidence: Confidence) -> ConfidenceMap:
        """Return the map that carries `confidence`."""
        return cls(
            deviation=_lists(confidence.deviation),
            standing=confidence.standing,
            directions=[_lists(values) for values in confidence.directions],
            residual=list(confidence.residual),
            bones={label: BoneMap(**vars(number)) for label, number in confidence.bones.items()},
        )

    def confidence(self) -> Confidence:
        """Return the confidence as arrays."""
        return Confidence(
            deviation=_arrays(self.deviation),
            standing=self.standing,
            directions=tuple(_arrays(values) for values in self.directions),
            residual=tuple(self.residual),
            bones={label: BoneNumber(**dict(number)) for label, number in self.bones.items()},
        )


class SynergyMap(BaseModel):
    """`pipeline.synthesis.SynergyWeights`, arrays as lists."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    weights: list[list[Finite]]
    unit: list[Finite]

    def synergies(self) -> SynergyWeights:
        """Return the weights as arrays."""
        return SynergyWeights(np.array(self.weights), np.array(self.unit))


class UpdateMessage(LinkMessage):
    """What became of an update, and the parameters in force after it."""

    topic: ClassVar[str] = "update"
    result: Result
    sentence: str
    version: Annotated[int, Field(ge=0)]
    t: Finite
    values: Values
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
    confidence: ConfidenceMap | None
    synergies: SynergyMap | None = None

    @classmethod
    def of(cls, update: Update) -> UpdateMessage:
        """Return the message that tells of `update`."""
        return cls(
            result=update.result,
            sentence=update.sentence,
            version=update.version,
            t=update.t,
            values=_lists(update.subject.values()),
            bones=dict(update.subject.bones),
            loss=update.loss,
            rmse=list(update.rmse) if update.rmse else None,
            seconds=update.seconds,
            at_bound=update.at_bound,
            steps=update.steps,
            fallbacks=update.fallbacks,
            candidate=None if update.candidate is None else _lists(update.candidate.values()),
            error_before=update.error_before,
            error_after=update.error_after,
            confidence=update.confidence and ConfidenceMap.of(update.confidence),
            synergies=update.synergies
            and SynergyMap(**{k: v.tolist() for k, v in update.synergies._asdict().items()}),
        )

    def subject(self, like: Subject) -> Subject:
        """Return the person the message describes; raises as `described`."""
        return described(like, self.values, self.bones)


def described(like: Subject, values: Values, bones: Multipliers) -> Subject:
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
    return replace(like.with_values(_arrays(values)), bones=bones)


class Speaker:
    """The publishing end; bound."""

    def __init__(self, address: str) -> None:
        self._socket: zmq.Socket[bytes] = zmq.Context.instance().socket(zmq.PUB)
        self._socket.setsockopt(zmq.SNDHWM, QUEUE)
        self._socket.setsockopt(zmq.LINGER, 0)
        self._socket.bind(address)

    def send(self, message: LinkMessage) -> None:
        """Send, or lose the message where a peer's queue is full; never waits."""
        self._socket.send(message.pack(), zmq.NOBLOCK)

    def close(self) -> None:
        """Release the address."""
        self._socket.close()


class Listener:
    """The receiving end; connects, whether or not anyone is there.

    Parameters
    ----------
    address
        Where the peer publishes.
    kinds
        The messages to listen for.
    """

    def __init__(self, address: str, *kinds: type[LinkMessage]) -> None:
        self._kinds = {kind.topic.encode("ascii"): kind for kind in kinds}
        self._socket: zmq.Socket[bytes] = zmq.Context.instance().socket(zmq.SUB)
        self._socket.setsockopt(zmq.RCVHWM, QUEUE)
        self._socket.setsockopt(zmq.LINGER, 0)
        self._socket.setsockopt(zmq.MAXMSGSIZE, MAX_BYTES)
        for topic in self._kinds:
            self._socket.setsockopt(zmq.SUBSCRIBE, topic + b" ")
        self._socket.connect(address)
        self.refused = 0
        """Messages that did not make sense."""

    def receive(self, wait_s: float = 0.0) -> LinkMessage | None:
        """Return the next message, or None if none comes within `wait_s` or it makes no sense."""
        if not self._socket.poll(round(1000 * wait_s)):
            return None
        message = read(self._socket.recv(), self._kinds)
        self.refused += message is None
        return message

    def close(self) -> None:
        """Release the connection."""
        self._socket.close()


def read(frame: bytes, kinds: Mapping[bytes, type[LinkMessage]]) -> LinkMessage | None:
    """Return the message in a frame, or None where there is none of these kinds.

    Parameters
    ----------
    frame
        What came; whatever it is, nothing is raised.
    kinds
        The messages that may come, by topic.
    """
    topic, _, body = frame.partition(b" ")
    kind = kinds.get(topic)
    try:
        if kind is None or len(frame) > MAX_BYTES:
            raise ValueError(f"{len(frame)} bytes with the topic {topic[:20]!r}")
        limits = {"max_array_len": MAX_ITEMS, "max_map_len": MAX_ITEMS}
        return kind.model_validate(msgpack.unpackb(body, max_ext_len=0, **limits))
    except (ValueError, msgpack.UnpackException) as error:  # a ValidationError is a ValueError
        logger.warning("A message between the daemon's processes was dropped: %s", error)
        return None


def _lists(values: Mapping[str, Array]) -> dict[str, list[float]]:
    return {name: value.tolist() for name, value in values.items()}


def _arrays(values: Mapping[str, list[float]]) -> dict[str, Array]:
    return {name: np.array(value) for name, value in values.items()}
