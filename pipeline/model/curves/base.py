"""A curve set: the four normalised curves of a Hill-type muscle, each with its slope."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence

from torch import Tensor

from pipeline.shapes import Float

Curve = tuple[Float[Tensor, "*shape"], Float[Tensor, "*shape"]]
"""Value and slope."""


class CurveSet(ABC):
    """The curves that one muscle model is made of.

    Every curve takes a tensor of shape [..., muscle, time], or of any shape where all muscles share
    the curve, and returns ``(value, slope)`` of that shape and type. Newton's method takes the
    slope, autograd goes through the value, and both agree. Forces are fractions of maximum
    isometric force, lengths of optimal fibre length, velocities of maximum contraction velocity
    (positive when lengthening), strains of tendon slack length.

    What the solver relies on: curves are finite wherever the state may lie (fibre lengths 0 to 3),
    force grows with velocity and with tendon strain, passive force with length, and a tendon never
    pushes.
    """

    @property
    def levels(self) -> bool:
        """Whether force is level in fast stretch or shortening: slopes there tell Newton little."""
        return True

    @abstractmethod
    def active_force_length(self, length: Float[Tensor, "*shape"]) -> Curve:
        """Active force over fibre length, at full activation and zero velocity."""

    @abstractmethod
    def force_velocity(self, velocity: Float[Tensor, "*shape"]) -> Curve:
        """Force multiplier over fibre velocity; 1 at rest, 0 at full shortening."""

    @abstractmethod
    def passive_force_length(self, length: Float[Tensor, "*shape"]) -> Curve:
        """Passive force of the stretched fibre."""

    @abstractmethod
    def tendon_force(self, strain: Float[Tensor, "*shape"]) -> Curve:
        """Tendon force over tendon strain."""

    def active_force(
        self, length: Float[Tensor, "*shape"], activation: Float[Tensor, "*any"]
    ) -> tuple[Tensor, Tensor, Tensor]:
        """Return the force multiplier of an active fibre, at rest, over its length.

        Returns
        -------
        tuple
            The multiplier, its slope by length, and the derivative by the activation of activation
            times multiplier, which is the multiplier where it does not depend on the activation.
        """
        value, slope = self.active_force_length(length)
        return value, slope, value

    def of_muscles(self, chosen: Sequence[int]) -> CurveSet:
        """Return the curves of some muscles, one row each; the set itself where all share it."""
        return self
