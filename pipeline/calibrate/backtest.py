"""The backtest: how well earlier sets would do now, had nothing been learnt since."""

from __future__ import annotations

from typing import NamedTuple

import torch

from pipeline.calibrate.delay import with_delay
from pipeline.calibrate.loss import Trials
from pipeline.calibrate.synergy.online import resynthesised
from pipeline.emg.synthesis import SynergyWeights
from pipeline.model.nms import TENSORS, Parameters, simulate, stacked
from pipeline.update import Backtested

FROZEN_AFTER_S = (10.0, 20.0, 40.0, 80.0, 160.0, 320.0)
"""Ages of the data behind the sets that are kept: each twice the one before, so that few sets cover
a session, and what a shorter calibration would have cost can be read off."""


class Frozen(NamedTuple):
    """A set with all that a prediction by it takes."""

    version: int
    since_t: float
    """Time of the newest sample that it may have learnt from, s."""
    parameters: Parameters
    delay_steps: float
    """What is left of the electromechanical delay, in steps of the time grid."""
    synergies: SynergyWeights | None


class Backtest:
    """Keeps a few sets as they were, and scores them on fresh data beside the one in force.

    Parameters
    ----------
    step_s
        Interval of the time grid, s.
    """

    def __init__(self, step_s: float) -> None:
        self._step_s = step_s
        self._began: float | None = None
        self._marks = list(FROZEN_AFTER_S)
        self._kept: list[Frozen] = []

    def take(self, began: float, in_force: Frozen, fresh: Trials) -> tuple[Backtested, ...]:
        """Keep the set in force where it is time for one, and score it and those kept before.

        Parameters
        ----------
        began
            Time of the oldest row at hand, s; only the first one counts.
        in_force
            The set in force, which has not learnt from the fresh data.
        fresh
            What to score on, excitations with no delay but the envelope's.

        Returns
        -------
        tuple
            The set in force first, without a `since_t`; none where there is no reference.
        """
        self._began = began if self._began is None else self._began
        self._keep(in_force, in_force.since_t - self._began)
        errors, count = self._scored([in_force, *self._kept], fresh)
        if not any(count):
            return ()
        versions = [in_force.version, *(one.version for one in self._kept)]
        since: list[float | None] = [None, *(one.since_t for one in self._kept)]
        return tuple(
            Backtested(version, since_t, rmse, count)
            for version, since_t, rmse in zip(versions, since, errors, strict=True)
        )

    def _keep(self, in_force: Frozen, age_s: float) -> None:
        """Keep a set that was adopted; one that stays in force past several marks is kept once."""
        passed = [mark for mark in self._marks if mark <= age_s]
        if not passed or in_force.version == 0:
            return
        self._marks = self._marks[len(passed) :]
        if in_force.version not in {one.version for one in self._kept}:
            self._kept.append(in_force)

    def _scored(
        self, sets: list[Frozen], fresh: Trials
    ) -> tuple[list[tuple[float, ...]], tuple[int, ...]]:
        """Return the RMSE of each set and DOF, N*m, and of each DOF how many samples count."""
        driven = [
            resynthesised(with_delay(fresh, one.delay_steps), one.synergies).excitation
            for one in sets
        ]
        parameters = _each_with_all_trials([one.parameters for one in sets])
        with torch.no_grad():
            moment = simulate(parameters, torch.stack(driven), *fresh[1:3], self._step_s).moment
            squared = (moment - fresh.moment).square() * fresh.weight
            count = fresh.weight.sum((0, -1))
            error = (squared.sum((1, -1)) / count.clamp_min(1.0)).sqrt()
        *errors, counted = torch.cat((error, count[None])).tolist()  # the host waits once
        return [tuple(of_set) for of_set in errors], tuple(map(round, counted))


def _each_with_all_trials(sets: list[Parameters]) -> Parameters:
    """Return sets side by side, each tensor of shape [set, 1, muscle, 1]."""
    side_by_side = stacked(sets)
    return side_by_side._replace(
        **{name: getattr(side_by_side, name).unsqueeze(1) for name in TENSORS}
    )
