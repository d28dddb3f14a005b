"""Rows and parameters to joint moments, with a fade from one parameter set to the next."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pipeline.model.identifiability import Confidence
from pipeline.model.live_step import LiveStep
from pipeline.model.subject import Subject
from pipeline.moments import Moments, cross_faded
from pipeline.moving_model import Drive, MovingModel

Array = NDArray[np.float64]


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
        self._with_muscles = with_muscles
        self._current = self._model(subject, version, None)
        self._coming: MovingModel | None = None
        self._waiting: MovingModel | None = None
        self._share = 0.0
        self._idle: list[LiveStep] = []
        """What former sets were computed with."""
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
        self._retire(self._waiting)
        self._waiting = self._model(subject, version, confidence)
        if self._current.single is not None:
            self._waiting.single = self._single_for(self._waiting, self._current.single.n_dofs)

    def _model(self, subject: Subject, version: int, confidence: Confidence | None) -> MovingModel:
        return MovingModel(subject, version, self._step_s, confidence, self._with_muscles)

    def _single_for(self, model: MovingModel, n_dofs: int) -> LiveStep:
        """Return what computes single rows of a set: one that has become idle, or a new one."""
        for place, idle in enumerate(self._idle):
            if idle.fits(model.parameters):
                idle.adopt(model.parameters)
                return self._idle.pop(place)
        return LiveStep(model.parameters, n_dofs, self._step_s)

    def _retire(self, model: MovingModel | None) -> None:
        """Keep what a set that is done with was computed with."""
        if model is not None and model.single is not None:
            self._idle = [*self._idle[-1:], model.single]

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
        drive = Drive(excitation, length, moment_arm, arm_slope)
        moments = self._current.advance(drive)
        if self._coming is None:
            return moments
        coming = self._coming.advance(drive)
        share = self._fade(coming.moment - moments.moment)
        if self._share >= 1.0:
            self._retire(self._current)
            self._current, self._coming = self._coming, None
        return cross_faded(moments, coming, share)

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
        drive = Drive(excitation, length, moment_arm, arm_slope)
        for model in filter(None, (self._current, self._coming)):
            model.work_ahead(drive)

    def _fade(self, difference: Array) -> Array:
        """Return the share of the coming set in each row, given what it changes, shape [n].

        The share grows no faster than the limit allows for the joint that it moves most.
        """
        limit = self._cross_fade.limit_nm_per_s * self._step_s
        share = np.empty(len(difference))
        for row, largest in enumerate(np.fmax.reduce(np.abs(difference), axis=1).tolist()):
            largest = largest if largest > 0.0 else 0.0  # of moments that are no numbers it is none
            growth = min(1.0 / self._least_rows, limit / max(largest, 1e-9))
            before, self._share = self._share, min(self._share + growth, 1.0)
            moved = (self._share - before) * largest / self._step_s
            self.fastest_cross_fade = max(self.fastest_cross_fade, moved)
            share[row] = self._share
        return share

    def _start_fade(self) -> None:
        if self._waiting is None or self._coming is not None:
            return
        self._coming, self._waiting, self._share = self._waiting, None, 0.0
        self._coming.follow(self._current)
