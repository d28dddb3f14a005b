"""The intake of a stream: channels picked, units converted, samples screened and counted."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from pipeline.errors import UserError
from pipeline.streams.base import Array, Chunk, SourceState, StreamHealth, StreamSpec
from pipeline.streams.screen import ScreenState, screen

FUTURE_S = 0.25
"""A live sample stamped further ahead of this machine's clock than this is refused, s."""
PAST_S = 10.0
"""A live sample older than this on arrival is refused: even a reference is of no use then, s."""
AHEAD_S = 0.02
"""One that is stamped further ahead than this is told to the user, s: clocks are known better."""
TOLD_S = 10.0
"""How long something that has happened to a stream is told, s."""
LOST_AFTER_S = 2.0
"""A stream from which nothing has come for this long counts as lost, s."""
NOMINAL_TOLERANCE = 0.02
"""Largest relative difference between a stream's nominal rate and the configured one."""
RATE_TOLERANCE = 0.05
"""A measured rate this far off the configured one is told to the user."""
OLD_S = 0.5
"""Samples that arrive with stamps older than this are told to the user, s."""


def check_rate(rate_hz: float, spec: StreamSpec, whose: str) -> None:
    """Refuse a stream whose nominal rate is not the configured one.

    Raises
    ------
    UserError
        If the two differ by more than 2 %.
    """
    if abs(rate_hz / spec.rate_hz - 1) > NOMINAL_TOLERANCE:
        raise UserError(
            f"{whose} has a nominal rate of {rate_hz:g} Hz, but the configuration says "
            f"{spec.rate_hz:g} Hz; correct rate_hz or the sender."
        )


class Intake:
    """Turns raw samples of one stream into chunks, and knows how the stream is doing.

    Parameters
    ----------
    spec
        What the pipeline wants from the stream.
    stale_after_s
        Age of the newest sample beyond which the stream is STALE, s.
    """

    def __init__(self, spec: StreamSpec, stale_after_s: float = np.inf) -> None:
        self.spec = spec
        self.state = ScreenState()
        origins = [spec.origins.get(name) for name in spec.channels]
        self._factor = np.array([one.factor if one else 1.0 for one in origins])
        self._offset = spec.to_si * np.array([one.offset if one else 0.0 for one in origins])
        self._stale_after_s = stale_after_s
        self._last_arrival = -np.inf
        self._refused_at = -np.inf

    def take(
        self, t: Array, x: Array, columns: NDArray[np.intp], to_si: float, now: float | None = None
    ) -> Chunk | None:
        """Return what passes the screen, in SI units and the wanted channels, or None.

        Parameters
        ----------
        t
            The sender's stamps on this machine's clock, shape [n], s.
        x
            The sender's samples, shape [n, offered channels].
        columns
            The wanted channels' columns in `x`.
        to_si
            Factor from the sender's unit to SI.
        now
            Time of arrival, s; None for recorded samples, which may bear any stamp.
        """
        picked = x[:, columns].astype(np.float64) * (self._factor * to_si) + self._offset
        t = t - self.spec.latency_s
        latest, earliest = np.inf, -np.inf
        if now is not None:
            self._last_arrival = now
            latest, earliest = now + FUTURE_S, now - self.spec.latency_s - PAST_S
        before = self.state.from_future
        self.state, t, x = screen(self.state, self.spec, t, picked, latest, earliest)
        if self.state.from_future > before:
            self._refused_at = self._last_arrival
        return Chunk(self.spec.key, t, x) if len(t) else None

    def silence(self, now: float) -> float:
        """Return how long nothing has arrived, s; infinite before the first arrival."""
        return now - self._last_arrival

    def source_state(self, now: float) -> SourceState:
        """Return where the stream stands, judged by arrivals and by the newest sample's age."""
        if np.isinf(self._last_arrival):
            return SourceState.RESOLVING
        if self.silence(now) > LOST_AFTER_S:
            return SourceState.LOST
        fresh = now - self.state.newest_usable <= self._stale_after_s
        return SourceState.LIVE if fresh else SourceState.STALE

    def health(
        self,
        now: float,
        state: SourceState,
        *,
        note: str,
        reconnects: int = 0,
        messages: tuple[int, int] = (0, 0),
        clock: tuple[float, float | None] = (0.0, None),
    ) -> StreamHealth:
        """Return the stream's health.

        Parameters
        ----------
        now
            Time on this machine's LSL clock, s.
        state
            Where the stream stands.
        note
            The sentence for the user.
        reconnects
            How often it came back.
        messages
            Messages that were refused, and that came again.
        clock
            Correction added to the sender's stamps and its uncertainty, s.
        """
        seen = self.state
        return StreamHealth(
            key=self.spec.key,
            state=state,
            age_s=now - seen.newest_usable if np.isfinite(seen.newest_usable) else None,
            received=seen.received,
            rate_hz=seen.rate_hz,
            gaps=seen.gaps,
            missing_samples=seen.missing_samples,
            nonfinite=seen.nonfinite,
            out_of_order=seen.out_of_order,
            reconnects=reconnects,
            clock_offset_s=clock[0],
            clock_uncertainty_s=clock[1],
            note=note,
            from_future=seen.from_future,
            too_old=seen.too_old,
            refused=messages[0],
            replayed=messages[1],
        )

    def oddity(self, now: float) -> str:
        """Return the one sentence about the samples that matters most, or nothing."""
        seen, spec = self.state, self.spec
        if self.silence(now) < LOST_AFTER_S and now - seen.newest_usable > OLD_S:
            return self._why_old(now)
        measured = seen.measured_hz
        if measured is not None and abs(measured / spec.rate_hz - 1) > RATE_TOLERANCE:
            return (
                f"The {spec.key} stream runs at {measured:.4g} Hz by its time stamps, "
                f"not at {spec.rate_hz:g} Hz; correct rate_hz or the sender."
            )
        if now - self._refused_at < TOLD_S:
            return (
                f"{seen.from_future} samples were refused because they are stamped more than "
                f"{FUTURE_S:g} s ahead of this machine's LSL clock; check the sender's clock."
            )
        ahead_s = seen.newest - self._last_arrival
        if ahead_s > AHEAD_S:
            return (
                f"Samples of the {spec.key} stream are stamped {1e3 * ahead_s:.0f} ms ahead of "
                "this machine's LSL clock; check the sender's clock."
            )
        return ""

    def _why_old(self, now: float) -> str:
        seen = self.state
        if self._refused_at == self._last_arrival:
            return (
                f"All samples of the {self.spec.key} stream are stamped more than {FUTURE_S:g} s "
                "ahead of this machine's LSL clock; check the sender's clock."
            )
        if seen.newest > seen.newest_usable:
            return (
                f"Samples of the {self.spec.key} stream arrive with values that are not finite or "
                "cannot be; check the sensors."
            )
        age = f"{now - seen.newest:.3g}" if np.isfinite(seen.newest) else f"more than {PAST_S:g}"
        return (
            f"Samples of the {self.spec.key} stream arrive with stamps that are {age} s old or do "
            "not increase; the sender must stamp them with this machine's LSL clock."
        )
