"""The configuration file: what every field means, and what is allowed in it.

A configuration is one TOML file. It is read as a whole; every mistake in it is reported at once,
with its place and the offending value. Units are in the names of the fields.
"""

from __future__ import annotations

import tomllib
from importlib import resources
from pathlib import Path
from typing import Annotated, ClassVar, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from daemon.keys import beside, exists
from pipeline.errors import UserError
from pipeline.files import refuse_large
from pipeline.local_address import is_local
from pipeline.synthesis import LEAST_VAF, MOST_SYNERGIES

Positive = Annotated[float, Field(gt=0, allow_inf_nan=False)]
NonNegative = Annotated[float, Field(ge=0, allow_inf_nan=False)]
Fraction = Annotated[float, Field(ge=0, lt=1)]
Interval = tuple[float, float]


class Section(BaseModel):
    """A table of the file: unknown keys are refused, values never change after loading."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class StreamConfig(Section):
    """One incoming stream."""

    transport: Literal["lsl", "zmq"] = Field("lsl", description="How the stream arrives.")
    name: str | None = Field(None, description="LSL stream name to look for.")
    source_id: str | None = Field(
        None, description="LSL source_id to look for; survives a restart of the sender."
    )
    address: str | None = Field(
        None, description="ZeroMQ address to connect to, for example tcp://127.0.0.1:5561."
    )
    server_key: str | None = Field(
        None,
        description="Public key of a ZeroMQ sender that uses keys, or its file, relative to this "
        "file.",
    )
    rate_hz: Positive = Field(description="Nominal sampling rate, Hz.")
    channels: Annotated[list[str], Field(min_length=1)] = Field(
        description="Channel names as the sender labels them, in any order of the sender's."
    )
    unit: Literal["V", "mV", "uV", "1", "rad", "deg", "N*m"] = Field(
        description="Unit of the samples; converted to SI on arrival."
    )
    latency_s: NonNegative = Field(
        0.0, description="Fixed latency of the sender, s; subtracted from its time stamps."
    )

    @model_validator(mode="after")
    def _is_findable(self) -> Self:
        if self.transport == "lsl" and not (self.name or self.source_id):
            raise ValueError("an LSL stream needs a name or a source_id to be found by")
        if self.transport == "zmq" and not self.address:
            raise ValueError("a ZeroMQ stream needs an address, such as tcp://127.0.0.1:5561")
        if self.transport == "lsl" and self.server_key:
            raise ValueError("LSL knows no keys; server_key is for ZeroMQ streams")
        if len(set(self.channels)) != len(self.channels):
            raise ValueError("a channel is named twice")
        return self


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
    roles: ClassVar = ("emg", "angles", "moments", "external")

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


class EnvelopeConfig(Section):
    """From EMG to excitation."""

    kind: Literal["raw", "envelope"] = Field(
        "raw", description="'raw' EMG is filtered here; an 'envelope' is taken as it arrives."
    )
    band_hz: Interval = Field((30.0, 300.0), description="Pass band of the raw EMG, Hz.")
    band_order: Annotated[int, Field(ge=1, le=8)] = Field(
        3, description="Order of the Butterworth band-pass prototype."
    )
    lowpass_hz: Positive = Field(5.0, description="Cut-off of the envelope's low-pass, Hz.")
    lowpass_order: Annotated[int, Field(ge=1, le=8)] = Field(
        2, description="Order of the envelope's Butterworth low-pass."
    )
    mvc: dict[str, Positive] = Field(
        default_factory=dict,
        description="Envelope at maximum voluntary contraction per channel, in V (1 for ready "
        "envelopes); channels not named use 1.",
    )
    baseline: Literal["none", "tracked"] | dict[str, NonNegative] = Field(
        "tracked",
        description="Resting level taken off each channel: 'none', 'tracked' (a slow low "
        "quantile of the live signal), or a value per channel as a fraction of MVC.",
    )

    @model_validator(mode="after")
    def _band_rises(self) -> Self:
        low, high = self.band_hz
        if not 0 < low < high:
            raise ValueError(f"band_hz must rise from above zero, got [{low:g}, {high:g}]")
        return self


class ModelConfig(Section):
    """The musculoskeletal model and where the person starts."""

    file: Path = Field(description="Fitted geometry and generic muscles, relative to this file.")
    dofs: Annotated[list[str], Field(min_length=1)] = Field(
        description="Joints whose moments are predicted, as the model file names them."
    )
    fixed_angles_rad: dict[str, float] = Field(
        default_factory=dict,
        description="Coordinates of the model that no stream carries, held at this angle, rad.",
    )
    subject: Path | None = Field(
        None, description="Calibrated subject to start from; without it the generic one."
    )
    rate_hz: Annotated[float, Field(ge=20, le=1000)] = Field(
        100.0, description="Rate of the model's time grid, Hz."
    )
    electromechanical_delay_s: Annotated[float, Field(ge=0, le=0.3)] = Field(
        0.06, description="Delay from EMG to force, s; the envelope's own delay is part of it."
    )
    muscles: dict[str, Annotated[list[str], Field(min_length=1)]] = Field(
        description="For each muscle of the model the EMG channels that drive it (their mean)."
    )


class ParameterConfig(Section):
    """One kind of muscle parameter in the calibration."""

    free: bool = Field(True, description="Whether the calibrator may move it.")
    bounds: Interval = Field(
        description="Lowest and highest value; for lengths and strength relative to the generic "
        "muscle, for c1, c2 and shape_factor absolute."
    )

    @model_validator(mode="after")
    def _rises(self) -> Self:
        if not self.bounds[0] < self.bounds[1]:
            raise ValueError(f"bounds must rise, got [{self.bounds[0]:g}, {self.bounds[1]:g}]")
        return self


class ParametersConfig(Section):
    """Which parameters the calibrator refines, and within what."""

    optimal_fibre_length: ParameterConfig = ParameterConfig(bounds=(0.9, 1.1))
    tendon_slack_length: ParameterConfig = ParameterConfig(bounds=(0.95, 1.05))
    strength: ParameterConfig = ParameterConfig(bounds=(0.5, 2.5))
    shape_factor: ParameterConfig = ParameterConfig(bounds=(-3.0, -0.01))
    c1: ParameterConfig = ParameterConfig(bounds=(-0.95, -0.05))
    c2: ParameterConfig = ParameterConfig(bounds=(-0.95, -0.05))


class CalibratorConfig(Section):
    """The sliding-window calibrator."""

    enabled: bool = Field(True, description="Whether parameters are refined at all.")
    reference: Literal["moments", "acceleration"] = Field(
        "moments",
        description="What it learns from: 'moments' of streams.moments, or the 'acceleration' of "
        "the angles, which needs [skeleton] and no torque; see docs/torque-free.md.",
    )
    without_electrodes: Literal["synergies", "least_squares"] = Field(
        "synergies",
        description="What stands for muscles that model.muscles names no channel for: 'synergies' "
        "of the others drive them, also in the prediction; or in calibration alone the forces that "
        "close the equation best by 'least_squares', so that the others are learnt undisturbed.",
    )
    device: Literal["auto", "cpu", "cuda"] = Field(
        "auto", description="Where it computes; 'auto' takes CUDA if there is one."
    )
    threads: Annotated[int, Field(ge=1, le=64)] = Field(
        1, description="Processor threads it may use."
    )
    window_s: Annotated[float, Field(ge=1, le=120)] = Field(
        10.0, description="Length of the sliding window, s."
    )
    stride_s: Annotated[float, Field(ge=0.1, le=60)] = Field(
        1.0, description="Time between two updates, s."
    )
    segment_s: Annotated[float, Field(ge=0.5, le=30)] = Field(
        2.5, description="The window is cut into trials of this length, s."
    )
    burn_in_s: Annotated[float, Field(ge=0, le=2)] = Field(
        0.3, description="Start of each trial left out of the loss while its states settle, s."
    )
    steps: Annotated[int, Field(ge=1, le=1000)] = Field(20, description="AdamW steps per update.")
    learning_rate: Positive = Field(0.1, description="AdamW's learning rate at the start.")
    learning_rate_floor: Positive = Field(0.02, description="Where the decaying rate ends.")
    geometry_pace: Annotated[float, Field(gt=0, le=1)] = Field(
        0.3,
        description="Learning rate of everything but strength, as a fraction of strength's, once "
        "the search has settled: the body's geometry does not change, its strength does.",
    )
    weight_decay: NonNegative = Field(
        0.0, description="AdamW's decoupled pull of every parameter towards its prior."
    )
    prior_weight: NonNegative = Field(
        0.001, description="Weight of the prior in the loss; it bites where the data are silent."
    )
    holdout_s: Annotated[float, Field(ge=0.5, le=30)] = Field(
        1.0, description="Newest part of the window kept for scoring a candidate, s."
    )
    min_data_s: Annotated[float, Field(ge=1, le=120)] = Field(
        3.0, description="Paired data needed before the first update, s."
    )
    memory: Annotated[int, Field(ge=0, le=1000)] = Field(
        24,
        description="Stretches of past movement that are remembered, of the length segment_s and "
        "unlike each other; 0 forgets what has left the window.",
    )
    replay: Annotated[int, Field(ge=1, le=100)] = Field(
        2, description="Remembered stretches that take part in an update."
    )
    memory_share: NonNegative = Field(
        1.0, description="Weight of the remembered stretches, as a multiple of the window's."
    )
    parameters: ParametersConfig = ParametersConfig()
    strength_groups: dict[str, Annotated[list[str], Field(min_length=1)]] = Field(
        default_factory=dict,
        description="Muscles that share one strength; a muscle in no group has its own.",
    )


class SkeletonConfig(Section):
    """The limb's bones, for a calibration that learns from motion."""

    file: Path = Field(description="Skeleton with its bones, relative to this file.")
    free: bool = Field(True, description="Whether the bones are identified beside the muscles.")
    width: Annotated[float, Field(gt=0, le=0.5)] = Field(
        0.1,
        description="Standard deviation of the multiplier of each number of a bone before any "
        "data; multipliers stay between 0.4 and 1.6.",
    )
    span_s: Annotated[float, Field(ge=0.06, le=2)] = Field(
        0.3,
        description="Accelerations come from polynomials fitted to the angles over this time, s; "
        "the reference is half of it late.",
    )


