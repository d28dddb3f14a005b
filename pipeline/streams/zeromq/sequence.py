"""The numbers of a sender's messages: what is new, lost, or here for the second time."""

from __future__ import annotations

from enum import Enum, auto

WINDOW = 8192
"""Numbers that are remembered as seen; also the largest step forward that is believed."""
RESUME_AFTER_S = 2.0
"""After this long without an accepted message any number is taken for a new beginning, s."""
_MASK = (1 << WINDOW) - 1


class Arrival(Enum):
    """What a number makes of its message."""

    NEW = auto()
    RETURN = auto()
    """The sender has started again, or has been away."""
    REPLAYED = auto()
    """It has been here before, or is too old to tell: not to be used."""
    IMPLAUSIBLE = auto()
    """A step forward that no sender makes: not to be used."""


class Sequence:
    """What is known of one sender's numbers.

    The window is that of an anti-replay service (RFC 4303, section 3.4.3): a message that is
    late but new is taken. Replays by somebody who can forge numbers are for encryption to stop.
    """

    def __init__(self) -> None:
        self._run: int | None = None
        self._newest: int | None = None
        self._seen = 0
        """Bit k: the number `newest` - k has been seen."""
        self._skipped = self._late = 0

    @property
    def lost(self) -> int:
        """Numbers that were skipped and have not come late."""
        return self._skipped - self._late

    def judge(self, seq: int, run: int | None, silence_s: float) -> Arrival:
        """Return what a message's number makes of it, and take note of it.

        Parameters
        ----------
        seq, run
            As in `pipeline.streams.zeromq.wire`.
        silence_s
            Time since the last message that was taken, s; infinite before the first.
        """
        if self._newest is None:
            return self._begin(seq, run, Arrival.NEW)
        restarted = run != self._run or (run is None and seq == 0)
        if restarted or silence_s > RESUME_AFTER_S:
            self._skipped += 0 if restarted else max(0, seq - self._newest - 1)
            return self._begin(seq, run, Arrival.RETURN)
        return self._follow(seq, seq - self._newest)

    def _begin(self, seq: int, run: int | None, verdict: Arrival) -> Arrival:
        self._newest, self._run, self._seen = seq, run, 1
        return verdict

    def _follow(self, seq: int, step: int) -> Arrival:
        if step > WINDOW:
            return Arrival.IMPLAUSIBLE
        if step > 0:
            self._newest, self._seen = seq, (self._seen << step | 1) & _MASK
            self._skipped += step - 1
            return Arrival.NEW
        if -step >= WINDOW or self._seen >> -step & 1:
            return Arrival.REPLAYED
        self._seen |= 1 << -step
        self._late += 1
        return Arrival.NEW
