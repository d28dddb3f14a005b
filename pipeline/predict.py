"""Rows and parameters to joint moments, with a fade from one parameter set to the next."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray

from pipeline.model.action import Action
from pipeline.model.activation import ActivationState
from pipeline.model.identifiability import Confidence
from pipeline.model.inputs import Inputs
from pipeline.model.muscle_states import muscle_states
from pipeline.model.nms import Output, Parameters, State, parameters_of, simulate, stacked
from pipeline.model.stiffness import stiffness_of
from pipeline.model.subject import Subject

Array = NDArray[np.float64]
Versions = NDArray[np.int64]


class Moments(NamedTuple):
    """Joint moments and what is known of their error."""

    moment: Array
    """N*m, shape [n, dof]."""
    deviation: Array
    """Standard deviation, N*m, shape [n, dof]; NaN while nothing is known of it."""
    stiffness: Array
    """Minus the derivative of each moment by its own angle at constant activation, N*m/rad, shape
    [n, dof]; NaN where the slopes of the moment arms were not given."""
    muscles: Array
    """What each muscle does, the table of `muscle_states`, shape [n, row, muscle]; without rows
    where nobody wants it."""
    version: Versions
    """Version of the newest parameter set that takes part in the moment, shape [n]. While one set
    fades into the next it is that of the next, from the first row on in which it takes part; a
    set that waits for the end of a fade is in none."""
    leaving: Versions
    """Version of the set that fades out in the moment, shape [n]; `version` where none does."""


@dataclass(frozen=True)
class CrossFade:
    """How the prediction moves from one parameter set to the next.

    Parameters
    ----------
    seconds
        Shortest time it takes, s; 0 for at once.
    limit_nm_per_s
        Most by which it may move any moment, N*m/s, in addition to what the movement does.
    """

    seconds: float = 0.5
    limit_nm_per_s: float = math.inf


class _Ahead(NamedTuple):
    """A row that was computed before it was due."""

    inputs: Inputs
    before: State | None
    """State of the muscles that it follows on."""
    moments: Moments
    after: State | None


@dataclass
class _Model:
    """One parameter set, its neighbours one standard deviation away, and their muscles' state."""

    version: int
    parameters: Parameters
    """The set itself, then its neighbours, each of shape [1 + neighbour, muscle, 1]."""
    residual: Array
    """Standard deviation of what no parameter explains, N*m, shape [dof]."""
    state: State | None = None
    ahead: _Ahead | None = None


