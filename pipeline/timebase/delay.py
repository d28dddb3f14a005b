"""A delay of a signal on the model's time grid."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from pipeline.model.delay import LONGEST_DELAY_S
from pipeline.streams.base import Array

SLEW = 0.1
"""How fast a delay moves to another: the signal meanwhile runs a tenth faster or slower."""


class DelayLine:
    """Delays rows by a time that need not be a whole number of grid steps.

    Between two rows the signal is taken as a straight line; before the first row it is held at
    its value.

    Parameters
    ----------
    delay_s
        Delay, s, not negative, at most `LONGEST_DELAY_S`.
    rate_hz
        Rate of the grid, Hz.
    n_channels
        Columns of a row.
    """

    def __init__(self, delay_s: float, rate_hz: float, n_channels: int) -> None:
        self._rate_hz = rate_hz
        self._kept = int(np.ceil(LONGEST_DELAY_S * rate_hz)) + 1
        self._steps = self._target = self._whole(delay_s)
        self._n_channels = n_channels
        self._history: Array | None = None

    def _whole(self, delay_s: float) -> float:
        # Rounded, as 0.07 s at 100 Hz is a whole number of steps but not in binary.
        return round(delay_s * self._rate_hz, 9)

    def move_to(self, delay_s: float) -> None:
        """Go over to another delay, smoothly, from the next row on."""
        self._target = self._whole(delay_s)

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
            self._history = np.repeat(x[:1], self._kept, axis=0)
        rows = np.concatenate((self._history, x))
        self._history = rows[len(x) :]
        return _between(rows, self._kept + np.arange(len(x)), self._moved(len(x)))

    def ahead(self) -> Array | None:
        """Return the next row, shape [1, channel], or None where it needs rows yet to come."""
        steps = self._next()
        if self._history is None or steps < 1.0:
            return None
        return _between(self._history, np.array([self._kept]), np.array([steps]))

    def _next(self) -> float:
        """Return the delay of the next row, in steps."""
        return self._steps + min(max(self._target - self._steps, -SLEW), SLEW)

    def _moved(self, count: int) -> Array:
        """Move on by some rows; return the delay of each, in steps."""
        steps = np.empty(count)
        for place in range(count):
            steps[place] = self._steps = self._next()
            if self._steps == self._target:
                steps[place:] = self._steps
                break
        return steps


def _between(rows: Array, places: NDArray[np.intp], steps: Array) -> Array:
    """Return what lies some steps before rows, on the straight line between its neighbours."""
    whole = np.floor(steps)
    share = (steps - whole)[:, None]
    after = places - whole.astype(np.intp)
    delayed: Array = rows[after] * (1.0 - share)
    delayed += rows[after - 1] * share
    return delayed
