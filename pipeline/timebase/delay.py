"""A delay of a signal on the model's time grid."""

from __future__ import annotations

import numpy as np

from pipeline.streams.base import Array


class DelayLine:
    """Delays rows by a time that need not be a whole number of grid steps.

    Between two rows the signal is taken as a straight line; before the first row it is held at
    its value.

    Parameters
    ----------
    delay_s
        Delay, s, not negative.
    rate_hz
        Rate of the grid, Hz.
    n_channels
        Columns of a row.
    """

    def __init__(self, delay_s: float, rate_hz: float, n_channels: int) -> None:
        # Rounded, as 0.07 s at 100 Hz is a whole number of steps but not in binary.
        self._steps, self._fraction = divmod(round(delay_s * rate_hz, 9), 1.0)
        self._n_channels = n_channels
        self._history: Array | None = None

    def process(self, x: Array) -> Array:
        """Return the delayed rows.

        Parameters
        ----------
        x
            The next rows, shape [n, channel].

        Returns
        -------
        Array
            As many rows, delayed, shape [n, channel].
        """
        if len(x) == 0:
            return np.empty((0, self._n_channels))
        if self._history is None:
            self._history = np.repeat(x[:1], int(self._steps) + 1, axis=0)
        rows = np.concatenate((self._history, x))
        self._history = rows[len(x) :]
        return self._between(rows[: len(x) + 1])

    def ahead(self) -> Array | None:
        """Return the next row, shape [1, channel], or None where it needs rows yet to come."""
        if self._history is None or len(self._history) < 2:
            return None
        return self._between(self._history[:2])

    def _between(self, rows: Array) -> Array:
        """Return what lies between each row and the one before it, one row less than these."""
        delayed: Array = rows[1:] * (1.0 - self._fraction)
        delayed += rows[:-1] * self._fraction
        return delayed
