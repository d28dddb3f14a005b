"""The sliding-window calibrator: paired rows in, refined muscle parameters out."""

from __future__ import annotations

import time
from dataclasses import dataclass, field

import numpy as np
import torch
from torch import Tensor

from pipeline.calibrate.loss import (
    LossSettings,
    Trials,
    implausibility,
    misfit,
    moment_error,
    moment_scale,
)
from pipeline.calibrate.prior import distance
from pipeline.calibrate.result import Result, Update
from pipeline.calibrate.window import PairedRows, Window
from pipeline.model.nms import simulate
from pipeline.model.parameters import ParameterSpace
from pipeline.model.subject import Subject

LEAST_EXCITATION_RANGE = 0.03
"""An excitation that moves less than this over the window tells nothing of its muscle."""
HEAT_LOSS = 0.85
"""Factor by which the learning rate approaches its floor at each update."""
ERROR_RISE = 1.5
"""Rise of the held-out error over its running level at which the learning rate is renewed."""


@dataclass(frozen=True)
class Settings:
    """How the calibrator works; the fields mean what the configuration says of them."""

    window_s: float = 10.0
    stride_s: float = 1.0
    segment_s: float = 2.5
    burn_in_s: float = 0.3
    steps: int = 20
    learning_rate: float = 0.1
    learning_rate_floor: float = 0.05
    weight_decay: float = 0.0
    prior_weight: float = 0.001
    holdout_s: float = 1.0
    min_data_s: float = 3.0
    tolerance: float = 1.05
    """A candidate is rejected where its held-out error exceeds the present one's by this factor."""
    loss: LossSettings = field(default_factory=LossSettings)


