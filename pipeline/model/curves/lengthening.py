"""Curves of a muscle whose optimal fibre length grows as the activation falls.

At rest the fibre's optimum lies at ``1 + share`` optimal fibre lengths, at full activation at one:
Lloyd & Besier 2003, J Biomech 36:765, who give 0.15, and CEINMS (Pizzolato et al. 2015, J Biomech
48:3929), as its ``percentageChange``. Thickness, passive force and velocity keep to the one length.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from torch import Tensor

from pipeline.model.curves.base import Curve, CurveSet


@dataclass(frozen=True, eq=False)
class Lengthening(CurveSet):
    """Curves whose active force moves along the fibre length.

    Parameters
    ----------
    share
        Growth of the optimal fibre length from full activation to none.
    curves
        The curves at full activation.
    """

    share: float
    curves: CurveSet

    @property
    def levels(self) -> bool:
        """Return what the curves say of it."""
        return self.curves.levels

    def active_force_length(self, length: Tensor) -> Curve:
        """Return the curve at full activation."""
        return self.curves.active_force_length(length)

    def active_force(self, length: Tensor, activation: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Return the multiplier, its slope, and how activation times it grows with activation."""
        optimum = 1.0 + self.share * (1.0 - activation)
        value, slope = self.curves.active_force_length(length / optimum)
        slope = slope / optimum
        by_activation = self.share * length * slope / optimum
        return value, slope, value + activation * by_activation

    def force_velocity(self, velocity: Tensor) -> Curve:
        """Return what the curves are."""
        return self.curves.force_velocity(velocity)

    def passive_force_length(self, length: Tensor) -> Curve:
        """Return what the curves are."""
        return self.curves.passive_force_length(length)

    def tendon_force(self, strain: Tensor) -> Curve:
        """Return what the curves are."""
        return self.curves.tendon_force(strain)

    def of_muscles(self, chosen: Sequence[int]) -> Lengthening:
        """Return the same of some muscles."""
        return Lengthening(self.share, self.curves.of_muscles(chosen))
