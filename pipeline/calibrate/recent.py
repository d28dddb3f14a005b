"""The last half minute of rows: what two sets of parameters are compared on."""

from __future__ import annotations

from torch import Tensor

from pipeline.calibrate.loss import Trials
from pipeline.calibrate.window import Window
from pipeline.timebase.rows import PairedRows


class Recent:
    """A window that takes rows in a second at a time, since each time it grows it is copied.

    Parameters
    ----------
    capacity
        Most rows kept; older ones are dropped.
    rate_hz
        Rate of the time grid, Hz.
    settle
        Rows before each trial in which its states settle.
    """

    def __init__(self, capacity: int, rate_hz: float, settle: int) -> None:
        self._window = Window(capacity, rate_hz, settle)
        self._waiting: list[PairedRows] = []
        self._second = round(rate_hz)

    def add(self, rows: PairedRows) -> None:
        """Take rows, which go on from the newest ones."""
        self._waiting.append(rows)
        if sum(len(part.t) for part in self._waiting) >= self._second:
            self._take_in()

    def _take_in(self) -> None:
        if self._waiting:
            self._window.add(PairedRows.joined(self._waiting))
            self._waiting.clear()

    def keep(self, count: int) -> None:
        """Forget all rows but the newest; what was before tells of another state of the person."""
        self._take_in()
        newest = self._window.rows.part(slice(-count, None))
        self._window.clear()
        self._window.add(newest)

    def trials(self, length: int, like: Tensor) -> Trials:
        """Cut all rows into trials of `length` rows, as `Window.trials`."""
        self._take_in()
        return self._window.trials(0, len(self._window), length, like)
