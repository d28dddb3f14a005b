"""Millard et al. 2013, as OpenSim's Millard2012EquilibriumMuscle has it by default.

References
----------
Millard, Uchida, Seth, Delp 2013, J Biomech Eng 135:021005, doi 10.1115/1.4023390. The numbers are
the defaults of OpenSim 4's ActiveForceLengthCurve, ForceVelocityCurve, FiberForceLengthCurve and
TendonForceLengthCurve in a muscle with fibre damping, whose active force falls to zero.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from torch import Tensor

from pipeline.model.curves.base import Curve, CurveSet
from pipeline.model.curves.bezier import Node, table
from pipeline.model.curves.table import Table
from pipeline.shapes import Float

SHOULDER_WIDTH = 0.05
"""Length on both sides of the optimum over which the curve is level in the mean."""
STEEPER = 1.25
"""By what the steep ascending slope exceeds the mean one."""

ISOMETRIC_SLOPE = 5.0
NEAR_SHORTENING_SLOPE, NEAR_STRETCH_SLOPE = 0.25, 0.15
"""Of the force-velocity curve at nine tenths of maximum velocity; at it the curve is level."""
NEAR = 0.9
SHORTENING_CURVINESS, STRETCH_CURVINESS = 0.6, 0.9

PASSIVE_LOW_STIFFNESS = 0.2
PASSIVE_STIFFNESS = 2.0
"""At one maximum isometric force, over that force per strain."""
PASSIVE_CURVINESS = 0.75

TENDON_STIFFNESS = 1.375
"""At one maximum isometric force, over that force per strain."""
TOE_FORCE = 2.0 / 3.0
TENDON_CURVINESS = 0.5


@dataclass(frozen=True)
class Millard2013(CurveSet):
    """The curves of Millard et al. 2013.

    Parameters
    ----------
    plateau
        Force multiplier at maximum stretching velocity.
    passive_strain
        Fibre strain at which the passive force is one maximum isometric force.
    tendon_strain
        Tendon strain at one maximum isometric force.
    shortest, shoulder, longest
        Fibre lengths at which active force begins, bends towards its plateau, and ends.
    shallow_slope
        Slope of active force between shoulder and optimum.
    """

    plateau: float = 1.4
    passive_strain: float = 0.7
    tendon_strain: float = 0.049
    shortest: float = 0.4441
    shoulder: float = 0.73
    longest: float = 1.8123
    shallow_slope: float = 0.8616

    def active_force_length(self, length: Float[Tensor, "*shape"]) -> Curve:
        """Return five corners, zero outside."""
        return self._active.at(length)

    def force_velocity(self, velocity: Float[Tensor, "*shape"]) -> Curve:
        """Return four corners, level from maximum velocity on."""
        return self._speed.at(velocity)

    def passive_force_length(self, length: Float[Tensor, "*shape"]) -> Curve:
        """Return a toe and a corner, zero below optimal length and then straight."""
        return self._passive.at(length)

    def tendon_force(self, strain: Float[Tensor, "*shape"]) -> Curve:
        """Return a toe of two corners, zero where it is slack and straight when taut."""
        return self._tendon.positive_at(strain)

    @cached_property
    def _active(self) -> Table:
        shortest, shoulder, longest = self.shortest, self.shoulder, self.longest
        up, down = 1.0 - SHOULDER_WIDTH, 1.0 + SHOULDER_WIDTH
        bend = 1.0 - self.shallow_slope * (up - shoulder)
        nodes = [
            Node(shortest, 0.0, 0.0),
            Node(0.5 * (shortest + shoulder), 0.5 * bend, STEEPER * bend / (shoulder - shortest)),
            Node(0.5 * (shoulder + up), 0.5 * (bend + 1.0), self.shallow_slope),
            Node(1.0, 1.0, 0.0),
            Node(0.5 * (down + longest), 0.5, -1.0 / (longest - SHOULDER_WIDTH - down)),
            Node(longest, 0.0, 0.0),
        ]
        return table(nodes, [1.0] * 5)

    @cached_property
    def _speed(self) -> Table:
        slow, fast = NEAR_SHORTENING_SLOPE, NEAR_STRETCH_SLOPE
        nodes = [
            Node(-1.0, 0.0, 0.0),
            Node(-NEAR, 0.5 * slow * (1.0 - NEAR), slow),
            Node(0.0, 1.0, ISOMETRIC_SLOPE),
            Node(NEAR, self.plateau - 0.5 * fast * (1.0 - NEAR), fast),
            Node(1.0, self.plateau, 0.0),
        ]
        return table(nodes, [SHORTENING_CURVINESS] * 2 + [STRETCH_CURVINESS] * 2)

    @cached_property
    def _passive(self) -> Table:
        stiffness = PASSIVE_STIFFNESS / self.passive_strain
        toe = 0.1 * min(1.0 / stiffness, self.passive_strain)
        nodes = [
            Node(1.0, 0.0, 0.0),
            Node(1.0 + toe, 0.5 * PASSIVE_LOW_STIFFNESS * toe, PASSIVE_LOW_STIFFNESS),
            Node(1.0 + self.passive_strain, 1.0, stiffness),
        ]
        return table(nodes, [PASSIVE_CURVINESS] * 2)

    @cached_property
    def _tendon(self) -> Table:
        stiffness = TENDON_STIFFNESS / self.tendon_strain
        toe = self.tendon_strain + (TOE_FORCE - 1.0) / stiffness
        foot = 0.1 * toe
        middle = self.tendon_strain + (0.5 * TOE_FORCE - 1.0) / stiffness
        slope = 0.5 * TOE_FORCE / (middle - foot)
        nodes = [
            Node(0.0, 0.0, 0.0),
            Node(0.5 * (foot + middle), 0.5 * slope * (middle - foot), slope),
            Node(toe, TOE_FORCE, stiffness),
        ]
        return table(nodes, [TENDON_CURVINESS] * 2)
