"""Validity for a way out that cannot tell it: what may not be used fades to zero."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class ValidityFade:
    """Scales each joint by a weight that goes to 0 while the joint is not ok, to 1 while it is.

    Pure, driven by the time between two messages. A moment leaves no larger than it came, and at
    no time faster than it moves itself plus its size over `fade_s`.

    Parameters
    ----------
    fade_s
        Time from one end to the other, s; zero switches at once.
    """

    fade_s: float

    def step(
        self, weights: Sequence[float], ok: Sequence[bool], elapsed_s: float
    ) -> tuple[float, ...]:
        """Return the weights `elapsed_s` after the last ones; both have one per joint."""
        most = 1.0 if self.fade_s <= 0 else max(0.0, elapsed_s) / self.fade_s
        return tuple(
            min(1.0, weight + most) if usable else max(0.0, weight - most)
            for weight, usable in zip(weights, ok, strict=True)
        )
