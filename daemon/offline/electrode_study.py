"""The reduced-electrode study: what is lost as electrodes come off, with synergies and without.

References
----------
Hambly et al. 2025, doi 10.1109/TBME.2025.3569682, section III.D and Fig. 4-5.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple, cast

import numpy as np
import torch
from numpy.typing import NDArray

from daemon.assembly.calibrator import compute_device, delays
from daemon.assembly.model import model_in_use
from daemon.assembly.subject import generic_subject
from daemon.config import Config
from daemon.offline.beginning import beginnings, opening
from daemon.offline.calibrate import (
    CalibrationRequest,
    Learnt,
    finite_numbers,
    not_finite,
    trials_of,
)
from daemon.offline.rows import agreement
from daemon.offline.synergy_hybrid import Hybrid, hybrid
from daemon.offline.together import at_once, descended
from pipeline.calibrate.batch.descent import Found
from pipeline.calibrate.delay import with_delay
from pipeline.calibrate.loss import Trials
from pipeline.calibrate.offline import DescentSettings, Watch
from pipeline.errors import UserError
from pipeline.model.arithmetic import set_up_arithmetic
from pipeline.model.parameters import RELATIVE
from pipeline.model.subject import Subject

Array = NDArray[np.float64]
Result = dict[str, object]
OnProgress = Callable[[float], None]

COMPARED = sorted(RELATIVE)
"""The parameters that the paper compares: optimal fibre length, strength, tendon slack length."""
ORDER_STEPS = 100
"""AdamW steps in the search for the order of removal; the calibrations take as many as ever."""


@dataclass(frozen=True)
class ElectrodeStudyRequest:
    """What the study is made on.

    Parameters
    ----------
    choice
        The recordings, and what of them is calibrated on.
    joints
        Joints that scores are averaged over; empty for all. The order of removal always comes
        from all.
    without
        Sets of electrodes to leave out; empty for one after the other in the order of the paper.
    synergies
        Number of synergies; None takes as many as the variance needs.
    truth
        True parameters of a simulated person, as `hillstream simulate --truth` writes them.
    """

    choice: CalibrationRequest
    joints: Sequence[str] = ()
    without: Sequence[frozenset[str]] = ()
    synergies: int | None = None
    truth: Path | None = None


def without_electrodes(config: Config, removed: Collection[str]) -> Config:
    """Return the set-up with some electrodes off.

    A muscle of several channels is driven by those that are left, one of none by nothing. It
    takes part nevertheless: the muscles stay those of the set-up.
    """
    left = {
        muscle: [channel for channel in channels if channel not in removed]
        for muscle, channels in config.model.muscles.items()
    }
    muscles = {muscle: channels for muscle, channels in left.items() if channels}
    used = list(model_in_use(config).muscle_names)
    model = config.model.model_copy(update={"muscles": muscles, "use_muscles": used})
    return config.model_copy(update={"model": model})


def study(
    config: Config, request: ElectrodeStudyRequest, on_progress: OnProgress | None = None
) -> Result:
    """Calibrate with fewer and fewer electrodes, in both ways, and score on unseen data.

    Returns
    -------
    dict
        docs/synergy.md explains its keys.

    Raises
    ------
    UserError
        If the recordings do not have what is asked for, or a name is unknown.
    """
    set_up_arithmetic(config.calibrator.threads)
    bench = _Study(config, request)
    channels = config.streams.emg.channels
    work = (len(channels) if not request.without else 0) + 2 * len(request.without or channels)
    done = _Counter(work, on_progress)
    impact = {} if request.without else bench.impact(done)
    order = sorted(impact, key=lambda channel: impact[channel])
    sets = request.without or [frozenset(order[:n]) for n in range(1, len(order))]
    return {
        "joints": bench.joints,
        "order": order,
        "rmse_without": impact,
        "all": bench.scored(bench.full.learnt, bench.full.subject),
        "sets": bench.compared(sets, done),
    }


class _Counter:
    """Turns pieces of work done into a fraction."""

    def __init__(self, work: int, on_progress: OnProgress | None) -> None:
        self._work, self._done, self._tell = work, 0, on_progress

    def __call__(self, pieces: int = 1) -> None:
        self._done += pieces
        self._show(0.0)

    def during(self, pieces: int) -> Watch:
        """Return what is told of how far pieces are that are worked on together."""
        return lambda fraction, _: self._show(fraction * pieces)

    def _show(self, more: float) -> None:
        if self._tell:
            self._tell(min(1.0, (self._done + more) / self._work))


class _Driven(NamedTuple):
    """A set of electrodes, calibrated EMG-driven: a muscle without one is never excited."""

    config: Config
    learnt: Sequence[Learnt]
    subject: Subject


class _Study:
    """The calibrations of a study, and the one with all electrodes they are compared with."""

    def __init__(self, config: Config, request: ElectrodeStudyRequest) -> None:
        self._config, self._request = config, request
        self.joints = list(request.joints) or list(config.model.dofs)
        _check_names("--joint", self.joints, config.model.dofs)
        for removed in request.without:
            _check_names("--without", removed, config.streams.emg.channels)
        model = model_in_use(config)
        self._prior = generic_subject(model)
        self._truth = _read_truth(request.truth, self._prior) if request.truth else None
        learnt, settings = self._read(config), DescentSettings()
        known = opening(config, self._trials(config, learnt), learnt)
        self._begun = beginnings([known], settings)[0]
        (end,) = descended([self._begun], config.model.rate_hz, settings)
        self.full = _Driven(config, learnt, self._begun.person(_vector(end)))

    def impact(self, done: _Counter) -> dict[str, float]:
        """Return the error on the calibration's data without each electrode, N*m."""
        channels = self._config.streams.emg.channels
        sets = [frozenset({channel}) for channel in channels]
        driven = self._driven(sets, DescentSettings(steps=ORDER_STEPS), done)
        return {
            channel: _mean(self._agreement(*one[1:], seen=True)["rmse"], self._config.model.dofs)
            for channel, one in zip(channels, driven, strict=True)
        }

    def compared(self, sets: Sequence[frozenset[str]], done: _Counter) -> list[Result]:
        """Calibrate with sets of electrodes off, in both ways, and score it."""
        driven = self._driven(sets, DescentSettings(), done)
        return [self._both(*one, done) for one in zip(sets, driven, strict=True)]

    def _both(self, removed: frozenset[str], driven: _Driven, done: _Counter) -> Result:
        made = self._hybrid(driven.config, driven.learnt)
        learnt = [one.with_rows(made.driven(one.rows)) for one in driven.learnt]
        subject = self._begun.person(made.calibration.vector)
        done()
        return {
            "electrodes": len(self._config.streams.emg.channels) - len(removed),
            "removed": [c for c in self._config.streams.emg.channels if c in removed],
            "synergies": made.weights.shape[1],
            "driven": self.scored(driven.learnt, driven.subject),
            "hybrid": {
                **self.scored(learnt, subject),
                "correlation": self._correlation(learnt, made),
            },
        }

    def scored(self, learnt: Sequence[Learnt], subject: Subject) -> Result:
        """Return errors on unseen data, and how far the parameters are from others, 0..1."""
        found = self._agreement(learnt, subject, seen=False)
        difference = {"to_all_electrodes": self._difference(subject, self.full.subject)}
        if self._truth is not None:
            difference["to_truth"] = self._difference(subject, self._truth)
        return {
            **found,
            "rmse_mean": _mean(found["rmse"], self.joints),
            "r2_mean": _mean(found["r2"], self.joints),
            "parameter_difference": difference,
        }

    def _read(self, config: Config) -> list[Learnt]:
        choice = self._request.choice
        return [Learnt(config, path, choice) for path in choice.recordings]

    def _driven(
        self, sets: Sequence[frozenset[str]], settings: DescentSettings, done: _Counter
    ) -> list[_Driven]:
        """Calibrate with sets of electrodes off, as many as one tensor as fit."""
        most = at_once(self._begun.trials, 1, compute_device(self._config))
        parts = [sets[first : first + most] for first in range(0, len(sets), most)]
        return [one for part in parts for one in self._together(part, settings, done)]

    def _together(
        self, sets: Sequence[frozenset[str]], settings: DescentSettings, done: _Counter
    ) -> list[_Driven]:
        configs = [without_electrodes(self._config, removed) for removed in sets]
        learnt = [self._read(config) for config in configs]
        begun = [
            self._begun._replace(trials=self._delayed(*one))
            for one in zip(configs, learnt, strict=True)
        ]
        rate_hz = self._config.model.rate_hz
        ends = descended(begun, rate_hz, settings, done.during(len(sets)))
        done(len(sets))
        subjects = [self._begun.person(_vector(end)) for end in ends]
        return list(map(_Driven, configs, learnt, subjects))

    def _trials(self, config: Config, learnt: Sequence[Learnt]) -> Trials:
        like = torch.zeros((), dtype=torch.float32, device=compute_device(config))
        return trials_of(config, learnt, like)

    def _delayed(self, config: Config, learnt: Sequence[Learnt]) -> Trials:
        person = self._begun.subject
        left_s = delays(config, person).left(person)
        return with_delay(self._trials(config, learnt), left_s * config.model.rate_hz)

    def _hybrid(self, config: Config, learnt: Sequence[Learnt]) -> Hybrid:
        trials = self._delayed(config, learnt)
        count = self._request.synergies
        with finite_numbers():
            space, start = self._begun[:2]
            return hybrid(config, space, trials, start, DescentSettings(), count)

    def _agreement(self, learnt: Sequence[Learnt], subject: Subject, seen: bool) -> Result:
        parts = []
        for recorded in learnt:
            chosen = recorded.used if seen else recorded.scored(used=recorded.used)
            parts.append(recorded.compared(recorded.predicted(subject), chosen))
        return agreement(self._config.model.dofs, parts)

    def _correlation(self, learnt: Sequence[Learnt], made: Hybrid) -> dict[str, float | None]:
        """Return how the synthesised excitations go with what the electrodes recorded, unseen."""
        ours, theirs = [], []
        for recorded, full in zip(learnt, self.full.learnt, strict=True):
            unseen = np.zeros(len(recorded.rows.t), dtype=bool)
            for passage in recorded.scored(used=recorded.used):
                unseen[recorded.part(passage)] = True
            ours.append(recorded.rows.excitation[unseen])
            theirs.append(full.rows.excitation[unseen])
        columns = zip(np.concatenate(ours).T, np.concatenate(theirs).T, made.measured, strict=True)
        found = [None if known else _correlation(a, b) for a, b, known in columns]
        return {m: r for m, r, k in zip(made.muscles, found, made.measured, strict=True) if not k}

    def _difference(self, subject: Subject, other: Subject) -> float:
        """Return the mean distance of the compared parameters, as fractions of their ranges."""
        bounds = self._config.calibrator.parameters
        apart = [
            np.abs(getattr(subject, name) - getattr(other, name))
            / getattr(self._prior, name)
            / np.ptp(getattr(bounds, name).bounds)
            for name in COMPARED
        ]
        return float(np.mean(apart))


