"""Configuration of the streams."""

from __future__ import annotations

from itertools import combinations
from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import ConfigDict, Field, StrictInt, StrictStr, field_validator, model_validator

from daemon.config.ros2 import DomainId, RosTopic
from daemon.config.section import NonNegative, Positive, Section
from pipeline.streams.roles import ROLES
from pipeline.streams.transports import TRANSPORT_NAMES, Transport
from pipeline.streams.units import SCALED, known_unit, units_of

Label = Annotated[StrictStr, Field(min_length=1)] | Annotated[StrictInt, Field(ge=1)]


class ChannelOrigin(Section):
    """A channel of the sender, and what makes its values ours."""

    channel: Label | Annotated[tuple[Label, ...], Field(min_length=1)] = Field(
        description="The sender's label, or the place among its channels, from 1; a list, or a "
        "pattern such as 'HD-*', for the mean of several electrodes."
    )
    minus: Label | None = Field(
        None, description="Label or place of what is subtracted: the other electrode of a pair."
    )
    factor: Annotated[float, Field(allow_inf_nan=False)] = Field(
        1.0, description="What its values are multiplied by; -1 turns the positive direction round."
    )
    offset: Annotated[float, Field(allow_inf_nan=False)] = Field(
        0.0, description="What is added then, in the stream's unit."
    )

    @field_validator("factor")
    @classmethod
    def _tells_something(cls, factor: float) -> float:
        if factor == 0:
            raise ValueError("a factor of 0 leaves nothing of the channel")
        return factor


class StreamConfig(Section):
    """One incoming stream."""

    model_config = ConfigDict(populate_by_name=True)

    transport: Transport = Field("lsl", description="How the stream arrives.")
    name: str | None = Field(None, description="LSL stream name to look for.")
    source_id: str | None = Field(
        None,
        description="LSL source_id to look for; survives a restart of the sender, and no stream "
        "with another one is taken.",
    )
    host: str | None = Field(
        None,
        description="Name of the machine an LSL stream must come from, where several machines send "
        "one of that name.",
    )
    address: str | None = Field(
        None, description="ZeroMQ address to connect to, for example tcp://127.0.0.1:5561."
    )
    server_key: str | None = Field(
        None,
        description="Public key of a ZeroMQ sender that uses keys, or its file, relative to this "
        "file.",
    )
    topic: RosTopic | None = Field(
        None, description="ROS 2 topic of sensor_msgs/msg/JointState, such as /joint_states."
    )
    domain_id: DomainId | None = Field(
        None, description="ROS 2 domain; that of ROS_DOMAIN_ID where it is left out."
    )
    rate_hz: Positive = Field(description="Nominal sampling rate, Hz.")
    channels: Annotated[list[str], Field(min_length=1)] = Field(
        description="Channel names as the sender labels them, in any order of the sender's."
    )
    origins: dict[str, ChannelOrigin] = Field(
        default_factory=dict,
        alias="from",
        description="Which of the sender's channels one of `channels` is that it calls otherwise: "
        "its label or its place from 1, if need be with a factor and an offset.",
    )
    unit: str = Field(
        description="Unit of the samples, converted to SI on arrival: V, mV, uV, nV, counts or 1 "
        "(ready envelopes); rad or deg; N*m, N*mm or N*m/kg; rad/s^2 or deg/s^2."
    )
    volts_per_count: Positive | None = Field(
        None, description="What one count of the converter is, V; for EMG in counts."
    )
    body_mass_kg: Positive | None = Field(
        None, description="The person's mass, kg; for moments in N*m/kg."
    )
    latency_s: NonNegative = Field(
        0.0, description="Fixed latency of the sender, s; subtracted from its time stamps."
    )

    @field_validator("origins", mode="before")
    @classmethod
    def _in_short(cls, origins: Any) -> Any:
        """Take a label, a place or a list of them alone for a channel as it is."""
        if not isinstance(origins, dict):
            return origins
        alone = (str, int, list)
        return {k: {"channel": v} if isinstance(v, alone) else v for k, v in origins.items()}

    @model_validator(mode="after")
    def _origins_are_of_channels(self) -> Self:
        if strange := sorted(set(self.origins) - set(self.channels)):
            raise ValueError(f"'from' names {strange}, which are not among the channels")
        made = [(*self.sender_channels(name), self._minus(name)) for name in self.channels]
        if twice := sorted({str(one[0]) for one in made if made.count(one) > 1}):
            raise ValueError(f"two channels come from the sender's {', '.join(twice)}")
        return self

    def sender_channels(self, name: str) -> tuple[str | int, ...]:
        """Return the sender's labels or places of one of the channels."""
        told = self.origins[name].channel if name in self.origins else name
        return told if isinstance(told, tuple) else (told,)

    def _minus(self, name: str) -> str | int | None:
        return self.origins[name].minus if name in self.origins else None

    @field_validator("unit")
    @classmethod
    def _is_a_unit(cls, unit: str) -> str:
        if not any(known_unit(key, unit) for key in ROLES):
            known = "; ".join(f"{units_of(key)} for {key}" for key in ROLES)
            raise ValueError(f"'{unit}' is no unit of any stream; use {known}")
        return unit

    @model_validator(mode="after")
    def _is_findable(self) -> Self:
        if self.transport == "lsl" and not (self.name or self.source_id):
            raise ValueError("an LSL stream needs a name or a source_id to be found by")
        if self.transport == "zmq" and not self.address:
            raise ValueError("a ZeroMQ stream needs an address, such as tcp://127.0.0.1:5561")
        if self.transport == "ros2" and not self.topic:
            raise ValueError("a ROS 2 stream needs a topic, such as /joint_states")
        if self.transport != "zmq" and self.server_key:
            raise ValueError(
                f"{TRANSPORT_NAMES[self.transport]} knows no keys; server_key is for ZeroMQ streams"
            )
        if self.transport != "lsl" and self.host:
            raise ValueError(
                "host chooses among LSL streams; a ZeroMQ stream has its address, one of ROS 2 its "
                "topic"
            )
        if self.transport != "ros2" and (self.topic or self.domain_id is not None):
            raise ValueError("topic and domain_id are for ROS 2 streams; set transport = 'ros2'")
        if len(set(self.channels)) != len(self.channels):
            raise ValueError("a channel is named twice")
        return self

    @property
    def sender(self) -> tuple[str | None, ...]:
        """What an LSL stream is told from others by."""
        return self.source_id or self.name, self.host

    @property
    def scales(self) -> dict[str, float]:
        """Factors to SI of the units that only this table knows, as far as it tells them."""
        told = {"counts": self.volts_per_count, "N*m/kg": self.body_mass_kg}
        return {unit: factor for unit, factor in told.items() if factor is not None}

    @property
    def sought(self) -> str:
        """What the stream is looked for by: a name, an address or a topic."""
        match self.transport:
            case "lsl":
                return self.name or self.source_id or ""
            case "zmq":
                return self.address or ""
            case "ros2":
                return self.topic or ""


