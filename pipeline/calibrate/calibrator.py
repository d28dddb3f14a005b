"""The sliding-window calibrator: paired rows in, refined muscle parameters out."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from pipeline.calibrate.averaging import RunningMean
from pipeline.calibrate.backtest import Backtest, Frozen
from pipeline.calibrate.confidence import Grounds, confidence
from pipeline.calibrate.cut import Cut, cut
from pipeline.calibrate.delay import Delays, with_delay
from pipeline.calibrate.descent import Descent
from pipeline.calibrate.drift import Baseline, DriftWatch
from pipeline.calibrate.gate import Judge, Rule, Verdict, verdict
from pipeline.calibrate.loss import (
    LossSettings,
    Trials,
    data_loss,
    moment_error,
    plausibility_penalty,
)
from pipeline.calibrate.motion import MotionReference
from pipeline.calibrate.moved import moved
from pipeline.calibrate.opposite import SignWatch, told
from pipeline.calibrate.optimiser import GroupedAdamW
from pipeline.calibrate.pace import Pace, UsualError
from pipeline.calibrate.prior import distance
from pipeline.calibrate.recent import Recent
from pipeline.calibrate.reservoir import Reservoir
from pipeline.calibrate.search import StartSearch
from pipeline.calibrate.start import Start, shifted_tendons
from pipeline.calibrate.synergy.online import OnlineSynergies, Search, resynthesised
from pipeline.calibrate.unmeasured import UnmeasuredMuscles
from pipeline.calibrate.window import Window
from pipeline.drift.statistics import Drift
from pipeline.emg.synthesis import SynergyWeights
from pipeline.model.identifiability import Confidence
from pipeline.model.nms import Output, simulate
from pipeline.model.parameters import ParameterSpace
from pipeline.model.subject import Subject
from pipeline.timebase.rows import PairedRows
from pipeline.update import Backtested, Result, Update

LEAST_EXCITATION_RANGE = 0.03
"""An excitation that moves less than this over the window tells nothing of its muscle."""


@dataclass(frozen=True, kw_only=True)
class CalibratorSettings:
    """How the calibrator works.

    The fields without default mean what the configuration says of them, which has their defaults.
    """

    window_s: float
    stride_s: float
    segment_s: float
    burn_in_s: float
    steps: int
    learning_rate: float
    learning_rate_floor: float
    geometry_learning_rate_scale: float
    weight_decay: float
    prior_weight: float
    holdout_s: float
    min_data_s: float
    memory: int
    replay: int
    """Remembered stretches that are trained on in an update."""
    memory_share: float
    rule: Rule = field(default_factory=Rule)
    """By which a candidate is put in force or not."""
    loss: LossSettings = field(default_factory=LossSettings)


class _Found(NamedTuple):
    """What the search has come to."""

    vector: Tensor
    train: Trials
    """What it was trained on, with its delay, and its synergies."""
    judge: Judge
    search: Search | None
    loss: float
    fallbacks: int


class Calibrator:
    """Refines a person's muscle parameters while data arrive.

    Parameters
    ----------
    space
        The parameters, their bounds and their prior.
    rate_hz
        Rate of the model's time grid, Hz.
    settings
        How it works.
    start
        Parameters to start from; the prior where None.
    version
        Version of those parameters.
    synergies
        Learns what drives muscles without electrode; None where that is not wanted.
    limb
        What motion says of bones, where the reference is a motion; `space` has the bones then.
    unmeasured
        Muscles without electrodes whose forces close the equation; None for none.
    delays
        What is known of the electromechanical delay; None where it is nothing beyond the rows'.
    stranger
        Whether nothing is known of the person, so that a start is to be searched first.
    joints
        Names of the joints, for sentences; numbers from 1 where None.
    """

    def __init__(
        self,
        space: ParameterSpace,
        rate_hz: float,
        settings: CalibratorSettings,
        start: Subject | None = None,
        version: int = 0,
        synergies: OnlineSynergies | None = None,
        limb: MotionReference | None = None,
        unmeasured: UnmeasuredMuscles | None = None,
        delays: Delays | None = None,
        stranger: bool = False,
        joints: Sequence[str] | None = None,
    ) -> None:
        self.space = space
        self._limb = limb
        self._unmeasured = unmeasured
        self._online = synergies
        self.settings = settings
        self._rate_hz = rate_hz
        self._step_s = 1.0 / rate_hz
        self._delays = delays or Delays()
        searches = stranger and limb is None and unmeasured is None
        self._search = StartSearch(self._delays, rate_hz) if searches else None
        self._sign = SignWatch(rate_hz, settings.min_data_s, joints)
        by_moments = limb is None and unmeasured is None
        self._drift = DriftWatch(space, rate_hz) if by_moments else None
        self._delay_deviation_s: float | None = None
        self.grounds: Grounds | None = None
        """What tells how well the newest set put in force is known; None before there is one."""
        self._accepted = space.zeros() if start is None else space.vector(start)
        self._on_host = torch.zeros((), dtype=self._accepted.dtype)
        """A number of the type with which is computed; trials are cut with the host."""
        self.version = version
        self.subject = start or space.prior
        self._restart()
        self.forget()

    def _count(self, seconds: float) -> int:
        return round(seconds * self._rate_hz)

    def forget(self) -> None:
        """Drop all data: what comes from now on is measured differently, as after a new MVC."""
        settings = self.settings
        settle = self._count(settings.burn_in_s)
        self._window = Window(self._count(settings.window_s), self._rate_hz, settle)
        self._memory = Reservoir(
            settings.memory,
            self._count(settings.segment_s),
            settle,
            self._rate_hz,
            self.space.prior.optimal_fibre_length,
        )
        self._backtest = Backtest(self._step_s)
        judged = self._count(settings.rule.judged_s)
        self._recent = Recent(judged, self._rate_hz, settle)
        self._usual = UsualError(settings.rule.change)
        self._fresh = 0
        if self._drift:
            self._drift.begin_again()

    def add(self, rows: PairedRows) -> None:
        """Take paired rows into the window; what leaves it may be remembered."""
        if len(rows.t):
            past = self._window.add(rows)
            if self.settings.memory and len(past.t) and not self._sign.turned:
                self._memory.add(past)
            self._recent.add(rows)
            self._fresh += len(rows.t)

    def due(self) -> bool:
        """Tell whether a stride's worth of rows has come since the last update."""
        return self._fresh >= self._count(self.settings.stride_s)

    def skip(self) -> Update:
        """Let a stride pass without learning: calibration is paused."""
        fresh, self._fresh = self._fresh, 0
        sentence = (
            f"Paused; parameter set {self.version} stays in force, and the window stays fresh."
        )
        return replace(self._unchanged(Result.PAUSED, sentence), drift=self._drifted(fresh))

    def restore(self, subject: Subject, of: int) -> Update:
        """Put the parameters of an earlier version in force, as a new version to go on from.

        Parameters
        ----------
        subject
            The earlier parameters.
        of
            Their version.
        """
        self._accepted = self.space.vector(subject)
        self.version += 1
        self.subject = subject
        self._restart()
        return self._unchanged(
            Result.ROLLED_BACK, f"Version {self.version} has the parameters of version {of}."
        )

    def update(self) -> Update:
        """Refine the parameters on the present window, and see what has drifted."""
        fresh, self._fresh = self._fresh, 0
        return replace(self._learnt(), drift=self._drifted(fresh))

    def _drifted(self, fresh: int) -> Drift | None:
        """Return what fresh rows tell of the muscles' drift since a set was the baseline."""
        watch, found = self._drift, self.version > 0 or self._search is None
        if watch is None or self._sign.turned:
            return None
        if watch.wants_baseline(fresh) and found:
            parameters = self.space.parameters(self._accepted)
            left = self._delays.left(self.subject) * self._rate_hz
            in_force = Baseline(self._newest(), parameters, left, self._synergies())
            watch.measure_from(in_force, self._window)
        return watch.look(self._window, fresh, self._on_host)

    def _learnt(self) -> Update:
        if self._online and len(self._window):
            self._online.learn(self._window.rows)
        refusal = self._refusal() or self._turned()
        if refusal is not None:
            return self._unchanged(*refusal)
        started = time.perf_counter()
        update = self._updated()
        return replace(update, seconds=time.perf_counter() - started)

    def _updated(self) -> Update:
        """Search, judge what was found, and put it in force where it is better."""
        parts, in_force_s = self._cut(), self._delays.left(self.subject)
        judge = self._judge(parts, in_force_s)
        before = judge.score(self._accepted)
        tested = self._tested(parts.fresh, in_force_s)
        changed = any(before.fresh.judged) and self._usual.has_risen(before.fresh.relative)
        if changed:
            self._search_anew()
        found = self._found(parts, judge, in_force_s)
        if found is None:
            return self._diverged()
        candidate, after = found.vector, found.judge.score(found.vector)
        at_bound = [str(label) for label in self.space.at_bound(candidate)]
        decided = verdict(before, after, self.settings.rule, at_bound, changed=changed)
        tried = self._delays.told(self.space.subject(candidate), self._delay_s)
        known = None
        if decided.adopted:
            known = self._known(found, searched=self._delay_s != in_force_s)
            self._delay_deviation_s = known.delay_deviation_s
        self._carry_out(decided, candidate, tried, found.search)
        return Update(
            result=decided.result,
            sentence=decided.sentence,
            version=self.version,
            t=self._newest(),
            subject=self.subject,
            loss=found.loss,
            rmse=(after if decided.adopted else before).fresh.rmse,
            rmse_before=before.fresh.rmse,
            steps=self.settings.steps,
            fallbacks=found.fallbacks,
            at_bound=at_bound,
            candidate=tried,
            error_before=before.fresh.relative,
            error_after=after.fresh.relative,
            judged=after.fresh.judged,
            confidence=known,
            synergies=self._synergies(),
            backtest=tested,
            reason=decided.reason,
        )

    def _found(self, parts: Cut, judge: Judge, in_force_s: float) -> _Found | None:
        """Search, and return the mean of what the last searches came to; None if it diverged."""
        if self._search and self._search.due(self.version == 0, self._filled()):
            self._begin(parts.train, self._search)
        train = self._with_regressor(with_delay(parts.train, self._delay_s * self._rate_hz))
        if judge.space is not self.space or self._delay_s != in_force_s:
            judge = self._judge(parts, self._delay_s)
        search = self._synergy_search(train)
        self._optimiser.set_rates(*self._pace.rates())
        self._pace.slow_down()
        loss, fallbacks = self._descent.take(self.settings.steps, train, judge.scale, search)
        if loss is None:
            return None
        vector = self._mean.add(self._optimiser.vector.detach())
        if search:
            train = train._replace(excitation=search.excitation().detach())
            judge = judge.driven_by(search.found())
        return _Found(vector, train, judge, search, loss, fallbacks)

    def _diverged(self) -> Update:
        self._restart()
        return self._unchanged(
            Result.DIVERGED,
            "The optimisation left the range of finite numbers and was restarted from the last "
            "accepted parameters; check the reference for spikes.",
        )

    def _tested(self, fresh: Trials, delay_s: float) -> tuple[Backtested, ...]:
        """Score sets that were kept as they were, where the reference is the muscles' moment."""
        if self._limb is not None or self._unmeasured is not None:
            return ()
        t, parameters = self._window.rows.t, self.space.parameters(self._accepted)
        learnt_t = float(t[-1 - self._count(self.settings.holdout_s)])
        how = parameters, delay_s * self._rate_hz, self._synergies()
        return self._backtest.take(float(t[0]), Frozen(self.version, learnt_t, *how), fresh)

    def _known(self, found: _Found, *, searched: bool) -> Confidence:
        """Return how well a candidate is known; its delay by the data on which it was found."""
        told = found.vector, found.train, found.judge.scale
        self.grounds = Grounds(self.space, *told, self._step_s, self._delays.deviation_s)
        known = confidence(self.grounds)
        if searched or self._delay_deviation_s is None:
            return known
        return replace(known, delay_deviation_s=self._delay_deviation_s)

    def _synergies(self) -> SynergyWeights | None:
        return self._online.found if self._online else None

    def _synergy_search(self, train: Trials) -> Search | None:
        """Begin to refine synergies too, where muscles are driven by them."""
        if self._online is None:
            return None
        return self._online.search(train, self._pace.rates()[0])

    def _carry_out(
        self, decided: Verdict, candidate: Tensor, tried: Subject, search: Search | None
    ) -> None:
        """Put a candidate in force, or go back to what is."""
        if decided.adopted:
            self._accepted, self.subject = candidate, tried
            self.version += 1
            if search and self._online:
                self._online.found = search.found()
        elif decided.result is Result.REJECTED:
            self._go_back()

    def _refusal(self) -> tuple[Result, str] | None:
        """Return why there is nothing to learn from, or None."""
        needed = self._count(self.settings.min_data_s)
        if len(self._window) < needed:
            return Result.TOO_FEW_SAMPLES, (
                f"Waiting for {self.settings.min_data_s:g} s of data, "
                f"{len(self._window) / self._rate_hz:.1f} s so far."
            )
        usable = self._window.usable().any(1)
        if int(usable.sum()) < needed:
            return Result.NO_REFERENCE, (
                f"Only {usable.sum() / self._rate_hz:.1f} s of the window have a reference; check "
                f"that {self._reference_streams()} on the same clock as the EMG."
            )
        spread = np.ptp(self._window.rows.excitation[usable], axis=0)
        if spread.max() < LEAST_EXCITATION_RANGE:
            return Result.NOT_EXCITED, (
                f"No excitation varies by more than {spread.max():.3f} over the window; move, or "
                "check the electrodes and the MVC values."
            )
        return None

    def _turned(self) -> tuple[Result, str] | None:
        """Return why nothing is learnt from a reference of opposite sign, or None.

        Once its sign is right again, everything is forgotten that has come with the wrong one.
        """
        if self._limb is not None or self._unmeasured is not None:
            return None  # a motion, or forces that are not known, say nothing of a sign
        before = self._sign.turned
        joints = self._sign.look(*self._predicted(self._sign.rows))
        if joints:
            return Result.OPPOSITE_REFERENCE, told(joints)
        if not before:
            return None
        self.forget()
        return self._refusal()

    def _predicted(self, count: int) -> tuple[Tensor, Trials]:
        """Return what the set in force predicts of the newest rows, N*m, and these as trials."""
        size = len(self._window)
        newest = self._window.trials(max(0, size - count), size, count, self._on_host)
        (trials,) = moved((newest,), self._accepted.device)
        steps = self._delays.left(self.subject) * self._rate_hz
        trials = resynthesised(with_delay(trials, steps), self._synergies())
        with torch.no_grad():
            parameters = self.space.parameters(self._accepted)
            return simulate(parameters, *trials[:3], self._step_s).moment, trials

    def _reference_streams(self) -> str:
        if self._limb is None:
            return "the moment stream arrives"
        return "angles, and what is measured of torque and acceleration, arrive without gaps and"

    def _newest(self) -> float:
        return float(self._window.rows.t[-1]) if len(self._window) else 0.0

    def _unchanged(self, result: Result, sentence: str) -> Update:
        return Update(
            result,
            sentence,
            self.version,
            self._newest(),
            self.subject,
            synergies=self._synergies(),
        )

    def _cut(self) -> Cut:
        settings = self.settings
        drawn = self._memory.draw(settings.replay)
        return cut(
            self._window,
            self._recent,
            self._memory.trials(drawn, self._on_host) if drawn else None,
            settings.memory_share,
            segment=self._count(settings.segment_s),
            holdout=self._count(settings.holdout_s),
            host=self._on_host,
            device=self._accepted.device,
        )

    def _judge(self, parts: Cut, delay_s: float) -> Judge:
        """Return the judge of parameters that go with a delay."""
        fresh, recent = (
            self._with_regressor(with_delay(trials, delay_s * self._rate_hz))
            for trials in (parts.fresh, parts.recent)
        )
        judge = Judge(self.space, fresh, recent, parts.scale, self._step_s, self._unmeasured)
        return judge.driven_by(self._synergies())

    def _filled(self) -> float:
        """Return how much of the window is filled, a fraction."""
        return len(self._window) / self._window.capacity

    def _begin(self, train: Trials, search: StartSearch) -> None:
        """Go on from the best of several starts, and with its delay."""
        known = None
        if self.version == 0:
            lengths = self._window.rows.length
            self.space = self.space.around(shifted_tendons(self.space.prior, lengths))
        else:
            known = Start(self._accepted, self._delays.left(self.subject), np.inf)
        driven = resynthesised(train, self._synergies())
        start = search.found(self.space, driven, self._loss, known)
        self._accepted = self.space.vector(self.subject)
        self._set_out(start.vector)
        self._delay_s = start.delay_s

    def _with_regressor(self, trials: Trials) -> Trials:
        """Work out what a motion says of bones, where it is the reference."""
        inertia = self.space.inertia(self._accepted)
        if self._limb is None or trials.motion is None or inertia is None:
            return trials
        return trials._replace(regressor=self._limb.regressor(trials.motion, inertia))

    def _loss(self, output: Output, trials: Trials, scale: Tensor, vector: Tensor) -> Tensor:
        """Return what is minimised, a value for each vector."""
        inertia = self.space.inertia(vector)
        return (
            data_loss(moment_error(output, trials, scale, inertia, self._unmeasured))
            + plausibility_penalty(output, self.settings.loss)
            + self.settings.prior_weight * distance(vector)
        )

    def _restart(self) -> None:
        """Search anew from the parameters in force."""
        given, scale = self.settings, self.settings.geometry_learning_rate_scale
        self._pace = Pace(given.learning_rate, given.learning_rate_floor, scale)
        self._go_back()

    def _go_back(self) -> None:
        """Search on from the parameters in force, with steps as small as they have become."""
        self._set_out(self._accepted)
        self._delay_s = self._delays.left(self.subject)
        """What is left of the delay with which the parameters are being searched, s."""

    def _set_out(self, start: Tensor) -> None:
        """Begin to descend somewhere."""
        self._optimiser = GroupedAdamW(self.space, start, self.settings.weight_decay)
        self._descent = Descent(self.space, self._optimiser, self._step_s, self._loss)
        self._mean = RunningMean(self.settings.rule.averaged)

    def _search_anew(self) -> None:
        """Search and judge by what comes from now on: what was before has changed."""
        self._pace.renew()
        self._mean.forget()
        self._recent.keep(self._count(self.settings.burn_in_s + self.settings.holdout_s))