class Predictor:
    """Predicts joint moments row by row; time goes on by one grid step per row.

    Parameters
    ----------
    subject
        Muscle parameters to start with.
    rate_hz
        Rate of the model's time grid, Hz.
    cross_fade
        How it moves to another parameter set.
    version
        Version of the first parameter set.
    with_muscles
        Whether what each muscle does is wanted besides.
    """

    def __init__(
        self,
        subject: Subject,
        rate_hz: float,
        cross_fade: CrossFade,
        version: int = 0,
        with_muscles: bool = False,
    ) -> None:
        self._step_s = 1.0 / rate_hz
        self._cross_fade = cross_fade
        self._least_rows = max(1, round(cross_fade.seconds * rate_hz))
        self._current = _model(subject, version, None)
        self._coming: _Model | None = None
        self._waiting: _Model | None = None
        self._share = 0.0
        self._with_muscles = with_muscles
        self.fastest_cross_fade = 0.0
        """Fastest that a cross-fade has moved a moment so far, N*m/s."""

    @property
    def version(self) -> int:
        """Version of the newest parameter set that takes part in the prediction."""
        return (self._coming or self._current).version

    def adopt(self, subject: Subject, version: int, confidence: Confidence | None = None) -> None:
        """Start to fade to a new parameter set.

        While a fade is under way the set waits for its end; of several waiting only the newest
        is taken.

        Parameters
        ----------
        confidence
            How well the set is known; without it nothing is known of the moments' error.
        """
        self._waiting = _model(subject, version, confidence)

    def reset(self) -> None:
        """Forget the muscles' state: the next row does not follow on the last one."""
        self._current.state = None
        if self._coming:
            self._coming.state = None

    def predict(
        self,
        excitation: Array,
        length: Array,
        moment_arm: Array,
        arm_slope: Array | None = None,
    ) -> Moments:
        """Return the joint moments of consecutive rows.

        Parameters
        ----------
        excitation, length
            Delayed excitation and muscle-tendon length in m, shape [n, muscle].
        moment_arm
            m, shape [n, dof, muscle].
        arm_slope
            Derivative of each moment arm by its joint's angle, m/rad, of that shape; without it
            nothing is known of the stiffness.
        """
        self._start_fade()
        inputs = Inputs.of(excitation, length, moment_arm, arm_slope)
        moments = self._advance(self._current, inputs)
        if self._coming is None:
            return moments
        coming = self._advance(self._coming, inputs)
        share = self._fade(coming.moment - moments.moment)
        mixed = share[:, None]
        if self._share >= 1.0:
            self._current, self._coming = self._coming, None
        return Moments(
            _mixed(moments.moment, coming.moment, mixed),
            _mixed(moments.deviation, coming.deviation, mixed),
            _mixed(moments.stiffness, coming.stiffness, mixed),
            _mixed(moments.muscles, coming.muscles, mixed[..., None]),
            coming.version,
            np.where(share < 1.0, moments.version, coming.version),
        )

    def work_ahead(
        self,
        excitation: Array,
        length: Array,
        moment_arm: Array,
        arm_slope: Array | None = None,
    ) -> None:
        """Compute the next row before it is due; `predict` takes it if its inputs are the same.

        Parameters are those of `predict`.
        """
        inputs = Inputs.of(excitation, length, moment_arm, arm_slope)
        for model in filter(None, (self._current, self._coming)):
            moments, state = self._simulated(model, inputs)
            model.ahead = _Ahead(inputs, model.state, moments, state)

    def _fade(self, difference: Array) -> Array:
        """Return the share of the coming set in each row, given what it changes, shape [n].

        The share grows no faster than the limit allows for the joint that it moves most.
        """
        largest = np.abs(np.nan_to_num(difference)).max(axis=1)
        limit = self._cross_fade.limit_nm_per_s * self._step_s
        allowed = limit / np.maximum(largest, 1e-9)
        growth = np.minimum(1.0 / self._least_rows, allowed)
        share = np.minimum(self._share + np.cumsum(growth), 1.0)
        moved = np.diff(share, prepend=self._share) * largest / self._step_s
        self.fastest_cross_fade = max(self.fastest_cross_fade, float(moved.max()))
        self._share = float(share[-1])
        return share

    def _start_fade(self) -> None:
        if self._waiting is None or self._coming is not None:
            return
        self._coming, self._waiting, self._share = self._waiting, None, 0.0
        self._coming.state = self._state_for(self._coming.parameters)

    def _state_for(self, parameters: Parameters) -> State | None:
        """Give a new set the state of the old one, with every fibre at its length in metres.

        What does not fit settles within tens of milliseconds, while the set has no weight yet.
        """
        state = self._current.state
        if state is None:
            return None
        memory = ActivationState(*(part[:1] for part in state.activation))
        metres = state.w[:1] * self._current.parameters.optimal_fibre_length[:1]
        return State(memory, metres / parameters.optimal_fibre_length, state.drift[:1])

    def _advance(self, model: _Model, inputs: Inputs) -> Moments:
        ahead, model.ahead = model.ahead, None
        if ahead and ahead.before is model.state and ahead.inputs.same_as(inputs):
            moments, model.state = ahead.moments, ahead.after
        else:
            moments, model.state = self._simulated(model, inputs)
        return moments

    def _simulated(self, model: _Model, inputs: Inputs) -> tuple[Moments, State | None]:
        with torch.inference_mode():
            output = simulate(model.parameters, *inputs[:3], self._step_s, model.state)
            told = output.action(), output, model.parameters, inputs
            stiffness = stiffness_of(*told).T.numpy()
            muscles = self._muscles(*told)
        moment = output.moment.transpose(-2, -1).numpy()
        # A state that is not finite would never be again.
        state = output.state if np.isfinite(moment[:, -1]).all() else None
        apart = np.square(moment[1:] - moment[0]).sum(axis=0)
        version = np.full(len(moment[0]), model.version, dtype=np.int64)
        deviation = np.sqrt(apart + model.residual**2)
        return Moments(moment[0], deviation, stiffness, muscles, version, version), state

    def _muscles(
        self, action: Action, output: Output, parameters: Parameters, inputs: Inputs
    ) -> Array:
        """Return what each muscle does, [n, row, muscle]."""
        if not self._with_muscles:
            return np.empty((inputs.length.shape[-1], 0, inputs.length.shape[0]))
        table = muscle_states(action, output, parameters, inputs)
        return table.movedim(-1, 0).numpy()


def _mixed(old: Array, new: Array, share: Array) -> Array:
    """Return what lies between `old` and `new`; `old` may be NaN where `share` is all of `new`."""
    return np.where(share < 1.0, (1.0 - share) * old + share * new, new)


def _model(subject: Subject, version: int, confidence: Confidence | None) -> _Model:
    sets = [subject]
    residual = np.full(1, np.nan)
    if confidence is not None:
        sets += [subject.with_values(values) for values in confidence.directions]
        residual = np.array(confidence.residual)
    return _Model(version, stacked([parameters_of(one) for one in sets]), residual)
