"""Rows on their way to a calibrator elsewhere, kept while it may want them again."""

from __future__ import annotations

from collections import deque
from typing import NamedTuple

from daemon.calibration.packed_rows import MOST_ROWS, PackedRows
from daemon.config.learning import CalibratorConfig
from pipeline.timebase.pairing import REFERENCE_WAIT_S
from pipeline.timebase.rows import PairedRows

MOST_BYTES = 128 * 2**20
"""Kept at most; two minutes of 40 muscles over 3 joints at 200 Hz are 22 MB."""
MOST_ON_THE_WAY = 2**20
"""Bytes that are sent before they are acknowledged: what a slow link is asked to hold."""


def kept_s(section: CalibratorConfig, *, in_step: bool) -> float:
    """Return for how long rows are kept that a calibrator has no time for yet, s.

    In step none may be lost that come between two updates, though they leave the window at once:
    they may be remembered. A stride's come, and those that a reference had kept waiting.
    """
    return section.window_s + (section.stride_s + REFERENCE_WAIT_S if in_step else 0.0)


class _Frame(NamedTuple):
    t: float
    """Of its newest row, s."""
    packed: bytes


class Backlog:
    """The newest rows as frames, with how far they have been sent and have arrived; pure.

    Parameters
    ----------
    window_s
        Length of time that is kept, s: see `kept_s`.
    """

    def __init__(self, window_s: float) -> None:
        self._window_s = window_s
        self.clear()

    def clear(self) -> None:
        """Forget all rows."""
        self._frames: deque[_Frame] = deque()
        self.bytes = 0
        """Bytes that are kept."""
        self._sent = self._arrived = 0
        """Frames at the left that have been sent, and of these that have arrived."""
        self._on_the_way = 0
        self.newest: float | None = None
        """Time of the newest row, s."""

    def goes_back(self, rows: PairedRows) -> bool:
        """Tell whether rows are no later than the newest: their clock has begun anew."""
        return self.newest is not None and float(rows.t[0]) <= self.newest

    def add(self, rows: PairedRows) -> None:
        """Keep rows; what is older than the window goes, arrived or not."""
        for start in range(0, len(rows.t), MOST_ROWS):
            part = rows.part(slice(start, start + MOST_ROWS))
            frame = _Frame(float(part.t[-1]), PackedRows.of(part).pack())
            self._frames.append(frame)
            self.bytes += len(frame.packed)
            self.newest = frame.t
        while self._frames and self._too_much():
            self._drop()

    def _too_much(self) -> bool:
        assert self.newest is not None
        return self._frames[0].t < self.newest - self._window_s or self.bytes > MOST_BYTES

    def _drop(self) -> None:
        size = len(self._frames.popleft().packed)
        self.bytes -= size
        if self._arrived:
            self._arrived -= 1
        elif self._sent:
            self._on_the_way -= size
        self._sent = max(0, self._sent - 1)

    def begin(self, have: float | None) -> None:
        """Begin to send, to who has all rows up to `have`, s; None for none of them."""
        self._sent = self._arrived = self._later(have)
        self._on_the_way = 0

    def arrived(self, have: float | None) -> None:
        """Take note that all rows up to `have` have arrived, s."""
        now = min(self._later(have), self._sent)
        for place in range(self._arrived, now):
            self._on_the_way -= len(self._frames[place].packed)
        self._arrived = max(self._arrived, now)

    def _later(self, have: float | None) -> int:
        """Return the place of the first frame with rows later than this."""
        if have is None:
            return 0
        return next((i for i, f in enumerate(self._frames) if f.t > have), len(self._frames))

    def next(self) -> bytes | None:
        """Return the frame to send next; None where there is none, or too much is on the way."""
        if self.all_sent or self._on_the_way >= MOST_ON_THE_WAY:
            return None
        return self._frames[self._sent].packed

    @property
    def all_sent(self) -> bool:
        """Whether all rows are on their way or have arrived."""
        return self._sent == len(self._frames)

    def sent(self) -> None:
        """Take note that the frame has been sent."""
        self._on_the_way += len(self._frames[self._sent].packed)
        self._sent += 1