class StreamsConfig(Section):
    """The incoming streams: EMG and angles are needed; a reference lets it calibrate."""

    emg: StreamConfig = Field(description="Surface EMG, raw or as ready envelopes.")
    angles: StreamConfig = Field(description="Joint angles.")
    moments: StreamConfig | None = Field(
        None, description="Reference joint moments (inverse dynamics), to calibrate by."
    )
    external: StreamConfig | None = Field(
        None,
        description="Measured joint torques that are not the muscles', such as an exoskeleton's; "
        "taken into account with calibrator.reference = 'acceleration'.",
    )
    accelerations: StreamConfig | None = Field(
        None,
        description="Measured joint accelerations, channels named as the joints; with "
        "calibrator.reference = 'acceleration' they take the place of those computed from the "
        "angles.",
    )
    roles: ClassVar = tuple(ROLES)

    stale_after_s: Positive = Field(
        0.05, description="Age of the newest EMG or angle sample at which the moment fades, s."
    )
    angle_mode: Literal["interpolate", "extrapolate"] = Field(
        "extrapolate",
        description="'interpolate' waits for the next angle sample; 'extrapolate' goes on along "
        "the last two and saves up to one sampling interval of latency.",
    )
    max_gap_s: NonNegative = Field(
        0.03, description="Longest gap in a stream that is bridged by interpolation, s."
    )

    def under_own_names(self) -> Self:
        """Return the same streams from senders that call every channel as it is called here."""
        given = {key: stream for key in self.roles if (stream := getattr(self, key))}
        plain = {key: stream.model_copy(update={"origins": {}}) for key, stream in given.items()}
        return self.model_copy(update=plain)

    @model_validator(mode="after")
    def _no_channel_has_two_roles(self) -> Self:
        given = {key: stream for key in self.roles if (stream := getattr(self, key))}
        for (key, one), (other, two) in combinations(given.items(), 2):
            if one.transport != "lsl" or two.transport != "lsl" or one.sender != two.sender:
                continue
            shared = {label for name in one.channels for label in one.sender_channels(name)}
            shared &= {label for name in two.channels for label in two.sender_channels(name)}
            if shared:
                raise ValueError(
                    f"{key} and {other} take {', '.join(sorted(map(repr, shared)))} of one stream; "
                    f"say in [streams.{other}.from] which of its channels are {other}"
                )
        return self

    @model_validator(mode="after")
    def _ros2_carries_angles(self) -> Self:
        for key in self.roles:
            stream = getattr(self, key)
            if stream is None or stream.transport != "ros2":
                continue
            if key != "angles":
                raise ValueError(
                    f"{key}.transport = 'ros2': ROS 2 carries joint angles only; use lsl or zmq"
                )
            if known_unit(key, stream.unit) != "rad":
                raise ValueError(
                    f"{key}.unit = '{stream.unit}', but positions of a JointState are in rad; set "
                    "unit = 'rad'"
                )
        return self

    @model_validator(mode="after")
    def _units_fit(self) -> Self:
        for key in self.roles:
            if stream := getattr(self, key):
                _check_unit(key, stream)
        return self


def _check_unit(key: str, stream: StreamConfig) -> None:
    unit = known_unit(key, stream.unit)
    if unit is None:
        raise ValueError(f"{key}.unit = '{stream.unit}' is no unit of {key}; use {units_of(key)}")
    scale = SCALED.get(key, {}).get(unit)
    if scale and unit not in stream.scales:
        raise ValueError(f"{key}.unit = '{stream.unit}' needs {key}.{scale}")
