"""The simulated lab and what changes in it."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from daemon.config.section import Fraction, Interval, NonNegative, Positive, Section


class FatigueConfig(Section):
    """A muscle of the simulated person that tires evenly between two times, and may recover."""

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
    recovery: Fraction = Field(
        0.0, description="Share of all these changes that goes back again after the end."
    )
    recovery_s: NonNegative = Field(
        120.0, description="How long that takes from the end on, evenly, s."
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


class CrosstalkConfig(Section):
    """An electrode of the simulated lab that hears another one's muscle too."""

    channel: str = Field(description="The EMG channel.")
    of: str = Field(description="The channel whose EMG it hears.")
    share: Positive = Field(description="How much of that channel's amplitude reaches it.")


class MotionArtefactConfig(Section):
    """An electrode of the simulated lab whose cable swings with the movement."""

    channel: str = Field(description="The EMG channel.")
    rms_v: Positive = Field(description="Artefact below 20 Hz that is added to it, V RMS.")


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
    emg_gain: dict[str, Positive] = Field(
        default_factory=dict,
        description="True EMG at full excitation per channel, relative to envelope.mvc, as of a "
        "person whose maximum was never measured; noise and hum stay.",
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
    acceleration_noise_rad_s2: NonNegative = Field(
        0.1, description="Noise of the measured accelerations, rad/s^2 s.d."
    )
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
    crosstalk: list[CrosstalkConfig] = Field(
        default_factory=list, description="Electrodes that hear other muscles; see docs/quality.md."
    )
    motion_artefact: list[MotionArtefactConfig] = Field(
        default_factory=list, description="Cables that swing; see docs/quality.md."
    )
    task_change: list[TaskChangeConfig] = Field(
        default_factory=list, description="Changes of what the person does, in order of time."
    )
