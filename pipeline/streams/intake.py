"""The intake of a stream: channels picked, units converted, samples screened and counted."""

from __future__ import annotations

import time

import numpy as np
from numpy.typing import NDArray

from pipeline.errors import UserError
from pipeline.streams.base import Array, Chunk, SourceState, StreamHealth, StreamSpec
from pipeline.streams.channels import Picked
from pipeline.streams.dejitter import DejitterState, dejitter
from pipeline.streams.drops import WHY, RecentDrops
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
LATE_S = 0.5
"""Samples of a reference that arrive later than this after their stamps are told of, s."""
NOMINAL_TOLERANCE = 0.1
"""Largest relative difference between a stream's nominal rate and the configured one."""
RATE_TOLERANCE = 0.05
"""A measured rate this far off the configured one is told to the user."""
RIGHT_STAMPS = (
    "seconds of the LSL clock of this machine (pylsl.local_clock()), or over ZeroMQ leave out t"
)
_DAY_S = 86400.0


def check_rate(rate_hz: float, spec: StreamSpec, whose: str) -> None:
    """Refuse a stream whose nominal rate is not the configured one.

    Raises
    ------
    UserError
        If the two differ by more than 10 %: what is less is left to the measured rate.
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
    right_stamps
        What a sender of wrong stamps is to send, as a sentence goes on after "send".
    """

    def __init__(
        self,
        spec: StreamSpec,
        stale_after_s: float = np.inf,
        right_stamps: str = RIGHT_STAMPS,
    ) -> None:
        self.spec = spec
        self._right_stamps = right_stamps
        self.state = ScreenState()
        self._stamps = DejitterState()
        self._drops = RecentDrops()
        origins = [spec.origins.get(name) for name in spec.channels]
        self._factor = np.array([one.factor if one else 1.0 for one in origins])
        self._offset = spec.to_si * np.array([one.offset if one else 0.0 for one in origins])
        self._stale_after_s = stale_after_s
        self._late_after_s = LATE_S if spec.reference else min(stale_after_s, LATE_S)
        self._last_arrival = -np.inf
        self._refused_at = -np.inf
        self._odd_stamp: float | None = None
        """Stamp for whose sake all that arrived last was refused; None where it was not."""

    def take(
        self, t: Array, x: Array, columns: Picked, to_si: float, now: float | None = None
    ) -> Chunk | None:
        """Return what passes the screen, in SI units and the wanted channels, or None.

        Parameters
        ----------
        t
            The sender's stamps on this machine's clock, shape [n], s.
        x
            The sender's samples, shape [n, offered channels].
        columns
            How the wanted channels are made of those in `x`.
        to_si
            Factor from the sender's unit to SI.
        now
            Time of arrival, s; None for recorded samples, which may bear any stamp.
        """
        picked = columns.of(x)
        picked *= self._factor * to_si
        picked += self._offset
        t = t - self.spec.latency_s
        latest, earliest = np.inf, -np.inf
        if now is not None:
            self._last_arrival = now
            latest, earliest = now + FUTURE_S, now - self.spec.latency_s - PAST_S
            believed = (t >= earliest) & (t <= latest)
            stamps, t = t, self._evened(t, believed)
        before = self.state.from_future
        self.state, t, x = screen(self.state, self.spec, t, picked, latest, earliest)
        if self.state.from_future > before:
            self._refused_at = self._last_arrival
        if now is not None:
            self._odd_stamp = float(stamps[-1]) if len(stamps) and not believed.any() else None
            self._drops.count(now, self.state.received, self._dropped())
        return Chunk(self.spec.key, t, x) if len(t) else None

    def _evened(self, t: Array, believed: NDArray[np.bool_]) -> Array:
        """Return the stamps that are believed as increasing as samples are; others as they came."""
        if believed.all():
            self._stamps, t = dejitter(self._stamps, self.spec.rate_hz, t)
            return t
        t = t.copy()
        self._stamps, t[believed] = dejitter(self._stamps, self.spec.rate_hz, t[believed])
        return t

    def _dropped(self) -> dict[str, int]:
        """Return how many samples were dropped, by what for; masked references were not."""
        kept = ("nonfinite",) if self.spec.keep_nonfinite else ()
        return {cause: 0 if cause in kept else getattr(self.state, cause) for cause in WHY}

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
        seen, dropped = self.state, self._drops.recent()
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
            restamped=self._stamps.remade,
            dropped_share=dropped.share,
            dropped_why=dropped.why,
            refused=messages[0],
            replayed=messages[1],
        )

    def oddity(self, now: float) -> str:
        """Return the one sentence about the samples that matters most, or nothing."""
        seen, spec = self.state, self.spec
        if self.silence(now) < LOST_AFTER_S and (why := self._why_old()):
            return why
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

    def _why_old(self) -> str:
        """Return why what arrives cannot be used, or is late; nothing where it is fresh."""
        seen, key, arrived = self.state, self.spec.key, self._last_arrival
        late_s = arrived - seen.newest_usable
        if late_s <= max(self._late_after_s, AHEAD_S):
            return ""
        if self._odd_stamp is not None:
            return _of_wrong_clock(key, self._odd_stamp, arrived, self._right_stamps)
        if seen.newest > seen.newest_usable:
            return (
                f"Samples of the {key} stream arrive with values that are not finite or cannot be; "
                "check the sensors."
            )
        if self.spec.reference:
            return f"The {key} stream arrives {_duration(late_s)} late; it is paired by its stamps."
        return (
            f"The {key} stream arrives {_duration(late_s)} late by its stamps, and from "
            f"streams.stale_after_s = {self._stale_after_s:g} s on the moments fade; make the "
            "sender faster, check its clock, or raise stale_after_s."
        )


def _of_wrong_clock(key: str, stamp: float, now: float, right_stamps: str) -> str:
    """Return what is wrong with a stamp that no sample of now can have."""
    off = stamp - now
    said = (
        "Unix time"
        if abs(stamp - time.time()) < _DAY_S
        else "milliseconds"
        if abs(stamp / 1e3 - now) < PAST_S or abs(stamp / 1e3 - time.time()) < _DAY_S
        else f"{_duration(abs(off))} {'ahead of' if off > 0 else 'behind'} this machine's LSL clock"
    )
    return f"No sample of the {key} stream can be used: its stamps are {said}; send {right_stamps}."


def _duration(seconds: float) -> str:
    return f"{1e3 * seconds:.0f} ms" if seconds < 1.0 else f"{seconds:.3g} s"
