"""What the calibrated parameters are called, and the units people read them in."""

from __future__ import annotations

from typing import NamedTuple

from daemon.session.recorder import DELAY


class Quantity(NamedTuple):
    """How a parameter is told."""

    title: str
    unit: str
    """Empty where it has none."""
    factor: float = 1.0
    """By which a value in SI units becomes one in `unit`."""

    def shown(self, value: float) -> str:
        """Return a value in SI units as people read it, without the unit."""
        return f"{self.factor * value:.{1 if self.unit else 3}f}".replace("-", "−")


INTERVAL = 1.96
"""Standard deviations on either side that hold 95 %."""
STRENGTH = "strength"
QUANTITIES = {
    STRENGTH: Quantity("Strength", ""),
    "optimal_fibre_length": Quantity("Optimal fibre length", "mm", 1e3),
    "tendon_slack_length": Quantity("Tendon slack length", "mm", 1e3),
    "gain": Quantity("Gain of the EMG", ""),
    DELAY: Quantity("Electromechanical delay", "ms", 1e3),
    "shape_factor": Quantity("Shape factor of the activation", ""),
    "c1": Quantity("Activation coefficient C1", ""),
    "c2": Quantity("Activation coefficient C2", ""),
    "bone_mass": Quantity("Mass of the bones, relative to what was believed", ""),
}
"""By the name in a session, in the order in which they are shown."""


def quantity(name: str) -> Quantity:
    """Return how a parameter is told; one that is not listed goes by its own name."""
    return QUANTITIES.get(name) or Quantity(name.replace("_", " ").capitalize(), "")
