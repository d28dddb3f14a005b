"""A change as a share of what was there before, with its interval."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Share:
    """A change as a share of the level before: -0.25 is a quarter less."""

    value: float
    low: float
    high: float

    @property
    def falls(self) -> bool:
        """Whether the whole interval lies below zero."""
        return self.high < 0

    @property
    def rises(self) -> bool:
        """Whether the whole interval lies above zero."""
        return self.low > 0
