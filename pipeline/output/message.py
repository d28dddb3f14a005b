"""The messages hillstream publishes: their fields, and their way to bytes and back.

A message is one ZeroMQ frame: an ASCII topic, one space, a msgpack map with short keys (the
aliases below). One frame, so that a client may set CONFLATE. Times are seconds on the LSL clock.
No number that is not finite is ever packed or accepted; what is unknown travels as nil.
docs/messages.md is the same for people who write a client.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Annotated, Any, ClassVar, Self

import msgpack
from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    Strict,
    ValidationError,
    model_validator,
)

from pipeline.model.quantities import QUANTITIES
from pipeline.streams.base import StreamHealth
from pipeline.transport.packing import PackingError, unpacked

SCHEMA_VERSION = 1
"""Raised when a key changes its meaning or goes; new keys may come within a version."""
MAX_MESSAGE_BYTES = 65536
"""No longer frame is sent or read: 512 muscles with all their parameters fit."""
_MUSCLES_OVERHEAD = 1024
"""What a muscles message has besides its vectors, at most, bytes."""
MAX_ITEMS = 512
"""No vector has more values and no map more keys; without it 4 kB could claim half a gigabyte."""


class MessageError(Exception):
    """A frame that is not a message of this schema.

    Parameters
    ----------
    reason
        One sentence: what is wrong with the frame.
    nonfinite
        True if the frame held a NaN or an infinity, which no sender of ours ever packs.
    """

    def __init__(self, reason: str, *, nonfinite: bool = False) -> None:
        super().__init__(reason)
        self.nonfinite = nonfinite


class Status(StrEnum):
    """How far the published moments can be trusted; `sentence` says what it means."""

    sentence: str

    def __new__(cls, value: str, sentence: str) -> Self:
        """Make a member that is its own name on the wire and carries its meaning."""
        member = str.__new__(cls, value)
        member._value_ = value
        member.sentence = sentence
        return member

    NOMINAL = "NOMINAL", "Every joint's moment comes from fresh input and lies within its limit."
    DEGRADED = (
        "DEGRADED",
        "Moments come from fresh input, but something is missing or limited: look at 'ok'.",
    )
    CALIBRATING = (
        "CALIBRATING",
        "Moments come from fresh input, but the parameters have not been shown to fit this person: "
        "no moment is ok.",
    )
    STALE = "STALE", "The input has stopped; the last moments fade to zero and stay there."
    STARTING = "STARTING", "No moment has been predicted yet; zeros are sent."
    FAULT = "FAULT", "The prediction failed for at least one joint; its moment fades to zero."
    STOPPED = "STOPPED", "The daemon has ended; this is its last message."


def _listed(value: object) -> object:
    """Turn a NumPy array into the list it holds; leave the rest to validation."""
    return value.tolist() if hasattr(value, "tolist") else value


def _known(value: object) -> object:
    """Turn a number that is not finite into None: it is not known."""
    return None if isinstance(value, float) and not math.isfinite(value) else value


Number = Annotated[float, Strict()]
NonNegative = Annotated[float, Strict(), Field(ge=0)]
Positive = Annotated[float, Strict(), Field(gt=0)]
Known = Annotated[Number | None, BeforeValidator(_known)]
Count = Annotated[int, Strict(), Field(ge=0, lt=2**63)]
Text = Annotated[str, Strict()]
Name = Annotated[str, Strict(), Field(min_length=1, max_length=100)]
Names = Annotated[tuple[Name, ...], Field(max_length=MAX_ITEMS)]
Vector = Annotated[tuple[Number, ...], Field(max_length=MAX_ITEMS), BeforeValidator(_listed)]
KnownVector = Annotated[tuple[Known, ...], Field(max_length=MAX_ITEMS), BeforeValidator(_listed)]
KnownRows = Annotated[
    tuple[KnownVector, ...], Field(max_length=MAX_ITEMS), BeforeValidator(_listed)
]
Words = Annotated[tuple[Name, ...], Field(max_length=MAX_ITEMS)]
Places = Annotated[tuple[Count, ...], Field(max_length=MAX_ITEMS)]
Flags = Annotated[
    tuple[Annotated[bool, Strict()], ...], Field(max_length=MAX_ITEMS), BeforeValidator(_listed)
]


class Part(BaseModel):
    """A validated, unchangeable piece of a message.

    A key that is not known is ignored: a newer sender may have more to say.
    """

    model_config = ConfigDict(
        frozen=True, extra="ignore", allow_inf_nan=False, populate_by_name=True
    )


class Message(Part):
    """What all messages share. Raises ValidationError, a ValueError, when a field is wrong."""

    topic: ClassVar[str]
    session: Name = Field(alias="sid", description="Names one run of the daemon.")

    def pack(self) -> bytes:
        """Return the frame.

        Raises
        ------
        ValueError
            If a number is not finite or the frame would exceed `MAX_MESSAGE_BYTES`.
        """
        payload = {"v": SCHEMA_VERSION, **self.model_dump(by_alias=True)}
        if (key := _nonfinite_key(payload)) is not None:
            raise ValueError(f"a {self.topic} message may not be sent: {key} is not finite")
        frame: bytes = self.topic.encode("ascii") + b" " + msgpack.packb(payload)
        if len(frame) > MAX_MESSAGE_BYTES:
            raise ValueError(f"a {self.topic} message of {len(frame)} bytes is too long")
        return frame


class MomentMessage(Message):
    """The joint moments of one tick. Vectors are in the order of `MetaMessage.dofs`."""

    topic: ClassVar[str] = "moment"
    seq: Count = Field(description="0 for the session's first moment, then one more each.")
    t: Number | None = Field(description="Time of the newest EMG used, s; nil before there is any.")
    t_published: Number = Field(alias="tp", description="Time of publication, s.")
    valid_until: Number = Field(alias="exp", description="Not to be used after this time, s.")
    status: Status = Field(alias="st", description="How far the moments can be trusted.")
    ok: Flags = Field(
        description="Per joint: fresh, finite and within its limit, from parameters that fit."
    )
    moment: Vector = Field(alias="m", description="Joint moments, N*m.")
    sd: Vector | None = Field(None, description="Standard deviations, N*m; nil while unknown.")
    stiffness: Vector | None = Field(
        None,
        alias="k",
        description="Stiffness, N*m/rad: minus the derivative of each moment by its own angle; "
        "nil while unknown.",
    )
    parameter_version: Count = Field(alias="pv", description="Newest parameter set in them.")
    parameter_age_s: NonNegative = Field(alias="pa", description="Age of that set, s.")
    synthesised: Places = Field(
        (), alias="syn", description="Muscles driven by what others do, as places in the meta's."
    )

    @model_validator(mode="after")
    def _has_a_value_per_joint(self) -> Self:
        others = (self.ok, self.sd, self.stiffness)
        if any(other is not None and len(other) != len(self.moment) for other in others):
            raise ValueError("moment, ok, sd and k differ in length")
        return self


class MusclesMessage(Message):
    """What each muscle does at one tick. Vectors are in the order of `MetaMessage.muscles`."""

    topic: ClassVar[str] = "muscles"
    seq: Count = Field(description="That of the moment message of the same tick.")
    t: Number = Field(description="Time of the newest EMG used, s.")
    t_published: Number = Field(alias="tp", description="Time of publication, s.")
    valid_until: Number = Field(alias="exp", description="Not to be used after this time, s.")
    status: Status = Field(alias="st", description="That of the moment message.")
    ok: Flags = Field(description="Per joint, that of the moment message.")
    parameter_version: Count = Field(alias="pv", description="Newest parameter set in it.")
    excitation: Vector = Field(alias="e", description="After delay and gain, 0..1.")
    activation: Vector = Field(alias="a", description="0..1.")
    force: Vector = Field(alias="f", description="Along the tendon, N.")
    active_force: Vector = Field(alias="fa", description="What activation makes of it, N.")
    passive_force: Vector = Field(alias="fp", description="What the fibre adds unasked, N.")
    fibre_length: Vector = Field(alias="l", description="Over the optimal fibre length.")
    fibre_velocity: Vector = Field(
        alias="u", description="Over the maximum contraction velocity, positive while lengthening."
    )
    tendon_strain: Vector = Field(alias="ts", description="Fraction of the slack length.")
    moment: Annotated[tuple[Vector, ...], Field(max_length=MAX_ITEMS)] = Field(
        alias="m", description="Per joint each muscle's share of its moment, N*m."
    )

    @staticmethod
    def most_muscles(joints: int) -> int:
        """Return of how many muscles over some joints a message can tell."""
        room = MAX_MESSAGE_BYTES - _MUSCLES_OVERHEAD - 6 * joints
        return min(MAX_ITEMS, room // (9 * (len(QUANTITIES) + joints)))

    @model_validator(mode="after")
    def _has_a_value_per_muscle(self) -> Self:
        told = (
            self.activation,
            self.force,
            self.active_force,
            self.passive_force,
            self.fibre_length,
            self.fibre_velocity,
            self.tendon_strain,
            *self.moment,
        )
        if any(len(vector) != len(self.excitation) for vector in told):
            raise ValueError("vectors differ in length")
        if len(self.moment) != len(self.ok):
            raise ValueError("moment and ok differ in length")
        return self


class MetaMessage(Message):
    """What a client must know once: names, order and units."""

    topic: ClassVar[str] = "meta"
    dofs: Names = Field(description="Joints, in the order of every moment vector.")
    unit: Name = Field("N*m", description="Unit of the moments.")
    rate_hz: Positive = Field(description="Nominal rate of the moment messages, Hz.")
    title: Text = Field("", description="What the set-up is.")
    muscles: Names = Field(description="Muscles, in the order of every parameter vector.")
    channels: Names = Field(
        (), description="EMG channels that drive muscles, in the order of every level vector."
    )
    valid_for_s: Positive = Field(description="Life of a moment after its publication, s.")


class SignalsMessage(Message):
    """The levels of the EMG channels, and what drives the muscles, since the last such message.

    `low`, `high` and `level` are in the order of `MetaMessage.channels`, `excitation` is in that of
    `MetaMessage.muscles`.
    """

    topic: ClassVar[str] = "signals"
    t: Number = Field(description="Time of the newest EMG in it, s.")
    t_published: Number = Field(alias="tp", description="Time of publication, s.")
    low: Vector = Field(alias="lo", description="Smallest envelope level, fraction of MVC.")
    high: Vector = Field(alias="hi", description="Largest envelope level, fraction of MVC.")
    level: Vector = Field(description="Newest envelope level, fraction of MVC.")
    excitation: Vector = Field(
        (), alias="e", description="Newest excitation; empty where no row was predicted meanwhile."
    )

    @model_validator(mode="after")
    def _has_a_value_per_channel(self) -> Self:
        if not len(self.low) == len(self.high) == len(self.level):
            raise ValueError("lo, hi and level differ in length")
        return self


class ReferenceMessage(Message):
    """Reference moments, and what was predicted for the same times; in order of time.

    The joints of each row are in the order of `MetaMessage.dofs`.
    """

    topic: ClassVar[str] = "reference"
    t: Vector = Field(description="Times of the rows, s.")
    t_published: Number = Field(alias="tp", description="Time of publication, s.")
    reference: KnownRows = Field(
        alias="m", description="Per row the reference per joint, N*m; nil where there is none."
    )
    predicted: KnownRows = Field(
        alias="p", description="Per row what was predicted for that time, N*m; nil if nothing was."
    )

    @model_validator(mode="after")
    def _has_a_row_per_time(self) -> Self:
        if not len(self.t) == len(self.reference) == len(self.predicted):
            raise ValueError("t, m and p differ in length")
        if len({len(row) for row in (*self.reference, *self.predicted)}) > 1:
            raise ValueError("rows of m and p differ in length")
        return self


def _same_length(values: Mapping[str, Sequence[object]], muscles: Sequence[str]) -> None:
    wrong = [name for name, vector in values.items() if len(vector) != len(muscles)]
    if wrong:
        raise ValueError(f"{wrong} do not have one value for each of {len(muscles)} muscles")


class CombinationReport(Part):
    """Two parameters that are not known by themselves, but together are."""

    first: Text = Field(description="One, as muscle:parameter; muscles that share it joined by +.")
    second: Text = Field(description="The other.")
    joining: Name = Field(description="What is known of them: their product or their sum.")
    value: Number = Field(description="Product; sum of lengths, m, or of isometric forces, N.")
    deviation: NonNegative = Field(description="Its standard deviation, in the same unit.")


Combinations = Annotated[tuple[CombinationReport, ...], Field(max_length=MAX_ITEMS)]


class ParametersMessage(Message):
    """A parameter set that the predictor has adopted."""

    topic: ClassVar[str] = "parameters"
    version: Count = Field(description="0 for the set the session started with.")
    t: Number = Field(description="Time of adoption, s.")
    values: dict[Name, Vector] = Field(description="Per parameter a value per muscle, SI units.")
    muscles: Names = Field(description="Muscles, in the order of each vector.")
    deviation: dict[Name, KnownVector] = Field(
        {}, description="Per parameter its standard deviation per muscle; empty while unknown."
    )
    identifiability: dict[Name, Words] = Field(
        {}, description="Per parameter a word per muscle: what the data say of it."
    )
    combinations: Combinations = Field(
        (), description="Parameters that are known together with another, and what of them is."
    )

    @model_validator(mode="after")
    def _has_a_value_per_muscle(self) -> Self:
        for told in (self.values, self.deviation, self.identifiability):
            _same_length(told, self.muscles)
        return self


class MuscleChange(Part):
    """What has changed of a muscle's force for the same EMG, or of several muscles' together."""

    muscle: Text = Field(description="A muscle; muscles that share a strength joined by +.")
    together: Places = Field(
        (),
        description="Places in this list of those it is said of as a whole; empty where of it "
        "alone.",
    )
    verdict: Name = Field(
        description="stable, gives less, gives more, or not identifiable: by force alone."
    )
    change: Known = Field(
        None, description="Net change as a share of what was, -0.2 a fifth less; nil if not known."
    )
    deviation: Known = Field(None, description="Its standard deviation.")
    since: Known = Field(None, description="When it began, s; nil where nothing stands out.")


class FatigueMessage(Message):
    """What has changed of the muscles' force for the same EMG since the person was found."""

    topic: ClassVar[str] = "fatigue"
    t: Number = Field(description="Time of the newest data in it, s.")
    t_published: Number = Field(alias="tp", description="Time of publication, s.")
    baseline: Number = Field(description="Since when what is compared to is in force, s.")
    muscles: Annotated[tuple[MuscleChange, ...], Field(max_length=MAX_ITEMS)] = Field(
        description="What is said of each muscle."
    )


