"""Rows and parameters to joint moments, with a fade from one parameter set to the next."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from pipeline.model.nms import Parameters, State, parameters_of, simulate
from pipeline.model.subject import Subject

Array = NDArray[np.float64]


@dataclass
class _Model:
    """One parameter set and the state of its muscles."""

    version: int
    parameters: Parameters
    state: State | None = None


class Predictor:
    """Predicts joint moments row by row; time goes on by one grid step per row.

    Parameters
    ----------
    subject
        Muscle parameters to start with.
    rate_hz
        Rate of the model's time grid, Hz.
    hand_over_s
        Time in which the prediction moves from one parameter set to the next, s.
    version
        Version of the first parameter set.
    """

    def __init__(
        self, subject: Subject, rate_hz: float, hand_over_s: float, version: int = 0
    ) -> None:
        self._step_s = 1.0 / rate_hz
        self._fade_rows = max(1, round(hand_over_s * rate_hz))
        self._current = _Model(version, parameters_of(subject))
        self._coming: _Model | None = None
        self._waiting: tuple[Subject, int] | None = None
        self._faded = 0

    @property
    def version(self) -> int:
        """Version of the newest parameter set that takes part in the prediction."""
        return (self._coming or self._current).version

    def adopt(self, subject: Subject, version: int) -> None:
        """Start to fade to a new parameter set.

        While a fade is under way the set waits for its end; of several waiting only the newest
        is taken.
        """
        self._waiting = (subject, version)

    def reset(self) -> None:
        """Forget the muscles' state: the next row does not follow on the last one."""
        self._current.state = None
        if self._coming:
            self._coming.state = None

    def predict(self, excitation: Array, length: Array, moment_arm: Array) -> Array:
        """Return the joint moments of consecutive rows.

        Parameters
        ----------
        excitation, length
            Delayed excitation and muscle-tendon length in m, shape [n, muscle].
        moment_arm
            m, shape [n, dof, muscle].

        Returns
        -------
        Array
            Moments, N*m, shape [n, dof].
        """
        self._start_fade()
        inputs = (
            _time_last(excitation, 1, 0),
            _time_last(length, 1, 0),
            _time_last(moment_arm, 1, 2, 0),
        )
        moment = self._advance(self._current, inputs)
        if self._coming is None:
            return moment
        coming = self._advance(self._coming, inputs)
        done = (self._faded + 1 + np.arange(len(moment))) / self._fade_rows
        share = np.minimum(done, 1.0)[:, None]
        self._faded += len(moment)
        if self._faded >= self._fade_rows:
            self._current, self._coming = self._coming, None
        return (1.0 - share) * moment + share * coming

    def _start_fade(self) -> None:
        if self._waiting is None or self._coming is not None:
            return
        subject, version = self._waiting
        self._waiting, self._faded = None, 0
        self._coming = _Model(version, parameters_of(subject), self._state_for(subject))

    def _state_for(self, subject: Subject) -> State | None:
        """Give a new set the state of the old one, with every fibre at its length in metres.

        What does not fit settles within tens of milliseconds, while the set has no weight yet.
        """
        state = self._current.state
        if state is None:
            return None
        old = self._current.parameters.optimal_fibre_length
        return replace(state, w=state.w * old / parameters_of(subject).optimal_fibre_length)

    def _advance(self, model: _Model, inputs: tuple[Tensor, Tensor, Tensor]) -> Array:
        with torch.inference_mode():
            output = simulate(model.parameters, *inputs, self._step_s, model.state)
        model.state = output.state
        return output.moment.T.numpy()


def _time_last(values: Array, *axes: int) -> Tensor:
    return torch.from_numpy(np.ascontiguousarray(np.transpose(values, axes)))
