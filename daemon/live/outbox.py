"""The outbox: predicted rows as published moments, with validity, age and parameter version."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from daemon.live.signals import Levels
from pipeline.live import Paired
from pipeline.output.guard import MomentGuard
from pipeline.output.message import MomentMessage, OutputCounts, Status
from pipeline.output.publisher import Publisher
from pipeline.streams import clock

Array = NDArray[np.float64]

MOST_REFERENCES = 500
"""Of more moments than this at once, after a stall, only the newest are told with their reference:
a message has room for them."""


class Outbox:
    """Passes every moment through the guard and publishes what comes out.

    Parameters
    ----------
    publisher
        The ways out.
    guard
        Limits and fades.
    version
        Version of the parameters behind the first moments.
    doubt
        Why they are not trusted, in a sentence; empty where they are.
    """

    def __init__(
        self, publisher: Publisher, guard: MomentGuard, version: int, doubt: str = ""
    ) -> None:
        self._publisher = publisher
        self._guard = guard
        self._state = guard.initial()
        self._sd: Array | None = None
        self._said: MomentMessage | None = None
        self._adopted = self._sent = clock.now()
        self.version = version
        """Version of the parameters behind the newest moment."""
        self.doubt = doubt
        """Why the parameters behind the newest moment are not trusted; while there is a doubt, no
        joint is ok."""
        self.unjudged: tuple[int, ...] = ()
        """Places of the joints of which nobody knows whether the parameters fit them: not ok."""
        self.blocked = ""
        """Why no joint is ok, however good the parameters are; empty where nothing speaks against
        it."""
        self.status = Status.STARTING
        self.troubles: dict[str, str] = {}
        """What keeps the moments from being at their best, a sentence each, by its cause; while
        there is any, a status that would be NOMINAL is DEGRADED."""
        self.fault = ""
        """What makes the input unusable, in a sentence; while there is anything, the status is
        FAULT and no joint is ok."""
        self.synthesised: tuple[int, ...] = ()
        """Places of the muscles that are driven by what the others do."""
        self._signalled = 0
        """Rows there were when levels were published last."""
        self.rows = 0
        """Rows published; messages without a new row do not count."""

    def row(
        self,
        moment: Array | None,
        t_emg: float,
        deviation: Array,
        version: int,
        doubt: str = "",
        stiffness: Array | None = None,
    ) -> float:
        """Publish a row's moment, None where the row is not valid; return its latency in s.

        Parameters
        ----------
        moment
            N*m, shape [dof].
        t_emg
            Time of the newest EMG it used, s.
        deviation
            Standard deviation of the moment, N*m, shape [dof]; NaN where it is not known.
        version
            Version of the parameters behind it; their age counts from the first such row on.
        doubt
            Why they are not trusted, in a sentence; empty where they are.
        stiffness
            Of the joints, N*m/rad, shape [dof]; NaN, or None, where it is not known.
        """
        if version != self.version:
            self.version, self._adopted = version, clock.now()
        self.doubt = doubt
        self._sd = deviation if np.isfinite(deviation).all() else None
        self.rows += 1
        return self._send(moment, t_emg, stiffness) - t_emg

    def muscles(self, states: Array) -> None:
        """Publish what each muscle does beside the moments of the row that went out last.

        Nothing goes out where a number is not finite.

        Parameters
        ----------
        states
            The table of `muscle_states` at the row's time, shape [row, muscle].
        """
        if self._said is not None and self._said.t is not None and np.isfinite(states).all():
            self._publisher.publish_muscles(states, self._said)

    def signals(self, levels: Levels, excitation: Array) -> None:
        """Publish the levels of the EMG channels, and what drives the muscles.

        Nothing is told of the excitation where no row went out since the last time, and nothing at
        all goes out where a number is not finite.

        Parameters
        ----------
        levels
            Of the channels.
        excitation
            Newest, shape [muscle].
        """
        driven = self.rows > self._signalled
        self._signalled = self.rows
        if np.isfinite(levels.high).all() and np.isfinite(excitation).all():
            self._publisher.publish_signals(*levels, excitation if driven else excitation[:0])

    def reference(self, paired: Paired) -> None:
        """Publish reference moments beside what was predicted for the same times.

        Rows that were not valid or have no reference are left out, and of very many the oldest.

        Parameters
        ----------
        paired
            Rows whose reference has come.
        """
        rows = paired.rows
        told = rows.valid & np.isfinite(rows.moment).any(axis=1)
        places = np.flatnonzero(told)[-max(1, MOST_REFERENCES // rows.moment.shape[1]) :]
        if len(places):
            predicted = paired.predicted[places]
            self._publisher.publish_reference(rows.t[places], rows.moment[places], predicted)

    def counts(self) -> OutputCounts:
        """Return what went wrong on the ways out so far."""
        return self._publisher.counts

    def nothing_new(self) -> None:
        """Publish what is left to say while no row comes: the moment holds, then fades."""
        self._send(None, None)

    def quiet_s(self) -> float:
        """Return the time since the last message, s."""
        return clock.now() - self._sent

    def _send(
        self, moment: Array | None, t_emg: float | None, stiffness: Array | None = None
    ) -> float:
        self._sent = now = clock.now()
        self._state, safe = self._guard.step(self._state, now, moment, t_emg, stiffness)
        self.status = self._status(safe.status)
        ok = safe.ok & (not (self.doubt or self.blocked or self.fault))
        ok[list(self.unjudged)] = False
        self._said = message = self._publisher.publish_moment(
            safe.moment,
            ok,
            self.status,
            safe.t_emg,
            sd=self._sd,
            stiffness=safe.stiffness if np.isfinite(safe.stiffness).all() else None,
            parameter_version=self.version,
            parameter_age_s=now - self._adopted,
            synthesised=self.synthesised,
        )
        return message.t_published

    def _status(self, guarded: Status) -> Status:
        """Return the worst of what the guard, the input and the doubt make of the moments."""
        if self.fault:
            return Status.FAULT
        if guarded is not Status.NOMINAL:
            return guarded
        if self.troubles:
            return Status.DEGRADED
        return Status.CALIBRATING if self.doubt else guarded