class Ticks(Part):
    """How the predictor keeps its pace; counts since the session began."""

    expected: Count = Field(0, description="Ticks that the rate asks for.")
    published: Count = Field(0, description="Moment messages sent.")
    late: Count = Field(0, description="Ticks that came more than one interval late.")


class Latency(Part):
    """From the newest EMG sample's time stamp to publication over the last second, ms."""

    p50: Known = Field(None, description="Median, ms.")
    p99: Known = Field(None, description="99th percentile, ms.")
    max: Known = Field(None, description="Largest, ms.")


class OutputCounts(Part):
    """What went wrong on the ways out; counts since the predictor started."""

    lost_datagrams: Count = Field(0, description="UDP datagrams that the system did not send.")
    lost_ros2_messages: Count = Field(0, description="ROS 2 messages that DDS did not take.")
    refused_listeners: Count = Field(
        0, description="ZeroMQ clients kept out for want of a listed key; each attempt counts."
    )


class CalibratorReport(Part):
    """What the calibrator's latest update came to."""

    result: Name = Field(description="One word: ok, rejected, no_reference ...")
    sentence: Text = Field("", description="What that means and what to do.")
    version: Count = Field(0, description="Newest accepted parameter set.")
    loss: Known = Field(None, description="Loss of the latest candidate; nil without one.")
    seconds: Known = Field(None, description="Time the update took, s.")
    age_s: Known = Field(None, description="Time since that update, s.")
    count: Count = Field(0, description="Updates so far, whatever became of them.")
    error_before: Known = Field(
        None, description="Held-out relative error of the set before it; nil without."
    )
    error_after: Known = Field(
        None, description="Held-out relative error of its candidate; nil without."
    )
    reason: Text = Field(
        "", description="Why its candidate was not put in force, a word; empty where it was."
    )
    refused: dict[Name, Count] = Field(
        {}, description="Candidates so far that were not put in force, by that word."
    )