class SynergyConfig(Section):
    """What drives muscles without electrode: primitives in time that the muscles share."""

    count: Annotated[int, Field(ge=1, le=MOST_SYNERGIES)] | None = Field(
        None, description="Number of synergies; without it as many as least_vaf needs."
    )
    least_vaf: Annotated[float, Field(gt=0, lt=1)] = Field(
        LEAST_VAF, description="Share of the excitations' variance that they account for."
    )


class FailoverConfig(Section):
    """What happens when an electrode comes off."""

    enabled: bool = Field(
        True,
        description="Whether channels are watched, and the muscles of one that cannot be believed "
        "driven by what the other muscles do.",
    )
    return_s: Annotated[float, Field(ge=0.1, le=60)] = Field(
        1.0, description="Time without a fault after which a channel is used again, s."
    )
    fade_s: Annotated[float, Field(ge=0, le=2)] = Field(
        0.2, description="Time in which a muscle then returns to its own excitation, s."
    )
    flat: NonNegative = Field(
        1e-9, description="Range of a channel's samples that says nothing, V, or MVC if ready."
    )
    loud_mvc: Positive = Field(
        4.0, description="Mean rectified amplitude that no muscle reaches, MVC."
    )
    line_hz: tuple[Positive, ...] = Field(
        (50.0, 60.0), description="Line frequencies to look for, Hz; none if empty."
    )


