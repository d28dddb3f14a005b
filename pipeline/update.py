"""The outcome of an update, as a value with a sentence that says what to do."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import NamedTuple

from pipeline.drift.statistics import Drift
from pipeline.emg.synthesis import SynergyWeights
from pipeline.model.identifiability import Confidence
from pipeline.model.subject import Subject


class Result(StrEnum):
    """How an update ended."""

    OK = "ok"
    TOO_FEW_SAMPLES = "too_few_samples"
    NO_REFERENCE = "no_reference"
    OPPOSITE_REFERENCE = "opposite_reference"
    NOT_EXCITED = "not_excited"
    DIVERGED = "diverged"
    REJECTED = "rejected"
    HELD = "held"
    AT_BOUNDS = "at_bounds"
    ROLLED_BACK = "rolled_back"
    PAUSED = "paused"


class Reason(StrEnum):
    """Why a candidate was not put in force."""

    NOT_FINITE = "not_finite"
    """Its error is no number."""
    WORSE = "worse"
    """It does worse by more than a little; the search goes back."""
    NO_BETTER = "no_better"
    """It does no better; the search goes on from it."""
    UNCONFIRMED = "unconfirmed"
    """It does better on the whole, but worse on the newest data; the search goes on from it."""


ADOPTED = frozenset({Result.OK, Result.AT_BOUNDS, Result.ROLLED_BACK})
"""Results whose parameters are handed to the predictor."""


class Backtested(NamedTuple):
    """How a set did on the newest data, from which nothing has been learnt."""

    version: int
    since_t: float | None
    """Time from which on it has learnt nothing, s on the LSL clock; None of the set in force."""
    rmse: tuple[float, ...]
    """N*m per DOF."""
    samples: tuple[int, ...]
    """Samples with reference behind it, per DOF."""


@dataclass(frozen=True)
class Update:
    """One update of the calibrator.

    Parameters
    ----------
    result, sentence
        How it ended, and what that means for the person at the keyboard.
    version
        Version of the parameters in force after the update; 0 is the start.
    t
        Time of the newest sample it saw, s on the LSL clock.
    subject
        The parameters in force after the update.
    loss
        Loss of the candidate on the data it was trained on; None where nothing was computed.
    rmse
        Error of the parameters in force on the held-out end of the window, N*m per DOF.
    rmse_before
        The same for the parameters in force before.
    seconds
        Time the update took.
    steps, fallbacks
        AdamW steps taken, and series that Newton left to the bracketed solver.
    at_bound
        Labels of the parameters that have run to a bound.
    candidate
        The parameters that were tried, accepted or not; None where nothing was computed.
    error_before, error_after
        Relative error on held-out data of the parameters in force and of the candidate: mean
        squared error over the reference's variance, summed over the DOFs.
    judged
        Whether the held-out data had a reference, per DOF; empty where nothing was computed.
    confidence
        How well the set put in force is known; None where none was: nobody is told of another.
    synergies
        In force after the update, for muscles without electrode; None where there are none yet.
    drift
        How much each muscle's force for a given EMG is of what it was; None before there is a
        baseline, and where nothing new was told of it.
    backtest
        How earlier sets, had they been frozen, do on the held-out data, beside the one in force
        before the update; empty where nothing was computed, or the reference is a motion.
    reason
        Why the candidate was not put in force; None where it was, or there was none.
    """

    result: Result
    sentence: str
    version: int
    t: float
    subject: Subject
    loss: float | None = None
    rmse: tuple[float, ...] | None = None
    rmse_before: tuple[float, ...] | None = None
    seconds: float = 0.0
    steps: int = 0
    fallbacks: int = 0
    at_bound: list[str] = field(default_factory=list)
    candidate: Subject | None = None
    error_before: float | None = None
    error_after: float | None = None
    judged: tuple[bool, ...] = ()
    confidence: Confidence | None = None
    synergies: SynergyWeights | None = None
    drift: Drift | None = None
    backtest: tuple[Backtested, ...] = ()
    reason: Reason | None = None

    @property
    def adopted(self) -> bool:
        """Whether the update put new parameters in force."""
        return self.result in ADOPTED
