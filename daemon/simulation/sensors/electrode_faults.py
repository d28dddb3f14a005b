"""Electrodes of the simulated lab that come off, and what their channels give then."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.random import SeedSequence
from numpy.typing import NDArray

from daemon.config import ElectrodeOffConfig

Array = NDArray[np.float64]

_LINE_HZ = 50.0
_LINE = 0.5
"""Amplitude of what an open electrode picks up from the line, MVC."""
_LOUD = 10.0
"""Amplitude of a loose cable's noise, MVC."""
_RAIL = 12.0
"""Where the amplifier ends, MVC."""
_SWING_HZ = 13.0


class ElectrodeFaults:
    """Replaces what a channel gives while its electrode is off.

    Parameters
    ----------
    faults
        What happens when.
    channels
        Names, in the order of the samples' columns.
    mvc
        Envelope at full excitation, V, shape [channel].
    seed
        Seed of the loose cable's noise.
    """

    def __init__(
        self,
        faults: Sequence[ElectrodeOffConfig],
        channels: Sequence[str],
        mvc: Array,
        seed: SeedSequence,
    ) -> None:
        self._faults = [(fault, channels.index(fault.channel)) for fault in faults]
        self._mvc = mvc
        self._noise = np.random.default_rng(seed)

    def apply(self, t: Array, emg: Array) -> Array:
        """Return the EMG as it comes out of the amplifier.

        Parameters
        ----------
        t
            The lab's time, s, shape [time].
        emg
            V, shape [time, channel].
        """
        given = emg.copy()
        for fault, column in self._faults:
            off = (t >= fault.at_s) & (t < fault.until_s)
            given[off, column] = self._mvc[column] * self._signal(fault.fault, t[off])
        return given

    def _signal(self, fault: str, t: Array) -> Array:
        """Return what a channel gives, in MVC."""
        if fault == "nan":
            return np.full(len(t), np.nan)
        if fault == "saturated":
            return np.where(np.sin(2.0 * np.pi * _SWING_HZ * t) > 0.0, _RAIL, -_RAIL)
        if fault == "loud":
            return _LOUD * self._noise.standard_normal(len(t))
        if fault == "line":
            return _LINE * np.sin(2.0 * np.pi * _LINE_HZ * t)
        return np.zeros(len(t))
