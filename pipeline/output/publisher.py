"""Moments to whoever wants them: the fan-out, and ZeroMQ."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from pipeline.model.quantities import QUANTITIES
from pipeline.output.message import (
    FatigueMessage,
    Message,
    MetaMessage,
    MomentMessage,
    MuscleChange,
    MusclesMessage,
    OutputCounts,
    ParametersMessage,
    ReferenceMessage,
    SignalsMessage,
    Status,
    StatusMessage,
)
from pipeline.streams import clock

Array = NDArray[np.float64]
Mask = NDArray[np.bool_]


_SHARED = {"session", "seq", "t", "t_published", "valid_until", "status", "ok", "parameter_version"}
"""What a muscles message has of the moment message of its tick."""


class Sink(Protocol):
    """One way out. Used from one thread; never waits for, or fails with, who listens."""

    @property
    def counts(self) -> Mapping[str, int]:
        """What went wrong on this way so far, by its names in `OutputCounts`."""

    def send(self, message: Message) -> None:
        """Send a message, or nothing if this way out has no place for its kind."""

    def tend(self, now: float) -> None:
        """Do what is due at `now` (s) besides sending: greet newcomers, repeat the meta."""

    def close(self) -> None:
        """Let the last message leave and release everything; safe to call twice."""


class Publisher:
    """Numbers the moments, stamps them, and gives every message to all ways out.

    Parameters
    ----------
    meta
        Session, joints and validity of all that follows.
    sinks
        The ways out, in the order in which they are served and closed.
    """

    def __init__(self, meta: MetaMessage, sinks: Sequence[Sink]) -> None:
        self._meta = meta
        self._sinks = tuple(sinks)
        self._started = clock.now()
        self._seq = 0
        self._t: float | None = None
        self._closed = False

    @property
    def counts(self) -> OutputCounts:
        """What went wrong on all ways out so far."""
        return OutputCounts(**{name: n for sink in self._sinks for name, n in sink.counts.items()})

    def publish_moment(
        self,
        moment: Array,
        ok: Mask,
        status: Status,
        t: float | None,
        *,
        sd: Array | None = None,
        stiffness: Array | None = None,
        parameter_version: int = 0,
        parameter_age_s: float = 0.0,
        synthesised: tuple[int, ...] = (),
    ) -> MomentMessage:
        """Publish the moments of one tick and return the message as it went out.

        Parameters
        ----------
        moment, ok, sd
            Shape [dof]: N*m, validity, standard deviation in N*m (None while unknown).
        stiffness
            Of the joints, N*m/rad, shape [dof]; None while unknown.
        status
            How far they can be trusted.
        t
            Time of the newest EMG used, s; None before there is any.
        parameter_version, parameter_age_s
            The parameter set they come from and its age, s.
        synthesised
            Places of the muscles that are driven by what the others do.

        Raises
        ------
        ValueError
            If a number is not finite: nothing has been sent then.
        """
        now = clock.now()
        message = MomentMessage(
            session=self._meta.session,
            seq=self._seq,
            t=t,
            t_published=now,
            valid_until=now + self._meta.valid_for_s,
            status=status,
            ok=ok,
            moment=moment,
            sd=sd,
            stiffness=stiffness,
            parameter_version=parameter_version,
            parameter_age_s=parameter_age_s,
            synthesised=synthesised,
        )
        self._seq, self._t = self._seq + 1, t
        self._send(message)
        return message

    def publish_muscles(self, states: Array, of: MomentMessage) -> None:
        """Publish what each muscle does, beside the moments of the same tick.

        Parameters
        ----------
        states
            The table of `muscle_states` at one time, shape [row, muscle].
        of
            The moment message that went out for it: validity, age and version are the same.

        Raises
        ------
        ValueError
            If a number is not finite, or the moments had no EMG: nothing has been sent then.
        """
        vectors = states.tolist()
        values = dict(zip(QUANTITIES, vectors, strict=False))
        shared = {name: getattr(of, name) for name in _SHARED}
        shares = tuple(vectors[len(QUANTITIES) :])
        self._send(MusclesMessage(**shared, **values, moment=shares))

    def publish_signals(
        self, t: float, low: Array, high: Array, level: Array, excitation: Array
    ) -> None:
        """Publish the levels of the EMG channels, and what drives the muscles.

        Parameters
        ----------
        t
            Time of the newest EMG, s.
        low, high, level
            Smallest, largest and newest level since the last time, fraction of MVC, shape
            [channel].
        excitation
            Newest, shape [muscle]; empty where there is none.

        Raises
        ------
        ValueError
            If a number is not finite: nothing has been sent then.
        """
        message = SignalsMessage(
            session=self._meta.session,
            t=t,
            t_published=clock.now(),
            low=low,
            high=high,
            level=level,
            excitation=excitation,
        )
        self._send(message)

    def publish_reference(self, t: Array, reference: Array, predicted: Array) -> None:
        """Publish reference moments beside what was predicted for the same times.

        Parameters
        ----------
        t
            Times of the rows, s, shape [row].
        reference, predicted
            N*m, shape [row, dof]; NaN where there is none.
        """
        message = ReferenceMessage(
            session=self._meta.session,
            t=t,
            t_published=clock.now(),
            reference=reference,
            predicted=predicted,
        )
        self._send(message)

    def tend(self) -> None:
        """Do what is due on the ways out besides sending, once a tick and not before its moment."""
        now = clock.now()
        for sink in self._sinks:
            sink.tend(now)

    def publish_status(self, message: StatusMessage) -> None:
        """Publish the state of the daemon."""
        self._send(message)

    def publish_fatigue(
        self, t: float, baseline: float, muscles: Sequence[Mapping[str, object]]
    ) -> None:
        """Publish what has changed of the muscles' force for the same EMG.

        Parameters
        ----------
        t
            Time of the newest data in it, s.
        baseline
            Since when what is compared to is in force, s.
        muscles
            The fields of a `MuscleChange` for each.
        """
        message = FatigueMessage(
            session=self._meta.session,
            t=t,
            t_published=clock.now(),
            baseline=baseline,
            muscles=tuple(MuscleChange.model_validate(one) for one in muscles),
        )
        self._send(message)

    def publish_parameters(self, message: ParametersMessage) -> None:
        """Publish a parameter set that has been adopted."""
        self._send(message)

    def close(self) -> None:
        """Say STOPPED with zero moments, then close the ways out in order; safe to call twice."""
        if self._closed:
            return
        self._closed = True
        zero = np.zeros(len(self._meta.dofs))
        self.publish_moment(zero, zero > 0, Status.STOPPED, self._t, stiffness=zero)
        now = clock.now()
        last = StatusMessage(
            session=self._meta.session,
            t=now,
            status=Status.STOPPED,
            note=Status.STOPPED.sentence,
            uptime_s=now - self._started,
        )
        self.publish_status(last)
        for sink in self._sinks:
            sink.close()

    def _send(self, message: Message) -> None:
        for sink in self._sinks:
            sink.send(message)
