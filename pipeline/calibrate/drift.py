"""The watch on drift: what every stride tells of each muscle's force for a given EMG.

Once the person is found, the set in force becomes the baseline. It stays the same for the rest of
the session, so that no memory, prior or trade-off of the running calibration touches what follows:
each stride's rows are simulated with it, and the reference is taken for the sum of what its muscles
make, each multiplied by a factor that wanders (a Kalman filter in time).

References
----------
Simon 2006, Optimal State Estimation, sections 5.1 and 6.2 (the filter, and its information form).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from pipeline.calibrate.confidence import correlation_length
from pipeline.calibrate.delay import with_delay
from pipeline.calibrate.loss import Trials
from pipeline.calibrate.moved import moved
from pipeline.calibrate.synergy.online import resynthesised
from pipeline.calibrate.window import Window
from pipeline.drift.statistics import BASELINE_AFTER_S, Drift, DriftStatistics
from pipeline.emg.synthesis import SynergyWeights
from pipeline.model.nms import Output, Parameters, simulate
from pipeline.model.parameters import ParameterSpace

Array = NDArray[np.float64]

FACTOR_STEP, OFFSET_STEP_NM = 0.005, 0.05
"""Standard deviations by which a factor and a DOF's offset may change in a second."""
FACTOR_DOUBT, OFFSET_DOUBT_NM = 0.3, 5.0
"""Their standard deviations before any data; a factor is expected to be 1 then."""
LEAST_DEVIATION_NM = 0.05
"""No residual is taken for smaller than this."""
_LEAST_ACTIVATION = 1e-6


class Baseline(NamedTuple):
    """The set that a drift is measured against."""

    since: float
    """Time from which on it is, s; names it."""
    parameters: Parameters
    delay_steps: float
    """What is left of the electromechanical delay, in steps of the grid."""
    synergies: SynergyWeights | None


class DriftWatch:
    """Follows each muscle's force for a given EMG.

    Parameters
    ----------
    space
        The calibrated parameters: muscles that share a strength there have one factor here.
    rate_hz
        Rate of the time grid, Hz.
    """

    def __init__(self, space: ParameterSpace, rate_hz: float) -> None:
        muscles = space.prior.muscles
        shared = [kind.members.tolist() for kind in space.kinds() if kind.name == "strength"]
        member = shared[0] if shared else list(range(len(muscles)))
        self._units: list[list[int]] = [[] for _ in range(max(member) + 1)]
        for muscle, unit in enumerate(member):
            self._units[unit].append(muscle)
        self.units = tuple("+".join(muscles[i] for i in unit) for unit in self._units)
        self._rate_hz = rate_hz
        self.begin_again()

    def begin_again(self) -> None:
        """Forget the baseline: what comes from now on is measured differently."""
        self._seen = 0
        self._baseline: Baseline | None = None
        self._recorded = np.empty(0, dtype=bool)
        self._state: _State | None = None
        self._made, self._until = np.empty(0), -np.inf
        """What each unit makes of the window's rows, as `_regressors` has it, and up to when."""

    def wants_baseline(self, fresh: int) -> bool:
        """Count fresh rows; tell whether the set in force is to become the baseline now."""
        self._seen += fresh
        return self._baseline is None and self._seen >= BASELINE_AFTER_S * self._rate_hz

    def measure_from(self, baseline: Baseline, window: Window) -> None:
        """Take a set for the baseline; the newest row shows which muscles have electrodes."""
        self._baseline = baseline
        self._recorded = window.rows.measured[-1]

    def look(self, window: Window, fresh: int, like: Tensor) -> Drift | None:
        """Return what the newest rows tell; None where there is no baseline, or nothing to learn.

        Parameters
        ----------
        window
            The last seconds.
        fresh
            How many of its rows are new.
        like
            A tensor whose type and device are computed with.
        """
        size = len(window)
        baseline, fresh = self._baseline, min(fresh, size)
        if baseline is None or not fresh:
            return None
        lengths = self._simulate(baseline, window, fresh, like)
        weight = (window.usable() & self._whole(window)[:, None]).T.astype(np.float64)
        if not weight[:, -fresh:].any():
            return None
        reference = np.where(weight > 0, np.nan_to_num(window.rows.reference().T), 0.0)
        return self._told(baseline, window.rows.t[-fresh:], reference, weight, lengths)

    def _simulate(self, baseline: Baseline, window: Window, fresh: int, like: Tensor) -> Array:
        """Simulate the rows that have not been yet; return the fresh ones' fibre lengths.

        Returns
        -------
        Array
            As `_lengths` has them.
        """
        size = len(window)
        missing = max(fresh, int((window.rows.t > self._until).sum()))
        cut = window.trials(size - missing, size, missing, like)
        (trials,) = moved((cut,), baseline.parameters.strength.device)
        trials = resynthesised(with_delay(trials, baseline.delay_steps), baseline.synergies)
        with torch.no_grad():
            output = simulate(baseline.parameters, *trials[:3], 1.0 / self._rate_hz)
        made = self._regressors(trials, output)[..., -missing:]
        known = size - missing
        before = self._made[..., self._made.shape[-1] - known :] if known else made[..., :0]
        self._made, self._until = np.concatenate((before, made), axis=-1), window.rows.t[-1]
        return self._lengths(output, fresh)

    def _whole(self, window: Window) -> NDArray[np.bool_]:
        """Tell which rows have settled, and all the EMG that there was at the baseline."""
        whole: NDArray[np.bool_] = np.array(window.rows.measured[:, self._recorded].all(axis=1))
        whole[: window.settle] = False
        return whole

    def _told(
        self, baseline: Baseline, t: Array, reference: Array, weight: Array, lengths: Array
    ) -> Drift | None:
        """Return what the newest rows tell, by what the baseline makes of the window."""
        made = self._made
        state = self._state or _State.first(len(self.units), len(reference))
        seconds = len(t) / self._rate_hz
        state = state.later(seconds, len(self.units))
        left = state.left(made, reference, weight)
        worth = (weight / _told_variance(left, weight)[:, None])[:, -len(t) :]
        made, reference = made[..., -len(t) :], reference[:, -len(t) :]
        weighed = made * worth
        statistics = DriftStatistics(
            float(t.mean()),
            float(weight[:, -len(t) :].any(axis=0).sum()) / self._rate_hz,
            baseline.since,
            np.einsum("idt,jdt->ij", weighed, made, optimize=True),
            np.einsum("idt,dt->i", weighed, reference, optimize=True),
            float((worth * reference**2).sum()),
        )
        if not statistics.finite:
            return None
        self._state = state = state.with_data(statistics)
        own = slice(len(self.units))
        deviation = np.sqrt(np.diagonal(state.covariance)[own])
        return Drift(self.units, state.mean[own], deviation, lengths, statistics)

    def _regressors(self, trials: Trials, output: Output) -> Array:
        """Return what each unit makes of each DOF's moment, then the offsets, N*m.

        Returns
        -------
        Array
            Shape [state, dof, time].
        """
        moment = trials.moment_arm * output.force.unsqueeze(-3)
        by_muscle = moment[0].double().cpu().numpy().swapaxes(0, 1)
        made = [by_muscle[unit].sum(axis=0) for unit in self._units]
        dofs, count = made[0].shape
        offsets = np.broadcast_to(np.eye(dofs)[:, :, None], (dofs, dofs, count))
        return np.concatenate((np.stack(made), offsets))

    def _lengths(self, output: Output, count: int) -> Array:
        """Return the mean fibre length of each unit in the newest rows, weighed by activation."""
        length, activation = (
            part[0, :, -count:].double().cpu().numpy()
            for part in (output.fibre_length, output.activation)
        )
        activation = np.maximum(activation, _LEAST_ACTIVATION)
        weighed = (length * activation).sum(axis=1)
        return np.array([weighed[unit].sum() / activation[unit].sum() for unit in self._units])


