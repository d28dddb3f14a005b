"""Configuration of the way from EMG to excitation."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from daemon.config.section import Interval, NonNegative, Positive, Section


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

    scaled_to: Literal["mvc", "peak", "unknown"] = Field(
        "mvc",
        description="What the EMG is divided by: the person's 'mvc' (maximum voluntary "
        "contraction); the 'peak' of the movement itself, which may be far from it; or 'unknown'. "
        "The less is known, the wider the range in which a gain per muscle is calibrated.",
    )

    @model_validator(mode="after")
    def _band_rises(self) -> Self:
        low, high = self.band_hz
        if not 0 < low < high:
            raise ValueError(f"band_hz must rise from above zero, got [{low:g}, {high:g}]")
        return self
