"""The gate: whether a candidate is good enough to be handed to the predictor.

Both sets, candidate and set in force, are scored on the same data: the last half minute, on a third
of which the candidate has been trained, and the newest second, of which neither has seen anything.
A second alone cannot tell which of two good sets is better: it has one or two movements, and the
difference of the errors there is mostly the luck of these (docs/gate.md has the figures).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import torch
from torch import Tensor

from pipeline.calibrate.loss import Trials, moment_error
from pipeline.calibrate.synergy.online import resynthesised
from pipeline.calibrate.unmeasured import UnmeasuredMuscles
from pipeline.emg.synthesis import SynergyWeights
from pipeline.model.nms import simulate
from pipeline.model.parameters import ParameterSpace
from pipeline.update import ADOPTED, Reason, Result


@dataclass(frozen=True, kw_only=True)
class Rule:
    """What the gate goes by; docs/gate.md says on whom the numbers were chosen."""

    judged_s: float = 30.0
    """Newest data on which candidate and set in force are compared, s; longer than the window, part
    of which is trained on."""
    averaged: int = 6
    """Iterates of the search, one of an update, whose mean is the candidate."""
    tolerance: float = 1.05
    """A candidate is rejected where its recent error exceeds the present one's by this factor."""
    fresh_tolerance: float = 1.5
    """And held where the one on the newest data does, on which nothing was trained, by this one."""
    change: float = 3.0
    """Rise of the newest error over its usual level that tells of a change. From one second's
    movement to the next it varies by up to 2.7 times where nothing has changed."""


@dataclass(frozen=True)
class Score:
    """Error of a set of parameters on some data."""

    relative: float
    """Mean squared error over the reference's variance, summed over the DOFs."""
    rmse: tuple[float, ...]
    """Per DOF, in the reference's unit: N*m, or rad/s^2 where it is a motion."""
    judged: tuple[bool, ...] = ()
    """Per DOF whether there was a reference to judge it by."""


class Scores(NamedTuple):
    """What a set of parameters is judged by."""

    fresh: Score
    """On the newest data, on which nothing was trained."""
    recent: Score
    """On the newest data and what came before."""


class Verdict(NamedTuple):
    """What becomes of a candidate."""

    result: Result
    sentence: str
    reason: Reason | None = None
    """Why it is not put in force; None where it is."""

    @property
    def adopted(self) -> bool:
        """Whether it is put in force."""
        return self.result in ADOPTED


@dataclass(frozen=True)
class Judge:
    """Scores parameters.

    Parameters
    ----------
    space
        The parameters.
    fresh, recent
        What to score on; see `Scores`.
    scale
        Spread of each DOF's reference, in its unit, shape [dof].
    step_s
        Interval of the time grid, s.
    unmeasured
        Muscles whose forces close the equation; None for none.
    """

    space: ParameterSpace
    fresh: Trials
    recent: Trials
    scale: Tensor
    step_s: float
    unmeasured: UnmeasuredMuscles | None = None

    def driven_by(self, synergies: SynergyWeights | None) -> Judge:
        """Return the judge on data whose muscles without electrode are driven by synergies."""
        fresh, recent = (resynthesised(one, synergies) for one in (self.fresh, self.recent))
        return replace(self, fresh=fresh, recent=recent)

    def score(self, vector: Tensor) -> Scores:
        """Return the scores of the parameters at `vector`."""
        with torch.no_grad():
            return Scores(self._on(self.fresh, vector), self._on(self.recent, vector))

    def _on(self, trials: Trials, vector: Tensor) -> Score:
        output = simulate(self.space.parameters(vector), *trials[:3], self.step_s)
        inertia = self.space.inertia(vector)
        error = moment_error(output, trials, self.scale, inertia, self.unmeasured)
        rmse = (error.sqrt() * self.scale).cpu().numpy()
        judged = (trials.weight.sum((0, -1)) > 0).tolist()
        return Score(float(error.sum()), tuple(map(float, rmse)), tuple(judged))


def verdict(
    before: Scores, after: Scores, rule: Rule, at_bound: Sequence[str], *, changed: bool = False
) -> Verdict:
    """Return what becomes of a candidate, and why.

    Parameters
    ----------
    before, after
        Scores of the parameters in force and of the candidate.
    at_bound
        Labels of the parameters of the candidate that have run to a bound.
    changed
        Whether the person has just become another, so that the newest data alone count.
    """
    if changed:
        before, after = (score._replace(recent=score.fresh) for score in (before, after))
    told = f"recent error {before.recent.relative:.3f} before, {after.recent.relative:.3f} after"
    reason = _reason(before, after, rule)
    if reason is not None:
        result, said = _REFUSALS[reason]
        return Verdict(result, said.format(told=told), reason)
    if at_bound:
        names = ", ".join(at_bound[:3]) + (" and others" if len(at_bound) > 3 else "")
        return Verdict(
            Result.AT_BOUNDS,
            f"Accepted ({told}), but {names} ran to a bound: check MVC, baseline and model.",
        )
    return Verdict(Result.OK, f"Accepted ({told}).")


_REFUSALS = {
    Reason.NOT_FINITE: (Result.REJECTED, "Rejected: the candidate's error is no number ({told})."),
    Reason.WORSE: (Result.REJECTED, "Rejected: the candidate does worse ({told})."),
    Reason.NO_BETTER: (
        Result.HELD,
        "Held: no better than the set in use ({told}); the search goes on.",
    ),
    Reason.UNCONFIRMED: (
        Result.HELD,
        "Held: better than the set in use ({told}), but worse on the newest data, which it has not "
        "seen; the search goes on.",
    ),
}


def _reason(before: Scores, after: Scores, rule: Rule) -> Reason | None:
    """Return why a candidate is refused; None where it is not."""
    if not all(math.isfinite(score.relative) for score in (*before, *after)):
        return Reason.NOT_FINITE
    if after.recent.relative > rule.tolerance * before.recent.relative:
        return Reason.WORSE
    if after.recent.relative > before.recent.relative:
        return Reason.NO_BETTER
    if after.fresh.relative > rule.fresh_tolerance * before.fresh.relative:
        return Reason.UNCONFIRMED
    return None