@dataclass(frozen=True)
class _Score:
    """Error of a set of parameters on held-out data."""

    relative: float
    """Mean squared error over the reference's variance, summed over the DOFs."""
    rmse: tuple[float, ...]


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
    """

    def __init__(
        self,
        space: ParameterSpace,
        rate_hz: float,
        settings: Settings,
        start: Subject | None = None,
        version: int = 0,
    ) -> None:
        self.space = space
        self.settings = settings
        self._rate_hz = rate_hz
        self._step_s = 1.0 / rate_hz
        self._window = self._new_window()
        self._accepted = space.zeros() if start is None else space.vector(start)
        self._vector = self._accepted.clone().requires_grad_()
        self._optimiser = self._new_optimiser()
        self._heat = 1.0
        self._level: float | None = None
        self._fresh = 0
        self.version = version
        self.subject = start or space.prior

    def _count(self, seconds: float) -> int:
        return round(seconds * self._rate_hz)

    def _new_window(self) -> Window:
        settings = self.settings
        return Window(
            self._count(settings.window_s), self._rate_hz, self._count(settings.burn_in_s)
        )

    def _new_optimiser(self) -> torch.optim.AdamW:
        return torch.optim.AdamW(
            [self._vector],
            lr=self.settings.learning_rate,
            betas=(0.9, 0.99),
            weight_decay=self.settings.weight_decay,
        )

    def add(self, rows: PairedRows) -> None:
        """Take paired rows into the window."""
        if len(rows.t):
            self._window.add(rows)
            self._fresh += len(rows.t)

    def due(self) -> bool:
        """Tell whether a stride's worth of rows has come since the last update."""
        return self._fresh >= self._count(self.settings.stride_s)

    def skip(self) -> Update:
        """Let a stride pass without learning: calibration is paused."""
        self._fresh = 0
        return self._unchanged(
            Result.PAUSED,
            f"Paused; parameter set {self.version} stays in force, and the window stays fresh.",
        )

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
        self._restart()
        self.version += 1
        self.subject = subject
        return self._unchanged(
            Result.ROLLED_BACK, f"Version {self.version} has the parameters of version {of}."
        )

    def forget(self) -> None:
        """Empty the window: what it holds does not fit what comes, as after a change of MVC."""
        self._window = self._new_window()
        self._level = None
        self._fresh = 0

    def update(self) -> Update:
        """Refine the parameters on the present window."""
        self._fresh = 0
        refusal = self._refusal()
        if refusal is not None:
            return self._unchanged(*refusal)
        started = time.perf_counter()
        train, held_out = self._split()
        scale = moment_scale(train)
        before = self._score(self._accepted, held_out, scale)
        loss, fallbacks = self._descend(train, scale)
        candidate = self._vector.detach().clone()
        if loss is None:
            self._restart()
            return self._unchanged(
                Result.DIVERGED,
                "The optimisation left the range of finite numbers and was restarted from the "
                "last accepted parameters; check the reference moments for spikes.",
            )
        after = self._score(candidate, held_out, scale)
        self._cool(before)
        accepted = after.relative <= before.relative * self.settings.tolerance
        if accepted:
            self._accepted = candidate
            self.version += 1
            self.subject = self.space.subject(candidate)
        at_bound = self.space.at_bound(candidate)
        result, sentence = _verdict(accepted, before, after, at_bound)
        return Update(
            result=result,
            sentence=sentence,
            version=self.version,
            t=self._newest(),
            subject=self.subject,
            loss=loss,
            rmse=(after if accepted else before).rmse,
            rmse_before=before.rmse,
            seconds=time.perf_counter() - started,
            steps=self.settings.steps,
            fallbacks=fallbacks,
            at_bound=at_bound,
        )

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
                f"Only {usable.sum() / self._rate_hz:.1f} s of the window have a reference moment; "
                "check that the moment stream arrives on the same clock as the EMG."
            )
        spread = np.ptp(self._window.rows.excitation[usable], axis=0)
        if spread.max() < LEAST_EXCITATION_RANGE:
            return Result.NOT_EXCITED, (
                f"No excitation varies by more than {spread.max():.3f} over the window; move, or "
                "check the electrodes and the MVC values."
            )
        return None

    def _newest(self) -> float:
        return float(self._window.rows.t[-1]) if len(self._window) else 0.0

    def _unchanged(self, result: Result, sentence: str) -> Update:
        return Update(result, sentence, self.version, self._newest(), self.subject)

    def _split(self) -> tuple[Trials, Trials]:
        """Cut the window into trials to learn from and its newest part to score on."""
        size = len(self._window)
        edge = size - self._count(self.settings.holdout_s)
        like = self._accepted
        train = self._window.trials(0, edge, self._count(self.settings.segment_s), like)
        return train, self._window.trials(edge, size, size - edge, like)

    def _descend(self, trials: Trials, scale: Tensor) -> tuple[float | None, int]:
        """Take the AdamW steps; returns the last loss (None if not finite) and the fallbacks."""
        settings, guess, reports = self.settings, None, []
        floor = settings.learning_rate_floor
        rate = floor + (settings.learning_rate - floor) * self._heat
        for group in self._optimiser.param_groups:
            group["lr"] = rate
        for _ in range(settings.steps):
            output = simulate(
                self.space.parameters(self._vector),
                *trials[:3],
                self._step_s,
                guess=guess,
                deferred=self._vector.is_cuda,  # the host reads nothing before the last step
            )
            guess = output.w.detach()
            reports.append(output.report)
            loss = (
                misfit(moment_error(output, trials, scale))
                + implausibility(output, settings.loss)
                + settings.prior_weight * distance(self._vector)
            )
            self._optimiser.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            self._optimiser.step()
        last = float(loss.detach())
        finite = np.isfinite(last) and bool(torch.isfinite(self._vector).all())
        return (last if finite else None), sum(report.fallbacks for report in reports)

    def _restart(self) -> None:
        self._vector = self._accepted.clone().requires_grad_()
        self._optimiser = self._new_optimiser()
        self._heat = 1.0

    def _score(self, vector: Tensor, trials: Trials, scale: Tensor) -> _Score:
        with torch.no_grad():
            output = simulate(self.space.parameters(vector), *trials[:3], self._step_s)
            error = moment_error(output, trials, scale)
        rmse = (error.sqrt() * scale).cpu().numpy()
        return _Score(float(error.sum()), tuple(float(value) for value in rmse))

    def _cool(self, fresh: _Score) -> None:
        """Let the learning rate fall, and rise again when fresh data fit worse than usual."""
        level = fresh.relative if self._level is None else self._level
        self._heat = 1.0 if fresh.relative > ERROR_RISE * level else self._heat * HEAT_LOSS
        self._level = level + 0.2 * (fresh.relative - level)


def _verdict(
    accepted: bool, before: _Score, after: _Score, at_bound: list[str]
) -> tuple[Result, str]:
    change = f"held-out error {before.relative:.3f} before, {after.relative:.3f} after"
    if not accepted:
        return Result.REJECTED, f"The candidate fits fresh data worse ({change}) and was not used."
    if at_bound:
        names = ", ".join(at_bound[:3]) + (" and others" if len(at_bound) > 3 else "")
        return Result.AT_BOUNDS, (
            f"Accepted ({change}), but {names} ran to a bound: check MVC, baseline and model."
        )
    return Result.OK, f"Accepted ({change})."