def _vector(end: Found) -> torch.Tensor:
    """Return what a descent has found, or tell why there is nothing."""
    if isinstance(end, FloatingPointError):
        raise not_finite(end) from end
    return end.vector


def _mean(score: object, joints: Sequence[str]) -> float:
    """Return the mean of a score over joints, NaN where one of them has none."""
    by_joint = cast("dict[str, float | None]", score)
    return float(np.mean([np.nan if (v := by_joint[joint]) is None else v for joint in joints]))


def _correlation(a: Array, b: Array) -> float | None:
    """Return Pearson's r, None where one of them is constant."""
    return float(np.corrcoef(a, b)[0, 1]) if np.ptp(a) > 0 and np.ptp(b) > 0 else None


def _check_names(option: str, names: Collection[str], known: Sequence[str]) -> None:
    if strange := sorted(set(names) - set(known)):
        raise UserError(f"{option} names {strange}; the configuration has {list(known)}.")


def _read_truth(path: Path, prior: Subject) -> Subject:
    """Return the simulated person that `hillstream simulate --truth` wrote."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        muscles, parameters = list(content["muscles"]), content["parameters"]
        order = [muscles.index(muscle) for muscle in prior.muscles]
        relative = {name: np.array(parameters[name], dtype=float)[order] for name in COMPARED}
    except (OSError, ValueError, KeyError, TypeError, IndexError) as error:
        raise UserError(
            f"--truth: '{path}' does not hold the true parameters of this model's muscles "
            f"({error}); write it by 'hillstream simulate CONFIG --truth FILE'."
        ) from error
    return prior.with_values({n: v * getattr(prior, n) for n, v in relative.items()})