class OutputConfig(Section):
    """What is published and how a controller is kept safe."""

    zmq: str | None = Field(
        "tcp://127.0.0.1:5556", description="Address the moments are published on over ZeroMQ."
    )
    lsl: bool = Field(True, description="Whether the moments are also published over LSL.")
    udp: str | None = Field(
        None,
        description="Address that a UDP datagram per tick is sent to, such as 127.0.0.1:5560; for "
        "controllers that read no msgpack.",
    )
    lsl_name: str = Field("hillstream", description="Prefix of the LSL outlets' names.")
    valid_for_s: Annotated[float, Field(gt=0, le=1)] = Field(
        0.1, description="Time after which a controller must not use a message any more, s."
    )
    fade_out_s: Annotated[float, Field(ge=0, le=2)] = Field(
        0.2, description="Time in which the moment goes to zero on stale input, s."
    )
    hand_over_s: Annotated[float, Field(ge=0, le=10)] = Field(
        0.5, description="Shortest time in which the prediction moves to a new parameter set, s."
    )
    hand_over_limit_nm_per_s: Positive = Field(
        50.0,
        description="Most by which a hand-over may move a moment beyond what the movement does, "
        "N*m/s; it takes as long as that needs.",
    )
    max_moment_nm: Positive = Field(
        300.0, description="Largest moment that is ever published for a joint, N*m."
    )


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
    calibrator_niceness: Annotated[int, Field(ge=0, le=19)] = Field(
        5, description="How far the calibrator steps back where the processor is wanted, as nice."
    )
    lock_memory: bool = Field(
        False, description="Whether the predictor's memory is kept from being swapped out."
    )


