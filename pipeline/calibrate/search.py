"""The search for a start while the window fills: a second of data may show but one posture."""

from __future__ import annotations

from pipeline.calibrate.delay import Delays
from pipeline.calibrate.loss import Trials
from pipeline.calibrate.start import Loss, Start, find_start
from pipeline.model.parameters import ParameterSpace

SEARCHES = 3
"""Times a start is searched while the window fills."""


class StartSearch:
    """Searches for the start of a person of whom nothing is known, and again with more data.

    Parameters
    ----------
    delays
        What is known of the electromechanical delay.
    rate_hz
        Rate of the model's time grid, Hz.
    """

    def __init__(self, delays: Delays, rate_hz: float) -> None:
        self._delays = delays
        self._rate_hz = rate_hz
        self._done = 0

    def due(self, untouched: bool, filled: float) -> bool:
        """Tell whether to search: while no set was put in force, and again with more data.

        Parameters
        ----------
        untouched
            Whether the person in force is the one before data.
        filled
            How much of the window is filled, a fraction.
        """
        return self._done < SEARCHES and (untouched or filled >= (self._done + 1) / SEARCHES)

    def found(
        self, space: ParameterSpace, trials: Trials, loss: Loss, known: Start | None
    ) -> Start:
        """Return the best of several starts; see `find_start`."""
        self._done += 1
        return find_start(space, trials, self._rate_hz, loss, self._delays, known)
