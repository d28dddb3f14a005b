"""One parameter set at work: its muscles' state, and the moments of the rows that follow on it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray

from pipeline.model.activation import ActivationState
from pipeline.model.identifiability import Confidence
from pipeline.model.inputs import Inputs
from pipeline.model.live_step import LiveStep, packed, unpacked
from pipeline.model.muscle_states import muscle_states
from pipeline.model.nms import Parameters, State, parameters_of, simulate, stacked
from pipeline.model.stiffness import stiffness_of
from pipeline.model.subject import Subject
from pipeline.moments import Moments

Array = NDArray[np.float64]

MOST_SINGLE = 16
"""More rows than this at once are a window: what it costs hardly depends on how many they are."""


class Drive(NamedTuple):
    """What drives the muscles in consecutive rows, and where they are."""

    excitation: Array
    """After the electromechanical delay, shape [n, muscle]."""
    length: Array
    """Muscle-tendon length, m, shape [n, muscle]."""
    moment_arm: Array
    """m, shape [n, dof, muscle]."""
    arm_slope: Array | None = None
    """Derivative of each moment arm by its joint's angle, m/rad, of that shape; without it nothing
    is known of the stiffness."""

    def rows(self) -> Iterator[Drive]:
        """Return the rows one by one."""
        for place in range(len(self.length)):
            now = slice(place, place + 1)
            yield Drive(*(None if part is None else part[now] for part in self))  # type: ignore[arg-type]

    def same_as(self, other: Drive) -> bool:
        """Tell whether all is the same, to the last bit."""
        return all(map(_same, self, other))


def _same(one: Array | None, other: Array | None) -> bool:
    if one is None or other is None:
        return one is other
    return one is other or np.array_equal(one, other)


@dataclass(frozen=True)
class _Ahead:
    """A row that was computed before it was due."""

    drive: Drive
    before: Array | None
    """State of the muscles that it follows on."""
    moments: Moments
    after: Array | None


class MovingModel:
    """One parameter set, its neighbours one standard deviation away, and their muscles' state.

    Parameters
    ----------
    subject
        The set.
    version
        Its version.
    step_s
        Interval of the rows, s.
    confidence
        How well it is known; without it nothing is known of the moments' error.
    with_muscles
        Whether what each muscle does is wanted besides.
    """

    def __init__(
        self,
        subject: Subject,
        version: int,
        step_s: float,
        confidence: Confidence | None = None,
        with_muscles: bool = False,
    ) -> None:
        neighbours = [] if confidence is None else confidence.directions
        sets = [subject, *(subject.with_values(values) for values in neighbours)]
        self.version = version
        self.parameters: Parameters = stacked([parameters_of(one) for one in sets])
        """The set itself, then its neighbours, each of shape [1 + neighbour, muscle, 1]."""
        self.state: Array | None = None
        """As `packed`; None before the first row."""
        self._residual = np.array(confidence.residual) if confidence else np.full(1, np.nan)
        self._step_s, self._with_muscles = step_s, with_muscles
        self.single: LiveStep | None = None
        """What computes one row that follows on another; made when it is first needed."""
        self._ahead: _Ahead | None = None

    def follow(self, former: MovingModel) -> None:
        """Take over the state of another set, with every fibre at its length in metres.

        What does not fit settles within tens of milliseconds.
        """
        self._ahead, self.state = None, None
        if former.state is None:
            return
        state = unpacked(former.state[:, :1])
        optimal = self.parameters.optimal_fibre_length
        metres = state.w * former.parameters.optimal_fibre_length[:1]
        memory = ActivationState(*(part.expand_as(optimal) for part in state.activation))
        self.state = packed(State(memory, metres / optimal, state.drift.expand_as(optimal)))

    def work_ahead(self, drive: Drive) -> None:
        """Compute the next row before it is due; `advance` takes it if its drive is the same."""
        self._ahead = _Ahead(drive, self.state, *self._simulated(drive))

    def advance(self, drive: Drive) -> Moments:
        """Return the moments of the next rows."""
        ahead, self._ahead = self._ahead, None
        if ahead and ahead.before is self.state and ahead.drive.same_as(drive):
            moments, self.state = ahead.moments, ahead.after
        else:
            moments, self.state = self._simulated(drive)
        return moments

    def _simulated(self, drive: Drive) -> tuple[Moments, Array | None]:
        """Return the moments of the next rows, and the state after them."""
        rows, state = len(drive.length), self.state
        if rows > MOST_SINGLE or state is None or drive.arm_slope is None:
            return self._window(state, drive)
        if rows == 1:
            return self._row(state, drive)
        parts = []
        for row in drive.rows():
            moments, state = self._row(state, row)
            parts.append(moments)
        return Moments._make(map(np.concatenate, zip(*parts, strict=True))), state

    def _row(self, state: Array | None, row: Drive) -> tuple[Moments, Array | None]:
        """Return the moments of one row, and the state after it."""
        if self.single is None:
            self.single = LiveStep(self.parameters, row.moment_arm.shape[1], self._step_s)
        sample = None
        if state is not None and row.arm_slope is not None:
            paths = row.length[0], row.moment_arm[0], row.arm_slope[0]
            sample = self.single.advance(state, row.excitation[0], *paths)
        if sample is None:
            return self._window(state, row)
        muscles = sample.muscles if self._with_muscles else sample.muscles[:0]
        moments = self._told(sample.moment[..., None], sample.stiffness[None], muscles[None])
        return moments, sample.state if np.isfinite(sample.moment).all() else None

    def _window(self, state: Array | None, drive: Drive) -> tuple[Moments, Array | None]:
        """Return the same of any rows, by `simulate`."""
        inputs = Inputs.of(*drive)
        before = None if state is None else unpacked(state)
        with torch.inference_mode():
            output = simulate(self.parameters, *inputs[:3], self._step_s, before)
            told = output.action(), output, self.parameters, inputs
            stiffness = stiffness_of(*told).T.numpy()
            rows = muscle_states(*told)
            muscles = (rows if self._with_muscles else rows[:0]).movedim(-1, 0).numpy()
            moment, after = output.moment.numpy(), packed(output.state)
        # A state that is not finite would never be again.
        finite = np.isfinite(moment[..., -1]).all()
        return self._told(moment, stiffness, muscles), after if finite else None

    def _told(self, moment: Array, stiffness: Array, muscles: Array) -> Moments:
        """Return the moments, given those by each set, [set, dof, n], and of the first the rest."""
        by_set = moment.transpose(0, 2, 1)
        apart = np.square(by_set[1:] - by_set[0]).sum(axis=0)
        deviation = np.sqrt(apart + self._residual**2)
        version = np.full(len(by_set[0]), self.version, dtype=np.int64)
        return Moments(by_set[0], deviation, stiffness, muscles, version, version)
