"""The person: muscles, bones, and what drives which muscle."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, ClassVar

from pydantic import Field

from daemon.config.section import Renamed, Section


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


class SkeletonConfig(Section):
    """The limb's bones, for a calibration that learns from motion."""

    renamed: ClassVar[Renamed] = {"span_s": "smoothing_window_s"}

    file: Path = Field(description="Skeleton with its bones, relative to this file.")
    free: bool = Field(True, description="Whether the bones are identified beside the muscles.")
    width: Annotated[float, Field(gt=0, le=0.5)] = Field(
        0.1,
        description="Standard deviation of the multiplier of each number of a bone before any "
        "data; multipliers stay between 0.4 and 1.6.",
    )
    smoothing_window_s: Annotated[float, Field(ge=0.06, le=2)] = Field(
        0.3,
        description="Accelerations come from polynomials fitted to the angles over this time, s; "
        "the reference is half of it late.",
    )
