"""The muscle written a second time, from the papers, in NumPy and one step after the other.

Nothing is shared with the pipeline. The fibre length itself is the state, as in the papers; the
pipeline's state is the fibre's length along the tendon.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


def active_force_length(length: Array) -> Array:
    """De Groote et al. 2016, supplement."""
    rows = ((0.815, 1.055, 0.162, 0.063), (0.433, 0.717, -0.030, 0.200), (0.1, 1.0, 0.354, 0.0))
    total = np.zeros_like(length)
    for b1, b2, b3, b4 in rows:
        spread = np.maximum(b3 + b4 * length, 0.02)
        total += b1 * np.exp(-0.5 * ((length - b2) / spread) ** 2)
    return total


def force_velocity(velocity: Array) -> Array:
    """De Groote et al. 2016, supplement."""
    return -0.318 * np.arcsinh(-8.149 * velocity - 0.374) + 0.886


def passive_force_length(length: Array) -> Array:
    """De Groote et al. 2016, supplement: zero at 0.2, one at 1.6."""
    low = np.exp(4.0 * (0.2 - 1.0) / 0.6)
    return (np.exp(4.0 * (length - 1.0) / 0.6) - low) / (np.exp(4.0) - low)


def tendon_force(strain: Array) -> Array:
    """Linear stiffness of Millard et al. 2013, with a smooth toe."""
    stiffness = 1.375 / 0.049
    offset = 0.049 - 1.0 / stiffness
    return stiffness * 0.006 * np.logaddexp(0.0, (strain - offset) / 0.006)


@dataclass(frozen=True)
class Muscle:
    """Muscles side by side, every array of shape [muscle]."""

    optimal: Array
    slack: Array
    height: Array
    max_velocity: Array
    damping: Array

    def balance(self, fibre: Array, speed: Array, activation: Array, length: Array) -> Array:
        """Tendon force minus fibre force; `speed` is in optimal fibre lengths per second."""
        cosine = np.sqrt(1.0 - (self.height / fibre) ** 2)
        v = speed / self.max_velocity
        active = activation * active_force_length(fibre) * force_velocity(v)
        strain = (length - cosine * fibre * self.optimal) / self.slack - 1.0
        return tendon_force(strain) - cosine * (
            active + passive_force_length(fibre) + self.damping * v
        )

    def at_rest(self, activation: Array, length: Array) -> Array:
        """Return the fibre length in equilibrium at rest."""
        return self._bisected(lambda fibre: self.balance(fibre, 0.0 * fibre, activation, length))

    def along(self, fibre: Array) -> Array:
        """Return the fibre's length along the tendon."""
        return np.sqrt(fibre**2 - self.height**2)

    def backward_euler(self, activation: Array, length: Array, step_s: float) -> Array:
        """Return the length along the tendon by bisection in each step, shape [muscle, time].

        The velocity along the fibre is ``cos(phi) dw/dt``.
        """
        fibre = self.at_rest(activation[:, 0], length[:, 0])
        states = [self.along(fibre)]
        for i in range(1, activation.shape[1]):
            w = states[-1]

            def balance(fibre: Array, w: Array = w, i: int = i) -> Array:
                speed = self.along(fibre) / fibre * (self.along(fibre) - w) / step_s
                return self.balance(fibre, speed, activation[:, i], length[:, i])

            states.append(self.along(self._bisected(balance)))
        return np.stack(states, -1)

    def rosenbrock(self, activation: Array, length: Array, step_s: float) -> Array:
        """Return the length along the tendon by Hambly et al. 2025, eq. A5, [muscle, time]."""
        fibre = self.at_rest(activation[:, 0], length[:, 0])
        speed = np.zeros_like(fibre)
        states = [fibre]
        for i in range(activation.shape[1] - 1):
            now = (fibre, speed, activation[:, i], length[:, i])
            by_fibre, by_speed, by_activation, by_length = self._slopes(*now)
            inputs = by_activation * (activation[:, i + 1] - activation[:, i])
            inputs += by_length * (length[:, i + 1] - length[:, i])
            change = (by_speed * speed - self.balance(*now) - inputs) / (
                by_fibre + by_speed / step_s
            )
            fibre, speed = fibre + change, change / step_s
            states.append(fibre)
        return np.stack([self.along(fibre) for fibre in states], -1)

    def _slopes(self, *point: Array) -> list[Array]:
        """Return the derivatives of the balance by central differences."""
        slopes = []
        for place, size in enumerate((1e-6, 1e-6, 1e-6, 1e-8)):
            up, down = list(point), list(point)
            up[place], down[place] = up[place] + size, down[place] - size
            slopes.append((self.balance(*up) - self.balance(*down)) / (2.0 * size))
        return slopes

    def _bisected(self, balance) -> Array:  # type: ignore[no-untyped-def]
        low = self.height + 1e-9
        high = np.full_like(low, 3.0)
        for _ in range(80):
            middle = 0.5 * (low + high)
            positive = balance(middle) > 0
            low, high = np.where(positive, middle, low), np.where(positive, high, middle)
        return 0.5 * (low + high)