class StatusMessage(Message):
    """The state of the daemon, every second and on every change."""

    topic: ClassVar[str] = "status"
    t: Number = Field(description="Time of this report, s.")
    status: Status = Field(alias="st", description="As in the moment messages.")
    note: Text = Field("", description="One sentence for the person at the keyboard.")
    uptime_s: NonNegative = Field(description="Time since the session began, s.")
    ticks: Ticks = Field(Ticks(), description="How the predictor keeps its pace.")
    latency_ms: Latency = Field(Latency(), description="Sample to moment, last second, ms.")
    streams: tuple[StreamHealth, ...] = Field((), description="Health of each input.")
    output: OutputCounts = Field(OutputCounts(), description="What went wrong on the ways out.")
    calibrator: CalibratorReport | None = Field(None, description="nil while there is none.")
    rmse: dict[Name, Known] = Field(
        {}, description="Per joint, against the reference over the last full second, N*m."
    )
    parameters: dict[Name, Vector] = Field({}, description="The set in use, as in parameters.")
    muscles: Names = Field((), description="Muscles, in the order of each vector.")
    deviation: dict[Name, KnownVector] = Field({}, description="As in parameters, of that set.")
    identifiability: dict[Name, Words] = Field({}, description="As in parameters, of that set.")
    combinations: Combinations = Field((), description="As in parameters, of that set.")
    channels: dict[Name, Text] = Field(
        {}, description="EMG channels that are faulty, each with what is wrong with it."
    )
    synthesised: Names = Field((), description="Muscles driven by what the others do.")
    doubt: Text = Field(
        "", description="Why the parameters are not trusted, so that no moment is ok; else empty."
    )
    reference: dict[Name, Vector] | None = Field(
        None, description="Newest reference moment per joint, N*m; nil without a reference."
    )

    @model_validator(mode="after")
    def _has_a_value_per_muscle(self) -> Self:
        for told in (self.parameters, self.deviation, self.identifiability):
            _same_length(told, self.muscles)
        return self


