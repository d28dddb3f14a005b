"""The contraction of the simulated muscles, integrated at 1 ms by a solver of the lab's own.

Second-order backward differentiation, each step a scalar Newton iteration per muscle: stable
however stiff the tendon and however low the activation, and far more exact than the daemon's
first-order solver on its coarser grid. The two share their equations and no code.

The state is ``w = l cos(phi)``, the fibre's length along the tendon over optimal fibre length.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from daemon.simulation.person.curves import (
    active_force_length,
    force_velocity,
    passive_force_length,
    tendon_force,
)

Array = NDArray[np.float64]

_PROBE = 1e-6
"""Step in w for the slope of the residual."""
_PROBES = np.array([[0.0], [_PROBE]])
_TOLERANCE = 1e-6
"""Newton step in w after which, converging quadratically, the error is far below 1e-9."""
_MOST_ITERATIONS = 30
_LARGEST = 0.1
"""Longest Newton step in w."""


@dataclass(frozen=True)
class MuscleTendons:
    """The true muscles; every array has shape [muscle]."""

    max_isometric_force: Array
    """N, with the strength already in it."""
    optimal_fibre_length: Array
    """m"""
    tendon_slack_length: Array
    """m"""
    height: Array
    """Constant thickness over optimal fibre length: sine of the pennation angle there, above 0."""
    max_velocity: Array
    """Optimal fibre lengths per second."""
    damping: Array
    """Force per normalised fibre velocity, as a fraction of maximum isometric force."""

    def tendon_force(self, w: Array, length: Array) -> Array:
        """Return the normalised tendon force at state `w` and muscle-tendon length in m."""
        return tendon_force((length - w * self.optimal_fibre_length) / self.tendon_slack_length - 1)

    def imbalance(self, w: Array, w_rate: Array, activation: Array, length: Array) -> Array:
        """Return tendon force less fibre force; zero on the true trajectory.

        Parameters
        ----------
        w, w_rate
            State and its rate in 1/s, shape [..., muscle].
        activation, length
            Activation and muscle-tendon length in m, shape [..., muscle].
        """
        fibre = np.sqrt(w * w + self.height * self.height)
        cosine = w / fibre
        velocity = cosine * w_rate / self.max_velocity
        force = activation * active_force_length(fibre) * force_velocity(velocity)
        force += passive_force_length(fibre) + self.damping * velocity
        return self.tendon_force(w, length) - cosine * force


ContractionState = tuple[Array, Array, Array]
"""The last three states w, newest first, shape [muscle] each."""


def at_rest(muscles: MuscleTendons, activation: Array, length: Array) -> ContractionState:
    """Return the state of muscles that have been held still, by bisection.

    Parameters
    ----------
    muscles
        The muscles.
    activation, length
        Activation and muscle-tendon length in m, shape [muscle].
    """
    low = np.full_like(length, 0.05)
    high = np.maximum(length / muscles.optimal_fibre_length, 0.1)
    for _ in range(60):
        middle = 0.5 * (low + high)
        longer = muscles.imbalance(middle, np.zeros_like(middle), activation, length) > 0
        low, high = np.where(longer, middle, low), np.where(longer, high, middle)
    return low, low, low


def contract(
    muscles: MuscleTendons,
    state: ContractionState,
    activation: Array,
    length: Array,
    step_s: float = 1e-3,
) -> tuple[Array, ContractionState]:
    """Integrate the fibres over some time steps.

    Parameters
    ----------
    muscles
        The muscles.
    state
        State before the first step.
    activation, length
        Activation and muscle-tendon length in m at each step, shape [time, muscle].
    step_s
        Time step, s.

    Returns
    -------
    tuple
        States w, shape [time, muscle], and the state after the last step.

    Raises
    ------
    ArithmeticError
        If a step does not converge.
    """
    trajectory = np.empty_like(activation)
    for i in range(len(trajectory)):
        w = _step(muscles, state, activation[i], length[i], step_s)
        state = (w, *state[:2])
        trajectory[i] = w
    return trajectory, state


def _step(
    muscles: MuscleTendons,
    state: ContractionState,
    activation: Array,
    length: Array,
    step_s: float,
) -> Array:
    """Take one step of the second-order backward differentiation formula."""
    last, before, earlier = state
    history, gain = (4.0 * last - before) / 3.0, 1.5 / step_s
    w = 3.0 * (last - before) + earlier
    for _ in range(_MOST_ITERATIONS):
        guess = w + _PROBES
        here, beside = muscles.imbalance(guess, (guess - history) * gain, activation, length)
        change: Array = np.maximum(here * _PROBE / (here - beside), -_LARGEST)
        change = np.minimum(change, _LARGEST)
        w += change
        if max(-change.min(), change.max()) < _TOLERANCE:
            return w
    raise ArithmeticError(
        "the simulated muscles do not converge; their parameters are not physical"
    )
