"""Configuration of outputs, control, security, session log and real-time behaviour."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, ClassVar, Literal, Self

from pydantic import Field, field_validator, model_validator

from daemon.config.ros2 import Ros2OutputConfig
from daemon.config.section import Positive, Renamed, Section


class OutputConfig(Section):
    """What is published and how a controller is kept safe."""

    renamed: ClassVar[Renamed] = {
        "hand_over_s": "cross_fade_s",
        "hand_over_limit_nm_per_s": "cross_fade_limit_nm_per_s",
    }

    zmq: str | None = Field(
        "tcp://127.0.0.1:5556", description="Address the moments are published on over ZeroMQ."
    )
    lsl: bool = Field(True, description="Whether the moments are also published over LSL.")
    udp: str | None = Field(
        None,
        description="Address that a UDP datagram per tick is sent to, such as 127.0.0.1:5560; for "
        "controllers that read no msgpack.",
    )
    udp_version: Literal[1, 2] = Field(
        1, description="Layout of that datagram: 2 has the joints' stiffness besides."
    )
    ros2: Ros2OutputConfig | None = Field(
        None, description="Table for the moments over ROS 2, which an empty one turns on."
    )
    lsl_name: str = Field("hillstream", description="Prefix of the LSL outlets' names.")
    muscles_hz: Annotated[float, Field(ge=0, le=1000)] = Field(
        0.0,
        description="Rate at which what each muscle does is published, Hz, at most that of the "
        "model, and logged, at most 20; 0 tells nothing of it.",
    )
    signals_hz: Annotated[float, Field(ge=0, le=50)] = Field(
        10.0,
        description="Rate at which the levels of the EMG channels are published, Hz, 1 to 50, and "
        "beside them each reference moment as it comes; 0 tells nothing of either.",
    )
    valid_for_s: Annotated[float, Field(gt=0, le=1)] = Field(
        0.1, description="Time after which a controller must not use a message any more, s."
    )
    fade_out_s: Annotated[float, Field(ge=0, le=2)] = Field(
        0.2, description="Time in which the moment goes to zero on stale input, s."
    )
    cross_fade_s: Annotated[float, Field(ge=0, le=10)] = Field(
        0.5, description="Shortest time in which the prediction moves to a new parameter set, s."
    )
    cross_fade_limit_nm_per_s: Positive = Field(
        50.0,
        description="Most by which a cross-fade may move a moment beyond what the movement does, "
        "N*m/s; it takes as long as that needs.",
    )
    max_moment_nm: Positive = Field(
        300.0, description="Largest moment that is ever published for a joint, N*m."
    )
    trust_error: Positive = Field(
        0.5,
        description="Moments are ok only once a parameter set leaves at most this fraction of the "
        "reference's variance on data it was not trained on, mean of the joints; 1 is what "
        "predicting the mean would leave, 0 a perfect prediction.",
    )
    trust_generic: bool = Field(
        False,
        description="Whether the parameters at the start are trusted although no calibrated "
        "subject is loaded: moments of a generic person are then ok at once.",
    )
    distrust_error: Positive = Field(
        1.0,
        description="Trust is lost when the parameters in force leave more than this fraction of "
        "the reference's variance on fresh data for distrust_s.",
    )
    distrust_s: Positive = Field(
        8.0, description="Data without a pause that it takes to lose trust, s."
    )

    @field_validator("signals_hz")
    @classmethod
    def _comes_every_second(cls, rate_hz: float) -> float:
        if 0.0 < rate_hz < 1.0:
            raise ValueError("use at least 1 Hz, or 0 for no levels")
        return rate_hz

    @model_validator(mode="after")
    def _trusts_less_than_it_distrusts(self) -> Self:
        if self.trust_error > self.distrust_error:
            raise ValueError(
                f"trust_error = {self.trust_error:g} is above distrust_error = "
                f"{self.distrust_error:g}: a set would be trusted that is distrusted; lower it"
            )
        return self


class ControlConfig(Section):
    """The port on which `hillstream ctl` reaches a running daemon."""

    enabled: bool = Field(True, description="Whether commands are taken at all.")
    address: str = Field(
        "tcp://127.0.0.1:5557", description="Address commands are taken on over ZeroMQ."
    )


class SecurityConfig(Section):
    """Who may receive the moments and who may give commands; see docs/security.md."""

    server_key: Path | None = Field(
        None,
        description="File of the daemon's secret key, relative to this file; with it both ports "
        "encrypt and let only listed clients in.",
    )
    data_clients: list[str] = Field(
        default_factory=list,
        description="Clients that may receive the moments: public keys, their files, or folders "
        "of these, relative to this file.",
    )
    control_clients: list[str] = Field(
        default_factory=list, description="Clients that may give commands, listed likewise."
    )
    insecure: bool = Field(
        False,
        description="Whether ports may be open to other machines without keys; every status then "
        "warns of it.",
    )

    @model_validator(mode="after")
    def _is_of_one_mind(self) -> Self:
        if (self.data_clients or self.control_clients) and self.server_key is None:
            raise ValueError(
                "clients are listed, but without server_key nobody is asked for a key; make one "
                "with 'hillstream keys new daemon'"
            )
        if self.insecure and self.server_key is not None:
            raise ValueError("server_key guards both ports already; leave insecure out")
        return self


class SessionConfig(Section):
    """The session log: what happened, for afterwards."""

    enabled: bool = Field(True, description="Whether a run writes a session log.")
    folder: Path = Field(
        Path("sessions"),
        description="Folder of the session files, relative to where the daemon is started.",
    )
    file: Path | None = Field(
        None, description="Write to this file; by default a new one, named by title and time."
    )


Cores = list[Annotated[int, Field(ge=0, le=1023)]]


class RealtimeConfig(Section):
    """What the processes claim of the machine; what the system refuses is told, not fatal."""

    predictor_cores: Cores = Field(
        default_factory=list,
        description="Processors the predictor keeps to, counted from 0; empty for any.",
    )
    calibrator_cores: Cores = Field(
        default_factory=list,
        description="Processors the calibrator keeps to; empty for any.",
    )
    priority: Annotated[int, Field(ge=0, le=90)] = Field(
        0,
        description="Real-time priority (SCHED_FIFO) of the predictor: it goes before every "
        "program that has none; 0 leaves it among them.",
    )
    calibrator_policy: Literal["other", "batch", "idle"] = Field(
        "batch",
        description="Scheduling of the calibrator: 'idle' gives way at once to every program that "
        "wants the processor, and gets next to nothing where all are busy; 'batch' goes before "
        "none when it wakes; 'other' is as any program.",
    )
    calibrator_niceness: Annotated[int, Field(ge=0, le=19)] = Field(
        19,
        description="How far the calibrator steps back where the processor is wanted, as nice; "
        "19 leaves it a hundredth of a processor that others want whole.",
    )
    lock_memory: bool = Field(
        False, description="Whether the predictor's memory is kept from being swapped out."
    )