TOPICS: dict[str, type[Message]] = {
    kind.topic: kind
    for kind in (
        MomentMessage,
        MusclesMessage,
        SignalsMessage,
        ReferenceMessage,
        MetaMessage,
        ParametersMessage,
        FatigueMessage,
        StatusMessage,
    )
}


def unpack(frame: bytes) -> Message:
    """Return the message a frame holds.

    Raises
    ------
    MessageError
        If the frame is too long, has no known topic, is not msgpack, is of another schema
        version, or a field is missing or wrong. Nothing else is raised, whatever the bytes.
    """
    if len(frame) > MAX_MESSAGE_BYTES:
        raise MessageError(f"a frame of {len(frame)} bytes is longer than {MAX_MESSAGE_BYTES}")
    topic, _, body = frame.partition(b" ")
    kind = TOPICS.get(topic.decode("latin-1"))
    if kind is None:
        raise MessageError(f"no message has the topic {topic[:20]!r}")
    payload = _unpack_map(body)
    if (key := _nonfinite_key(payload)) is not None:
        raise MessageError(f"{kind.topic} message, {key}: not finite", nonfinite=True)
    try:
        return kind.model_validate(payload)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        where = ".".join(str(part) for part in first["loc"]) or "the map"
        raise MessageError(f"{kind.topic} message, {where}: {first['msg']}") from error


