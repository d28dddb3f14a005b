"""A figure of the footprint with its target."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Figure:
    """One thing that was measured.

    Parameters
    ----------
    name
        What of.
    value, unit
        How much.
    target
        What is wanted: at most this, or with `at_least` no less.
    in_the_way
        What takes most of it, and how much.
    """

    name: str
    value: float
    unit: str
    target: float
    at_least: bool = False
    in_the_way: str = ""

    @property
    def reached(self) -> bool:
        """Whether it is as wanted."""
        return self.value >= self.target if self.at_least else self.value <= self.target

    def result(self) -> dict[str, Any]:
        """Return it for the JSON; what stands in the way only where it is not reached."""
        obstacle = "" if self.reached else self.in_the_way
        return asdict(self) | {"reached": self.reached, "in_the_way": obstacle}


@dataclass(frozen=True)
class Part:
    """What one part of the bench came to."""

    figures: list[Figure]
    details: dict[str, Any] = field(default_factory=dict)
    """What the figures were taken from, for who looks closer."""

    def result(self) -> dict[str, Any]:
        """Return it for the JSON."""
        return {"figures": [one.result() for one in self.figures], "details": self.details}


@dataclass(frozen=True)
class Given:
    """What a part is to measure with.

    Parameters
    ----------
    seconds
        Length of a measurement of latency or load, s.
    minutes
        Length of a measurement of memory, or on one processor, min.
    folder
        Where files may go.
    recording
        Of walking.
    """

    seconds: float
    minutes: float
    folder: Path
    recording: Path


def most(shares: dict[str, float], unit: str) -> str:
    """Say which of some shares is the largest: "predict with 12.3 %"."""
    name = max(shares, key=lambda one: shares[one])
    return f"most of it is {name} with {shares[name]:.3g} {unit}"
