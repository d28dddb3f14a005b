"""The person: muscles, bones, and what drives which muscle."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import Field, field_validator, model_validator

from daemon.config.section import Renamed, Section
from pipeline.model.curve_choice import CurveChoice
from pipeline.model.delay import LONGEST_DELAY_S

Names = Annotated[list[str], Field(min_length=1)]


def is_curve_file(curves: str) -> bool:
    """Tell whether `model.curves` names a file, and not a set."""
    return curves.endswith(".json")


class ModelConfig(Section):
    """The musculoskeletal model and where the person starts."""

    file: Path = Field(description="Fitted geometry and generic muscles, relative to this file.")
    dofs: Names = Field(
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
    electromechanical_delay_s: float | Literal["found"] = Field(
        "found",
        description="Delay from EMG to force, s, the envelope's own delay included; 'found' "
        "takes it from the data of the first seconds.",
    )
    use_muscles: Literal["driven", "all"] | Names = Field(
        "driven",
        description="Which muscles of the file take part: those 'driven', which [model.muscles] "
        "names channels for; beside them 'all' that have a moment arm about one of the dofs; or "
        "those of a list. What drives one without channel says calibrator.without_electrodes.",
    )
    curves: str | None = Field(
        None,
        description="Curves of a muscle: degroote2016, millard2013 or thelen2003, with what is set "
        "in it after commas (degroote2016,plateau=1.4), or a JSON file of curves, relative to this "
        "file. Without it those of the subject, and degroote2016 for a generic one.",
    )
    tendon: Literal["elastic", "rigid"] | None = Field(
        None,
        description="Whether tendons stretch. Without it as the subject says of each muscle, and "
        "elastic for a generic one.",
    )
    muscles: dict[str, Names] = Field(
        min_length=1,
        description="For each muscle of the model the EMG channels that drive it (their mean).",
    )

    @field_validator("electromechanical_delay_s", mode="plain")
    @classmethod
    def _is_a_delay(cls, value: Any) -> Any:
        number = isinstance(value, int | float) and not isinstance(value, bool)
        if value != "found" and not (number and 0.0 <= value <= LONGEST_DELAY_S):
            raise ValueError(f"use 'found' or seconds from 0 to {LONGEST_DELAY_S:g}")
        return value

    @field_validator("curves")
    @classmethod
    def _are_curves(cls, value: str | None) -> str | None:
        if value is not None and not is_curve_file(value):
            CurveChoice.of(value)
        return value

    @field_validator("use_muscles", mode="before")
    @classmethod
    def _is_a_choice(cls, value: Any) -> Any:
        if value not in ("driven", "all") and not isinstance(value, list):
            raise ValueError("use 'driven', 'all' or a list of muscles")
        return value

    @model_validator(mode="after")
    def _driven_muscles_take_part(self) -> Self:
        listed = self.use_muscles if isinstance(self.use_muscles, list) else self.muscles
        if unused := sorted(set(self.muscles) - set(listed)):
            raise ValueError(
                f"use_muscles leaves out {unused}, which have EMG channels; add them to the list "
                "or take them out of [model.muscles]"
            )
        return self


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