def _unpack_map(body: bytes) -> dict[Any, Any]:
    try:
        payload = unpacked(body, most_items=MAX_ITEMS, lists=False)
    except PackingError as error:
        raise MessageError(f"the frame is not msgpack: {error}") from error
    if not isinstance(payload, dict):
        raise MessageError("the frame does not hold a map")
    if payload.get("v") != SCHEMA_VERSION:
        raise MessageError(f"schema version is {payload.get('v')!r:.40}, not {SCHEMA_VERSION}")
    return payload


def _nonfinite_key(payload: Mapping[Any, object]) -> str | None:
    """Return the first key that holds a NaN or an infinity at any depth, or None."""
    return next((f"{key!r:.40}" for key, value in payload.items() if not _finite(value)), None)


def _finite(value: object) -> bool:
    """Tell whether every number in nested data is finite; not recursive, the data may be deep."""
    todo = [value]
    while todo:
        item = todo.pop()
        if isinstance(item, float) and not math.isfinite(item):
            return False
        if isinstance(item, Mapping):
            todo.extend(item.values())
        elif isinstance(item, (tuple, list)):
            try:  # numbers, as in every vector, at once
                if not all(map(math.isfinite, item)):
                    return False
            except (TypeError, OverflowError):
                todo.extend(item)
    return True