class _State(NamedTuple):
    """The filter: mean and covariance of the factors, then of the DOFs' offsets."""

    mean: Array
    covariance: Array

    @classmethod
    def first(cls, units: int, dofs: int) -> _State:
        """Return the state before any data."""
        variance: Array = np.repeat((FACTOR_DOUBT**2, OFFSET_DOUBT_NM**2), (units, dofs))
        return cls(np.repeat((1.0, 0.0), (units, dofs)), np.diag(variance))

    def later(self, seconds: float, units: int) -> _State:
        """Return the state some time later, before new data."""
        steps = np.repeat((FACTOR_STEP, OFFSET_STEP_NM), (units, len(self.mean) - units))
        return self._replace(covariance=self.covariance + np.diag(steps**2 * seconds))

    def left(self, made: Array, reference: Array, weight: Array) -> Array:
        """Return what is left of the window's reference once the states have followed it, N*m.

        What has drifted is not taken for noise: the state is where the window has it, held to where
        it was by no more than the doubt of the beginning.

        Parameters
        ----------
        made, reference, weight
            Of the window, shapes [state, dof, time] and [dof, time].
        """
        before = reference - np.einsum("i,idt->dt", self.mean, made)
        variance = (weight * before**2).sum(axis=1) / np.maximum(weight.sum(axis=1), 1.0)
        weighed = made * (weight / np.maximum(variance, LEAST_DEVIATION_NM**2)[:, None])
        doubt = _State.first(len(self.mean) - len(reference), len(reference)).covariance
        told = np.einsum("idt,jdt->ij", weighed, made, optimize=True) + np.linalg.inv(doubt)
        move = np.linalg.solve(told, np.einsum("idt,dt->i", weighed, before))
        return np.asarray(before - np.einsum("i,idt->dt", move, made))

    def with_data(self, told: DriftStatistics) -> _State:
        """Return the state with what a stride tells."""
        before = np.linalg.inv(self.covariance)
        covariance: Array = np.linalg.inv(before + told.information).astype(np.float64)
        return _State(covariance @ (before @ self.mean + told.vector), covariance)


def _told_variance(left: Array, weight: Array) -> Array:
    """Return of each DOF what one residual counts as: its variance for all that hang together.

    Parameters
    ----------
    left
        What the muscles leave of the reference, N*m, shape [dof, time].
    weight
        Whether it counts, shape [dof, time].
    """
    counted, number = torch.as_tensor(left * weight)[None], torch.as_tensor(weight)[None]
    length = correlation_length(counted, number).numpy()
    variance = (weight * left**2).sum(axis=1) / np.maximum(weight.sum(axis=1), 1.0)
    return np.asarray(length * np.maximum(variance, LEAST_DEVIATION_NM**2))