class FatigueConfig(Section):
    """A muscle of the simulated person that tires, evenly between two times, and stays so."""

    muscle: str = Field(description="The muscle, as model.muscles names it.")
    start_s: NonNegative = Field(description="When it begins, s since the lab began.")
    end_s: NonNegative = Field(description="When it is complete, s since the lab began.")
    strength_loss: Fraction = Field(0.0, description="Share of its strength that it loses.")
    frequency_loss: Annotated[float, Field(ge=0, le=0.6)] = Field(
        0.0,
        description="Share by which conduction slows in its fibres, and with it every frequency "
        "in the EMG of its channels.",
    )
    amplitude_rise: NonNegative = Field(
        0.0, description="Share by which the person drives its channels harder to make up for it."
    )

    @model_validator(mode="after")
    def _takes_time(self) -> Self:
        if self.end_s < self.start_s:
            raise ValueError(f"ends at {self.end_s:g} s, before it starts at {self.start_s:g} s")
        return self


class GainChangeConfig(Section):
    """An electrode of the simulated lab that from one moment on gives more or less."""

    channel: str = Field(description="The EMG channel.")
    at_s: NonNegative = Field(description="When it happens, s since the lab began.")
    factor: Positive = Field(description="What all it records is multiplied by from then on.")


class ElectrodeOffConfig(Section):
    """An electrode of the simulated lab that comes off, and is put back."""

    channel: str = Field(description="The EMG channel.")
    at_s: NonNegative = Field(description="When it comes off, s since the lab began.")
    until_s: NonNegative = Field(description="When it is back, s since the lab began.")
    fault: Literal["flat", "nan", "saturated", "loud", "line"] = Field(
        "flat", description="What the channel gives in between."
    )


class TaskChangeConfig(Section):
    """Another movement that the simulated person turns to."""

    at_s: NonNegative = Field(description="When the last reach of the old kind starts at most, s.")
    used_range: Interval = Field(
        (0.15, 0.85), description="Part of each joint's range that is used, as fractions of it."
    )
    pace: Positive = Field(1.0, description="Speed of the reaches, 1 being the usual one.")
    effort: Positive = Field(1.0, description="Drive behind the reaches, 1 being the usual one.")

    @model_validator(mode="after")
    def _range_rises(self) -> Self:
        low, high = self.used_range
        if not 0 <= low < high <= 1:
            raise ValueError(f"used_range must rise within 0 to 1, got [{low:g}, {high:g}]")
        return self


