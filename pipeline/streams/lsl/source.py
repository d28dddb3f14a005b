"""LSL streams in and out.

Stamps are on this machine's LSL clock: the sender's stamps plus the measured clock correction,
which is applied here and nowhere else (no post-processing flags of liblsl).
"""

from __future__ import annotations

import logging
import time
from pathlib import Path

import numpy as np

from pipeline.streams import clock
from pipeline.streams.base import Chunk, SourceState, StreamHealth, StreamSpec
from pipeline.streams.intake import Intake
from pipeline.streams.lsl.connection import Connection
from pipeline.streams.lsl.liblsl import load_pylsl
from pipeline.streams.lsl.link import SILENCE_S, Link
from pipeline.streams.lsl.memory import Memory
from pipeline.streams.lsl.sought import Sought

logger = logging.getLogger(__name__)


class LslSource:
    """A live LSL stream, found by source_id or name and found again when it goes away.

    `poll` only pulls what liblsl has received; all else that may block happens on a thread of
    the source's own.

    Parameters
    ----------
    spec
        What the pipeline wants from the stream.
    name, source_id
        What to look for; at least one. With a source_id no other sender is taken.
    host
        The machine it must come from; any where None.
    stale_after_s
        Age of the newest sample beyond which the stream is STALE, s.
    memory
        File in which the connected outlet is remembered for the next source, and looked up, see
        `pipeline.streams.lsl.memory`; None for none.
    """

    def __init__(
        self,
        spec: StreamSpec,
        *,
        name: str | None = None,
        source_id: str | None = None,
        host: str | None = None,
        stale_after_s: float = 0.05,
        memory: Path | None = None,
    ) -> None:
        self._sought = Sought(spec.key, name, source_id, host)
        self._memory = Memory(memory)
        self._intake = Intake(spec, stale_after_s)
        self._link: Link | None = None
        self._lost_error: type[Exception] = RuntimeError
        self._connects_seen = 0
        self._quiet_since = -np.inf
        self._patience_s = SILENCE_S[0]
        self._connected = False

    @property
    def spec(self) -> StreamSpec:
        """What the pipeline wants from this stream."""
        return self._intake.spec

    def open(self) -> None:
        """Start looking for the stream; returns at once.

        Raises
        ------
        UserError
            If liblsl is missing.
        """
        if self._link is None:
            pylsl = load_pylsl()
            self._lost_error = pylsl.util.LostError
            self._link = Link(pylsl, self.spec, self._sought, self._memory)

    def poll(self, wait_s: float = 0.0, least: int = 1) -> Chunk | None:
        """Return what has arrived since the last call, or None; waits as `Source.poll` says."""
        if self._link is None:
            return None
        with self._link.connection() as connection:
            self._connected = connection is not None
            if connection is not None:
                return self._pull(self._link, connection, wait_s, least)
        time.sleep(wait_s)
        return None

    def _pull(self, link: Link, connection: Connection, wait_s: float, least: int) -> Chunk | None:
        try:
            t, x = connection.pull(wait_s, least)
        except self._lost_error:
            self._give_up(link)
            return None
        now = clock.now()
        self._greet(link, now)
        if len(t):
            self._quiet_since, self._patience_s = now, SILENCE_S[0]
            return self._intake.take(
                t + link.clock.offset_s, x, connection.columns, self.spec.to_si, now
            )
        if now - self._quiet_since > self._patience_s:
            self._patience_s = min(2 * self._patience_s, SILENCE_S[1])
            logger.warning("%s is silent; it is opened anew.", connection.name)
            self._give_up(link)
        return None

    def _greet(self, link: Link, now: float) -> None:
        """Start the count of silence anew for a new connection."""
        if link.connects != self._connects_seen:
            self._connects_seen = link.connects
            self._quiet_since = now

    def _give_up(self, link: Link) -> None:
        self._connected = False
        link.drop()

    def health(self, now: float) -> StreamHealth:
        """Return the stream's state at `now` (seconds, LSL clock)."""
        link = self._link
        if link is None:
            return self._intake.health(now, SourceState.RESOLVING, note="The stream is not open.")
        return self._intake.health(
            now,
            self._state(link, now),
            reconnects=max(0, link.connects - 1),
            clock=(link.clock.offset_s, link.clock.uncertainty_s),
            note=link.problem or self._intake.oddity(now) or link.remark,
        )

    def _state(self, link: Link, now: float) -> SourceState:
        if not self._connected:
            return SourceState.LOST if link.connects else SourceState.RESOLVING
        live = self._intake.source_state(now) is SourceState.LIVE
        return SourceState.LIVE if live else SourceState.STALE

    def close(self) -> None:
        """Release the stream; safe to call twice."""
        if self._link is not None:
            self._link.close()
            self._link = None
        self._connected = False
