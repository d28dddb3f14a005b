"""What keeps a published moment safe: limits, fades, and an honest word on its validity."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from pipeline.message import Status

Array = NDArray[np.float64]
Mask = NDArray[np.bool_]


@dataclass(frozen=True)
class GuardState:
    """Everything a `MomentGuard` carries from one tick to the next; arrays have shape [dof].

    Parameters
    ----------
    predicted
        Newest prediction, N*m; NaN before there is one.
    t_emg
        Time of the newest EMG that prediction used, s; None before there is one.
    seen_at
        When that prediction came, s.
    fresh
        Joints whose output follows the prediction; the others fade to zero.
    anchor
        Output at the time `fresh` last changed, N*m: where the running fade began.
    since
        That time, s.
    output
        Output of the last tick, N*m.
    """

    predicted: Array
    t_emg: float | None
    seen_at: float
    fresh: Mask
    anchor: Array
    since: Array
    output: Array


@dataclass(frozen=True)
class GuardedMoment:
    """What may be published.

    Parameters
    ----------
    moment
        Joint moments, shape [dof], N*m; finite and within the limit.
    ok
        Joints, shape [dof], whose moment comes from fresh, finite input and was not limited.
    status
        NOMINAL, DEGRADED (a moment was limited), STALE, STARTING or FAULT (not finite).
    t_emg
        Time of the newest EMG behind it, s; None before there is any.
    """

    moment: Array
    ok: Mask
    status: Status
    t_emg: float | None


@dataclass(frozen=True)
class MomentGuard:
    """Stands between prediction and publication; pure, driven by the times it is given.

    A fresh prediction passes, limited to `max_moment_nm`. When predictions stop for longer than
    `stale_after_s`, or one is not finite, that joint's last output goes linearly to zero in
    `fade_s`; when they return, the output goes from where it is to the prediction in the same
    time. So the output moves no faster than ``max_moment_nm / fade_s`` while fading out, and
    ``2 * max_moment_nm / fade_s`` plus the prediction's own motion while fading in.

    Parameters
    ----------
    n_dofs
        Number of joints.
    max_moment_nm
        Largest magnitude ever put out, N*m.
    fade_s
        Duration of a fade, s; zero switches at once.
    stale_after_s
        Age at which a prediction is stale, s, counted from its EMG's time or its arrival,
        whichever is earlier (a wrong clock cannot make it look new).
    """

    n_dofs: int
    max_moment_nm: float
    fade_s: float
    stale_after_s: float

    def initial(self) -> GuardState:
        """Return the state before the first prediction: zero output."""
        zero = np.zeros(self.n_dofs)
        nothing, not_fresh = np.full(self.n_dofs, np.nan), np.zeros(self.n_dofs, dtype=bool)
        return GuardState(
            predicted=nothing,
            t_emg=None,
            seen_at=-np.inf,
            fresh=not_fresh,
            anchor=zero,
            since=np.full(self.n_dofs, -np.inf),
            output=zero,
        )

    def step(
        self,
        state: GuardState,
        now: float,
        moment: Array | None = None,
        t_emg: float | None = None,
    ) -> tuple[GuardState, GuardedMoment]:
        """Take one tick.

        Parameters
        ----------
        state
            From `initial` or the last step.
        now
            Time of the tick, s.
        moment
            New prediction, shape [dof], N*m; None when there is none since the last tick.
        t_emg
            Time of the newest EMG the prediction used, s; without a finite one the prediction
            is not taken.

        Returns
        -------
        tuple
            The next state, and what may be published.
        """
        if moment is not None and t_emg is not None and math.isfinite(t_emg):
            predicted = np.asarray(moment, dtype=np.float64)
            state = replace(state, predicted=predicted, t_emg=t_emg, seen_at=now)
        stale = self._is_stale(state, now)
        finite = np.isfinite(state.predicted)
        state = self._turn(state, now, finite & (not stale))
        state = replace(state, output=self._output(state, now))
        within = np.abs(state.predicted) <= self.max_moment_nm
        status = _status(state, stale, bool(finite.all()), bool(within.all()))
        return state, GuardedMoment(state.output, state.fresh & within, status, state.t_emg)

    def _is_stale(self, state: GuardState, now: float) -> bool:
        if state.t_emg is None:
            return True
        return not now - min(state.t_emg, state.seen_at) <= self.stale_after_s

    def _turn(self, state: GuardState, now: float, fresh: Mask) -> GuardState:
        """Begin a fade from the last output wherever a joint has become fresh or ceased to be."""
        turned = fresh != state.fresh
        return replace(
            state,
            fresh=fresh,
            anchor=np.where(turned, state.output, state.anchor),
            since=np.where(turned, now, state.since),
        )

    def _output(self, state: GuardState, now: float) -> Array:
        elapsed = now - state.since
        done = np.clip(elapsed / self.fade_s, 0.0, 1.0) if self.fade_s > 0 else 1.0
        target = np.where(state.fresh, self._limited(state.predicted), 0.0)
        output: Array = (1.0 - done) * state.anchor + done * target
        return self._limited(output)

    def _limited(self, moment: Array) -> Array:
        return np.clip(moment, -self.max_moment_nm, self.max_moment_nm)


def _status(state: GuardState, stale: bool, finite: bool, within: bool) -> Status:
    if state.t_emg is None:
        return Status.STARTING
    if stale:
        return Status.STALE
    if not finite:
        return Status.FAULT
    return Status.NOMINAL if within else Status.DEGRADED