class SimulationConfig(Section):
    """The simulated lab: a person whose true parameters the daemon does not know."""

    seed: int = Field(1, description="Seed of everything random in the simulated lab.")
    optimal_fibre_length: dict[str, Positive] = Field(
        default_factory=dict, description="True value per muscle, relative to the generic one."
    )
    tendon_slack_length: dict[str, Positive] = Field(
        default_factory=dict, description="True value per muscle, relative to the generic one."
    )
    bones: dict[str, dict[str, Positive]] = Field(
        default_factory=dict,
        description="For each bone its true numbers (mass, centre_x, radius_x, ...), relative to "
        "those of skeleton.file.",
    )
    strength: dict[str, Positive] = Field(
        default_factory=dict, description="True value per muscle, relative to the generic one."
    )
    shape_factor: Annotated[float, Field(gt=-5, lt=0)] = Field(
        -1.2, description="True shape factor A of the activation of every muscle."
    )
    activation_time_constant_s: Positive = Field(
        0.015, description="Each of the two time constants from excitation to activation, s."
    )
    electromechanical_delay_s: NonNegative = Field(
        0.06, description="True delay from EMG to force, s."
    )
    synergies: Annotated[int, Field(ge=1, le=16)] | None = Field(
        None,
        description="Muscle synergies that the person's excitations are made of; without it every "
        "channel has a drive of its own.",
    )
    emg_noise_v: NonNegative = Field(2e-6, description="White noise of the electrodes, V RMS.")
    hum_v: NonNegative = Field(5e-6, description="Amplitude of the 50 Hz hum in the EMG, V.")
    baseline_v: NonNegative = Field(3e-6, description="Muscle tone at rest in the EMG, V RMS.")
    angle_noise_rad: NonNegative = Field(5e-4, description="Noise of the angles, rad s.d.")
    moment_noise_nm: NonNegative = Field(0.1, description="Noise of the moments, N*m s.d.")
    jitter_s: NonNegative = Field(2e-4, description="Jitter of the time stamps, s s.d.")
    clock_offset_s: float = Field(
        0.0, description="By how much the lab's clock runs ahead of this machine's, s (ZeroMQ)."
    )
    fatigue: list[FatigueConfig] = Field(
        default_factory=list, description="Muscles that tire; see docs/fatigue.md."
    )
    gain_change: list[GainChangeConfig] = Field(
        default_factory=list, description="Electrodes that slip or are turned up or down."
    )
    electrode_off: list[ElectrodeOffConfig] = Field(
        default_factory=list, description="Electrodes that come off; see docs/synergy.md."
    )
    task_change: list[TaskChangeConfig] = Field(
        default_factory=list, description="Changes of what the person does, in order of time."
    )


class Config(Section):
    """A whole set-up."""

    title: str = Field(description="What this set-up is, in a few words.")
    streams: StreamsConfig
    envelope: EnvelopeConfig = EnvelopeConfig()
    model: ModelConfig
    calibrator: CalibratorConfig = CalibratorConfig()
    skeleton: SkeletonConfig | None = Field(
        None, description="The limb's bones, for calibrator.reference = 'acceleration'."
    )
    synergies: SynergyConfig = SynergyConfig()
    failover: FailoverConfig = FailoverConfig()
    output: OutputConfig = OutputConfig()
    control: ControlConfig = ControlConfig()
    security: SecurityConfig = SecurityConfig()
    session: SessionConfig = SessionConfig()
    realtime: RealtimeConfig = RealtimeConfig()
    simulation: SimulationConfig = SimulationConfig()

    @property
    def calibrates(self) -> bool:
        """Whether parameters are refined: the calibrator is on and there is a reference."""
        return self.calibrator.enabled and (self.streams.moments is not None or self.torque_free)

    @property
    def torque_free(self) -> bool:
        """Whether the reference is the motion, so that no joint moment is needed."""
        return self.calibrator.reference == "acceleration"

    @model_validator(mode="after")
    def _has_its_reference(self) -> Self:
        if not self.torque_free and self.streams.external is not None:
            raise ValueError(
                "streams.external is of use with calibrator.reference = 'acceleration' only; set "
                "that or leave the stream out"
            )
        if self.torque_free and self.skeleton is None:
            raise ValueError(
                "calibrator.reference = 'acceleration' needs the bones; add [skeleton] with a "
                "file such as models/myoarm_skeleton.json"
            )
        if self.torque_free and self.streams.moments is not None:
            raise ValueError(
                "calibrator.reference = 'acceleration' learns from no moment; leave "
                "streams.moments out, or set reference = 'moments'"
            )
        return self

    @model_validator(mode="after")
    def _channels_exist(self) -> Self:
        known = set(self.streams.emg.channels)
        wrong = sorted({c for used in self.model.muscles.values() for c in used} - known)
        if wrong:
            raise ValueError(
                f"model.muscles names EMG channels {wrong} that streams.emg does not list"
            )
        named = set(self.envelope.mvc)
        if isinstance(self.envelope.baseline, dict):
            named |= set(self.envelope.baseline)
        if strange := sorted(named - known):
            raise ValueError(f"envelope names channels {strange} that streams.emg does not list")
        for field in ("gain_change", "electrode_off"):
            changing = {change.channel for change in getattr(self.simulation, field)}
            if strange := sorted(changing - known):
                raise ValueError(
                    f"simulation.{field} names channels {strange} that streams.emg does not list"
                )
        return self

    @property
    def open_addresses(self) -> list[str]:
        """What other machines reach without a key, as sentences want it."""
        if self.security.server_key is not None:
            return []
        control = self.control.address if self.control.enabled else None
        ports = {"output.zmq": self.output.zmq, "control.address": control}
        return [f"{k} = '{v}'" for k, v in ports.items() if v is not None and not is_local(v)]

    @model_validator(mode="after")
    def _is_guarded(self) -> Self:
        if self.open_addresses and not self.security.insecure:
            raise ValueError(
                f"{' and '.join(self.open_addresses)} would be open to other machines: give "
                "security.server_key, or use tcp://127.0.0.1:PORT; security.insecure = true leaves "
                "it open"
            )
        return self

    @model_validator(mode="after")
    def _tiring_muscles_exist(self) -> Self:
        tiring = {one.muscle for one in self.simulation.fatigue}
        if strange := sorted(tiring - set(self.model.muscles)):
            raise ValueError(
                f"simulation.fatigue names muscles {strange} that model.muscles does not list"
            )
        return self


