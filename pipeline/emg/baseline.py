"""The resting level of an EMG envelope, tracked live."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from pipeline.emg.levels import HIGHEST_REST
from pipeline.streams.base import Array

_INTERVAL_S = 0.1  # one value of the envelope is kept this often
_WINDOW_S = 30.0  # long against a contraction, short against drying gel
_FIRST_S = 1.0  # nothing is subtracted before this much has been seen
_QUANTILE = 0.05


class BaselineTracker:
    """Resting level per channel: the 5th percentile of the last 30 s of the envelope.

    The envelope is looked at ten times a second, by counting samples, so the result does not
    depend on how they are cut into chunks. The level falls within 1.5 s of a rest, but needs
    28 s above it to rise, and never passes a tenth of MVC: a long contraction is not taken for
    rest.

    Parameters
    ----------
    rate_hz
        Nominal sampling rate of the envelope, Hz.
    n_channels
        Number of channels.
    """

    def __init__(self, rate_hz: float, n_channels: int) -> None:
        self.level: Array = np.zeros(n_channels)
        """Resting level now, shape [channel], fraction of MVC."""
        self._seen = np.empty((n_channels, round(_WINDOW_S / _INTERVAL_S)))
        self._n_seen = 0
        self._every = max(1, round(_INTERVAL_S * rate_hz))
        self._until_next = self._every - 1

    def subtract(self, excitation: Array, usable: NDArray[np.bool_]) -> Array:
        """Take the resting level off the next samples while learning it from them.

        Parameters
        ----------
        excitation
            Shape [n, channel], fraction of MVC.
        usable
            Samples to learn from, shape [n, channel] or [n, 1].

        Returns
        -------
        Array
            Excitation above the resting level, shape [n, channel]; may be negative.
        """
        above = np.empty(excitation.shape)
        start = 0
        for i in range(self._until_next, len(excitation), self._every):
            np.subtract(excitation[start:i], self.level, out=above[start:i])
            if usable[i].any():
                # A channel that says nothing keeps its level: that is what it counts as.
                self._learn(np.where(usable[i], excitation[i], self.level))
            start = i
        np.subtract(excitation[start:], self.level, out=above[start:])
        self._until_next = (self._until_next - len(excitation)) % self._every
        return above

    def rescale(self, factor: Array) -> None:
        """Take note that the envelope is from now on `factor` times what it was, [channel]."""
        self.level = self.level * factor
        self._seen[:, : self._n_seen] *= factor[:, None]

    def _learn(self, excitation: Array) -> None:
        window = self._seen.shape[1]
        self._seen[:, self._n_seen % window] = excitation
        self._n_seen += 1
        if self._n_seen * _INTERVAL_S < _FIRST_S:
            return
        seen = self._seen[:, : self._n_seen]
        rank = int(_QUANTILE * (seen.shape[1] - 1))
        self.level = np.clip(np.partition(seen, rank, axis=1)[:, rank], 0.0, HIGHEST_REST)
