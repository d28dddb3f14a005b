"""Changes of the simulated person: muscles that tire, electrodes that slip.

A muscle that tires loses strength, and two things happen to its EMG. Its fibres conduct more
slowly, which moves the whole spectrum down by the same factor; and the person drives it harder to
do the same task with less, so that excitation, EMG amplitude and activation rise together. What has
changed may go back, in part and evenly, once the end has come.

References
----------
De Luca 1984, Crit Rev Biomed Eng 11:251: median frequency follows conduction velocity. Potvin 1997,
J Appl Physiol 82:144, doi 10.1152/jappl.1997.82.1.144: mean frequency falls and amplitude rises in
repeated elbow flexion until exhaustion.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from daemon.config import Config, FatigueConfig

Array = NDArray[np.float64]


class Tiring:
    """Strength, conduction, drive and electrode gain as functions of the lab's time.

    Parameters
    ----------
    config
        The set-up; its [simulation] section says what changes.
    """

    def __init__(self, config: Config) -> None:
        self._simulation = config.simulation
        self._muscles, self._channels = config.model.muscles, config.streams.emg.channels

    def strength(self, t: Array) -> Array:
        """Return what is left of each muscle's strength, 1 rested, shape [time, muscle]."""
        left = np.ones((len(t), len(self._muscles)))
        for one in self._simulation.fatigue:
            column = list(self._muscles).index(one.muscle)
            left[:, column] *= 1.0 - one.strength_loss * _tired(t, one)
        return left

    def conduction(self, t: Array) -> Array:
        """Return each channel's conduction velocity, 1 rested, shape [time, channel].

        It changes from one whole second to the next.
        """
        speed = np.ones((len(t), len(self._channels)))
        for one in self._simulation.fatigue:
            progress = _tired(np.floor(t), one)[:, None]
            speed[:, self._columns(one.muscle)] *= 1.0 - one.frequency_loss * progress
        return speed

    def drive(self, t: Array) -> Array:
        """Return how much harder each channel is driven, 1 rested, shape [time, channel]."""
        drive = np.ones((len(t), len(self._channels)))
        for one in self._simulation.fatigue:
            progress = _tired(t, one)[:, None]
            drive[:, self._columns(one.muscle)] *= 1.0 + one.amplitude_rise * progress
        return drive

    def gain(self, t: Array) -> Array:
        """Return each electrode's gain, 1 at first, shape [time, channel]."""
        gain = np.ones((len(t), len(self._channels)))
        for one in self._simulation.gain_change:
            gain[t >= one.at_s, self._channels.index(one.channel)] *= one.factor
        return gain

    def truth(self) -> dict[str, object]:
        """Return what changes, as configured, for a JSON file."""
        changes = {"fatigue", "gain_change", "task_change", "electrode_off"}
        return self._simulation.model_dump(mode="json", include=changes)

    def _columns(self, muscle: str) -> list[int]:
        return [self._channels.index(channel) for channel in self._muscles[muscle]]


def _tired(t: Array, one: FatigueConfig) -> Array:
    """Return how tired a muscle is, 1 where all has happened that is to happen."""
    back = _progress(t, one.end_s, one.end_s + one.recovery_s)
    return np.asarray(_progress(t, one.start_s, one.end_s) - one.recovery * back)


def _progress(t: Array, start_s: float, end_s: float) -> Array:
    """Return 0 before a change, 1 after it, and in between the share of it that has happened."""
    if start_s == end_s:
        return np.asarray(t >= start_s, dtype=np.float64)
    return np.clip((t - start_s) / (end_s - start_s), 0.0, 1.0)
