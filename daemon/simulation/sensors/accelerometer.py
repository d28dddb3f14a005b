"""The sensors of the simulated joints' accelerations, where the set-up wants them."""

from __future__ import annotations

import numpy as np
from numpy.random import SeedSequence
from numpy.typing import NDArray

from daemon.config import Config
from daemon.simulation.person.person import STEP_S
from daemon.simulation.sensors.sensor import Samples, Sensor

Array = NDArray[np.float64]


class Accelerometer:
    """Measures what `streams.accelerations` names; nothing where there is no such stream.

    Parameters
    ----------
    config
        The set-up; `simulation.acceleration_noise_rad_s2` says how noisy it is.
    seed
        Seed of everything drawn here.
    """

    def __init__(self, config: Config, seed: SeedSequence) -> None:
        simulation, angles = config.simulation, config.streams.angles
        stream = config.streams.accelerations
        self._joints = [angles.channels.index(name) for name in stream.channels] if stream else []
        self._sensor = Sensor(
            (stream or angles).rate_hz,
            simulation.acceleration_noise_rad_s2,
            simulation.jitter_s,
            seed,
        )

    def sample(self, millisecond: NDArray[np.intp], acceleration: Array) -> Samples:
        """Return its samples during some milliseconds since the lab began, rad/s^2.

        Parameters
        ----------
        millisecond
            Shape [time].
        acceleration
            The true ones, rad/s^2, shape [time, channel of streams.angles].
        """
        at = self._sensor.due(millisecond)
        t = np.asarray(millisecond[at] * STEP_S, dtype=np.float64)
        return self._sensor.sample(t, acceleration[at][:, self._joints])
