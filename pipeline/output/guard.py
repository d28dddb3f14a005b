"""The guard of a published moment: limits, fades, and an honest word on its validity."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from pipeline.output.message import Status

Array = NDArray[np.float64]
Mask = NDArray[np.bool_]


class JointState(NamedTuple):
    """What a `MomentGuard` knows of one joint."""

    fresh: bool = False
    """Whether the output follows the prediction; if not, it fades to zero."""
    anchor: float = 0.0
    """Output at the time `fresh` last changed, N*m: where the running fade began."""
    since: float = -math.inf
    """That time, s."""
    output: float = 0.0
    """Output of the last tick, N*m."""
    stiff_anchor: float = 0.0
    """Stiffness put out at the time `fresh` last changed, N*m/rad."""
    stiffness: float = 0.0
    """Stiffness put out at the last tick, N*m/rad; NaN where it is not known."""


class GuardState(NamedTuple):
    """Everything a `MomentGuard` carries from one tick to the next."""

    predicted: tuple[float, ...]
    """Newest prediction, N*m, a number per joint; NaN before there is one."""
    stiffness: tuple[float, ...]
    """Stiffness that came with it, N*m/rad, a number per joint; NaN where it is not known."""
    t_emg: float | None
    """Time of the newest EMG that prediction used, s; None before there is one."""
    seen_at: float
    """When that prediction came, s."""
    joints: tuple[JointState, ...]


@dataclass(frozen=True)
class GuardedMoment:
    """What may be published.

    Parameters
    ----------
    moment
        Joint moments, shape [dof], N*m; finite and within the limit.
    stiffness
        Of the joints, shape [dof], N*m/rad; NaN where it is not known. It fades as its moment
        does.
    ok
        Joints, shape [dof], whose moment comes from fresh, finite input and was not limited.
    status
        NOMINAL, DEGRADED (a moment was limited), STALE, STARTING or FAULT (not finite).
    t_emg
        Time of the newest EMG behind it, s; None before there is any.
    """

    moment: Array
    stiffness: Array
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
    ``2 * max_moment_nm / fade_s`` plus the prediction's own motion while fading in. A joint's
    stiffness goes the same way at the same time, without a limit of its own: what fades to no
    moment is not to hold the joint either.

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
        return GuardState(
            predicted=(math.nan,) * self.n_dofs,
            stiffness=(math.nan,) * self.n_dofs,
            t_emg=None,
            seen_at=-math.inf,
            joints=(JointState(),) * self.n_dofs,
        )

    def step(
        self,
        state: GuardState,
        now: float,
        moment: Array | None = None,
        t_emg: float | None = None,
        stiffness: Array | None = None,
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
        stiffness
            That came with it, shape [dof], N*m/rad; NaN, or None, where it is not known.

        Returns
        -------
        tuple
            The next state, and what may be published.
        """
        if moment is not None and t_emg is not None and math.isfinite(t_emg):
            unknown = (math.nan,) * self.n_dofs
            state = state._replace(
                predicted=tuple(moment.tolist()),
                stiffness=unknown if stiffness is None else tuple(stiffness.tolist()),
                t_emg=t_emg,
                seen_at=now,
            )
        stale = self._is_stale(state, now)
        finite = [math.isfinite(value) for value in state.predicted]
        within = [abs(value) <= self.max_moment_nm for value in state.predicted]
        joints = tuple(
            self._joint(joint, value, stiff, now, fresh=known and not stale)
            for joint, value, stiff, known in zip(
                state.joints, state.predicted, state.stiffness, finite, strict=True
            )
        )
        safe = GuardedMoment(
            moment=np.array([joint.output for joint in joints]),
            stiffness=np.array([joint.stiffness for joint in joints]),
            ok=np.array([joint.fresh for joint in joints]) & within,
            status=_status(state, stale, all(finite), all(within)),
            t_emg=state.t_emg,
        )
        return state._replace(joints=joints), safe

    def _is_stale(self, state: GuardState, now: float) -> bool:
        if state.t_emg is None:
            return True
        return not now - min(state.t_emg, state.seen_at) <= self.stale_after_s

    def _joint(
        self, joint: JointState, predicted: float, stiffness: float, now: float, *, fresh: bool
    ) -> JointState:
        """Go on with the running fade; begin one from the last output where `fresh` changes."""
        if fresh != joint.fresh:
            stiff = joint.stiffness if math.isfinite(joint.stiffness) else 0.0
            joint = JointState(fresh, joint.output, now, joint.output, stiff)
        done = self._done(now - joint.since)
        target, stiff_target = (self._limited(predicted), stiffness) if fresh else (0.0, 0.0)
        return joint._replace(
            output=self._limited((1.0 - done) * joint.anchor + done * target),
            stiffness=(1.0 - done) * joint.stiff_anchor + done * stiff_target,
        )

    def _done(self, elapsed: float) -> float:
        """Return how much of a fade is over after `elapsed`, from 0 to 1."""
        if self.fade_s <= 0 or elapsed >= self.fade_s:
            return 1.0
        return max(0.0, elapsed / self.fade_s)

    def _limited(self, moment: float) -> float:
        return min(max(moment, -self.max_moment_nm), self.max_moment_nm)


def _status(state: GuardState, stale: bool, finite: bool, within: bool) -> Status:
    if state.t_emg is None:
        return Status.STARTING
    if stale:
        return Status.STALE
    if not finite:
        return Status.FAULT
    return Status.NOMINAL if within else Status.DEGRADED
