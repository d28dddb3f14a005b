"""A whole set-up, and what has to fit together in it."""

from __future__ import annotations

from typing import Self

from pydantic import Field, model_validator

from daemon.config.body import ModelConfig, SkeletonConfig
from daemon.config.envelope import EnvelopeConfig
from daemon.config.learning import CalibratorConfig, FailoverConfig, SynergyConfig
from daemon.config.recording import RecordingConfig
from daemon.config.section import Section
from daemon.config.service import (
    ControlConfig,
    OutputConfig,
    RealtimeConfig,
    SecurityConfig,
    SessionConfig,
)
from daemon.config.simulation import SimulationConfig
from daemon.config.streams import StreamsConfig
from pipeline.transport.bind import is_local


class Config(Section):
    """A whole set-up."""

    title: str = Field(description="What this set-up is, in a few words.")
    recording: RecordingConfig = RecordingConfig()
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

    @property
    def driving_channels(self) -> list[str]:
        """The EMG channels that drive a muscle, in the order of the stream."""
        driving = {name for channels in self.model.muscles.values() for name in channels}
        return [name for name in self.streams.emg.channels if name in driving]

    @model_validator(mode="after")
    def _has_its_reference(self) -> Self:
        for key in ("external", "accelerations"):
            if not self.torque_free and getattr(self.streams, key) is not None:
                raise ValueError(
                    f"streams.{key} is of use with calibrator.reference = 'acceleration' only; "
                    "set that or leave the stream out"
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
    def _accelerated_joints_have_angles(self) -> Self:
        accelerated = self.streams.accelerations
        names = accelerated.channels if accelerated else []
        if still := [name for name in names if name not in self.streams.angles.channels]:
            raise ValueError(
                f"streams.accelerations names {still}, of which streams.angles has no angle; add "
                "the angle or leave the acceleration out"
            )
        return self

    @model_validator(mode="after")
    def _hears_not_itself(self) -> Self:
        angles, output = self.streams.angles, self.output.ros2
        if output is not None and angles.transport == "ros2" and angles.topic == output.topic:
            raise ValueError(
                f"streams.angles.topic = '{angles.topic}' is the topic the moments go out on; give "
                "output.ros2.topic another name"
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
        simulation = self.simulation
        simulated = {
            "emg_gain": set(simulation.emg_gain),
            "gain_change": {change.channel for change in simulation.gain_change},
            "electrode_off": {change.channel for change in simulation.electrode_off},
            "crosstalk": {name for one in simulation.crosstalk for name in (one.channel, one.of)},
            "motion_artefact": {one.channel for one in simulation.motion_artefact},
        }
        for field, channels in simulated.items():
            if strange := sorted(channels - known):
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
    def _calibrator_is_known(self) -> Self:
        section = self.calibrator
        guarded = section.here or section.server_key is not None or is_local(section.where)
        if not guarded and not self.security.insecure:
            raise ValueError(
                f"calibrator.where = '{section.where}' would send the person's data in the clear: "
                "give calibrator.server_key and security.server_key (docs/elsewhere.md)"
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