def config_path(name: str | Path) -> Path:
    """Return the file meant by `name`: a path, or the bare name of a set-up that is shipped."""
    path = Path(name)
    if exists(path):
        return path
    for root in _shipped_configs():
        for candidate in (root / path.name, root / f"{path.name}.toml"):
            if exists(candidate):
                return candidate
    raise UserError(f"Configuration '{name}' does not exist; give the path of a TOML file.")


def _shipped_configs() -> list[Path]:
    """Return where the shipped set-ups lie: inside an installed package, or beside the source."""
    package = Path(str(resources.files("daemon")))
    return [package / "configs", package.parent / "configs"]


def load_config(name: str | Path) -> Config:
    """Read and validate a configuration.

    Paths inside the file are taken relative to it.

    Raises
    ------
    UserError
        If the file is missing, is not TOML, or does not hold a valid configuration; the message
        lists every mistake with its place and value.
    """
    path = config_path(name)
    refuse_large(path)
    try:
        raw = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise UserError(f"{path} cannot be read: {error.strerror}.") from error
    except (ValueError, RecursionError) as error:  # also a number of more digits than are read
        raise UserError(f"{path} is not a TOML file: {error}.") from error
    try:
        config = Config.model_validate(raw)
    except ValidationError as error:
        raise UserError(_explain(path, error)) from error
    return _with_absolute_paths(config, path.resolve().parent)


def _with_absolute_paths(config: Config, folder: Path) -> Config:
    subject = folder / config.model.subject if config.model.subject else None
    model = config.model.model_copy(update={"file": folder / config.model.file, "subject": subject})
    streams, security, skeleton = config.streams, config.security, config.skeleton
    if skeleton is not None:
        skeleton = skeleton.model_copy(update={"file": folder / skeleton.file})
    inputs = {
        key: stream.model_copy(update={"server_key": beside(stream.server_key, folder)})
        for key in StreamsConfig.roles
        if (stream := getattr(streams, key)) is not None and stream.server_key is not None
    }
    keys = {
        "server_key": folder / security.server_key if security.server_key else None,
        "data_clients": [beside(entry, folder) for entry in security.data_clients],
        "control_clients": [beside(entry, folder) for entry in security.control_clients],
    }
    return config.model_copy(
        update={
            "model": model,
            "skeleton": skeleton,
            "streams": streams.model_copy(update=inputs),
            "security": security.model_copy(update=keys),
        }
    )


def _explain(path: Path, error: ValidationError) -> str:
    mistakes = error.errors()
    count = "one mistake" if len(mistakes) == 1 else f"{len(mistakes)} mistakes"
    lines = [f"{path} has {count}:"]
    for mistake in mistakes:
        place = ".".join(str(part) for part in mistake["loc"]) or "the whole file"
        shown = _shown(mistake["input"])
        value = f" (got {shown})" if len(shown) <= 60 and mistake["type"] != "missing" else ""
        lines.append(f"  {place}: {mistake['msg'].removeprefix('Value error, ')}{value}")
    return "\n".join(lines)


def _shown(value: object) -> str:
    """Return a value as Python writes it; an integer that is too long to be written, in words."""
    try:
        return repr(value)
    except ValueError:
        return "a number of thousands of digits"
