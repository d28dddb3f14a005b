"""What electrodes pick up beside their muscle: their neighbours' EMG, and the motion of cables."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from daemon.config import CrosstalkConfig, MotionArtefactConfig

Array = NDArray[np.float64]

_SWINGS_HZ = np.array([1.3, 2.9, 4.7, 7.9, 11.3])
"""A cable swings with the limb and shakes above that, within what De Luca et al. 2010 (J Biomech
43:1573) found of movement artefact."""


class Contamination:
    """Adds to each channel what does not come from its muscle.

    Parameters
    ----------
    crosstalk, artefacts
        What reaches which channel.
    channels
        Names, in the order of the samples' columns.
    """

    def __init__(
        self,
        crosstalk: Sequence[CrosstalkConfig],
        artefacts: Sequence[MotionArtefactConfig],
        channels: Sequence[str],
    ) -> None:
        self._crosstalk = [
            (channels.index(one.channel), channels.index(one.of), one.share) for one in crosstalk
        ]
        self._artefacts = [(channels.index(one.channel), one.rms_v) for one in artefacts]

    def apply(self, t: Array, emg: Array) -> Array:
        """Return what the electrodes give.

        Parameters
        ----------
        t
            The lab's time, s, shape [time].
        emg
            V, shape [time, channel].
        """
        if not self._crosstalk and not self._artefacts:
            return emg
        given = emg.copy()
        for column, of, share in self._crosstalk:
            given[:, column] += share * emg[:, of]
        for column, rms_v in self._artefacts:
            swing = np.sin(2.0 * np.pi * _SWINGS_HZ * t[:, None] + np.arange(len(_SWINGS_HZ)))
            given[:, column] += rms_v * np.sqrt(2.0 / len(_SWINGS_HZ)) * swing.sum(axis=1)
        return given
