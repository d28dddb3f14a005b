"""Configuration of the calibrator, of synergies, and of failover between electrodes."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal, Self

from pydantic import Field, model_validator

from daemon.config.section import Interval, NonNegative, Positive, Renamed, Section
from pipeline.emg.synthesis import MIN_VAF, MOST_SYNERGIES
from pipeline.transport.bind import is_address

HERE = "here"
"""`CalibratorConfig.where` of the daemon's own machine."""


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

    optimal_fibre_length: ParameterConfig = ParameterConfig(bounds=(0.75, 1.25))
    tendon_slack_length: ParameterConfig = ParameterConfig(bounds=(0.85, 1.15))
    strength: ParameterConfig = ParameterConfig(bounds=(0.1, 4.0))
    gain: ParameterConfig = Field(
        ParameterConfig(bounds=(0.67, 1.5)),
        description="What EMG is multiplied by; where it is not given, its bounds follow from "
        "envelope.scaled_to.",
    )
    shape_factor: ParameterConfig = ParameterConfig(bounds=(-3.0, -0.01))
    c1: ParameterConfig = ParameterConfig(bounds=(-0.95, -0.05))
    c2: ParameterConfig = ParameterConfig(bounds=(-0.95, -0.05))


class CalibratorConfig(Section):
    """The sliding-window calibrator."""

    renamed: ClassVar[Renamed] = {"geometry_pace": "geometry_learning_rate_scale"}

    enabled: bool = Field(True, description="Whether parameters are refined at all.")
    where: str = Field(
        "here",
        description="Where it works: 'here', on the daemon's machine, or the address at which "
        "'hillstream calibrator' listens on another, such as tcp://192.168.1.30:5570; see "
        "docs/elsewhere.md.",
    )
    server_key: str | None = Field(
        None,
        description="Public key of the calibrator elsewhere, or its file, relative to this file; "
        "the daemon shows the key of security.server_key.",
    )
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
    geometry_learning_rate_scale: Annotated[float, Field(gt=0, le=1)] = Field(
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

    @property
    def here(self) -> bool:
        """Whether it works on the daemon's machine."""
        return self.where == HERE

    @model_validator(mode="after")
    def _is_somewhere(self) -> Self:
        if self.here and self.server_key is not None:
            raise ValueError("server_key is for a calibrator elsewhere; set where, or leave it out")
        if not self.here and not is_address(self.where):
            raise ValueError(
                f"where = '{self.where}' is neither 'here' nor an address such as "
                "tcp://192.168.1.30:5570"
            )
        return self


class SynergyConfig(Section):
    """What drives muscles without electrode: primitives in time that the muscles share."""

    renamed: ClassVar[Renamed] = {"least_vaf": "min_vaf"}

    count: Annotated[int, Field(ge=1, le=MOST_SYNERGIES)] | None = Field(
        None, description="Number of synergies; without it as many as min_vaf needs."
    )
    min_vaf: Annotated[float, Field(gt=0, lt=1)] = Field(
        MIN_VAF, description="Share of the excitations' variance that they account for."
    )


class FailoverConfig(Section):
    """What happens when an electrode comes off."""

    renamed: ClassVar[Renamed] = {"loud_mvc": "max_amplitude_mvc"}

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
    max_amplitude_mvc: Positive = Field(
        4.0, description="Mean rectified amplitude that no muscle reaches, MVC."
    )
    line_hz: tuple[Positive, ...] = Field(
        (50.0, 60.0), description="Line frequencies to look for, Hz; none if empty."
    )
