"""The reader of a stream's ZeroMQ frames; a frame that is wrong is counted.

This is the entrance for bytes that anyone may have sent; it opens no socket.
"""

from __future__ import annotations

import logging

import numpy as np

from pipeline.errors import UserError
from pipeline.streams import clock
from pipeline.streams.arrival import ArrivalStamper
from pipeline.streams.base import Chunk, StreamHealth, StreamSpec
from pipeline.streams.channels import pick_channels
from pipeline.streams.intake import TOLD_S, Intake, check_rate
from pipeline.streams.refusals import Refusals
from pipeline.streams.units import to_si
from pipeline.streams.zeromq import wire
from pipeline.streams.zeromq.sequence import Arrival, Sequence

logger = logging.getLogger(__name__)


class FrameReader:
    """Reads frames, drops what is not as documented, and knows how the stream is doing.

    Parameters
    ----------
    spec
        What the pipeline wants from the stream. Samples are converted by the unit the message
        states, not by ``spec.to_si``.
    called
        The stream's name in sentences.
    stale_after_s
        Age of the newest sample beyond which the stream is STALE, s.
    """

    def __init__(self, spec: StreamSpec, called: str, stale_after_s: float) -> None:
        self.intake = Intake(spec, stale_after_s)
        self.stated_unit = ""
        """Unit that the sender states; empty before its first message."""
        self._called = called
        self._stamper = ArrivalStamper(spec.rate_hz)
        self._sequence = Sequence()
        self._refusals = Refusals(called)
        self._lost_at = self._replayed_at = -np.inf
        self._spelling_told = False
        self._replayed = self._returns = 0

    def read(self, frame: bytes) -> Chunk | None:
        """Return what of a frame's samples may be used; None where that is nothing."""
        spec, now = self.intake.spec, clock.now()
        try:
            samples = wire.decode(frame)
            self.stated_unit = samples.unit
            check_rate(samples.rate_hz, spec, self._called)
            factor = to_si(spec.key, samples.unit, spec.scales)
            columns = pick_channels(spec.channels, samples.channels, self._called, spec.origins)
        except (wire.WireError, UserError) as error:
            self._refusals.add(str(error), now)
            return None
        if columns.note and not self._spelling_told:
            self._spelling_told = True
            logger.warning("%s: %s", self._called, columns.note)
        if not self._follows(samples, now):
            return None
        t = self._stamper.stamps(len(samples.x), now) if samples.t is None else samples.t
        return self.intake.take(t, samples.x, columns, factor, now)

    def _follows(self, samples: wire.Samples, now: float) -> bool:
        """Tell whether a message's number lets it be used; counts what it means."""
        lost = self._sequence.lost
        verdict = self._sequence.judge(samples.seq, samples.run, self.intake.silence(now))
        if self._sequence.lost > lost:
            self._lost_at = now
        self._returns += verdict is Arrival.RETURN
        if verdict is Arrival.REPLAYED:
            self._replayed, self._replayed_at = self._replayed + 1, now
        elif verdict is Arrival.IMPLAUSIBLE:
            self._refusals.add(f"seq jumps to {samples.seq}", now)
        return verdict in (Arrival.NEW, Arrival.RETURN)

    def health(self, now: float) -> StreamHealth:
        """Return the stream's state at `now` (seconds, LSL clock)."""
        return self.intake.health(
            now,
            self.intake.source_state(now),
            note=self._note(now),
            reconnects=self._returns,
            messages=(self._refusals.count, self._replayed),
        )

    def _note(self, now: float) -> str:
        if refused := self._refusals.note(now):
            return refused
        if np.isinf(self.intake.silence(now)):
            return f"{self._called} has sent nothing yet."
        if oddity := self.intake.oddity(now):
            return oddity
        if now - self._lost_at < TOLD_S:
            return f"{self._called} lost {self._sequence.lost} messages on the way."
        if now - self._replayed_at < TOLD_S:
            return f"{self._replayed} messages came again and were dropped."
        return ""
