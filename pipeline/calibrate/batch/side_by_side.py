"""Trials of several people as one tensor: what is shorter is filled up, and does not count."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

import torch
from torch import Tensor

from pipeline.calibrate.loss import Trials
from pipeline.shapes import Bool


class Together(NamedTuple):
    """Data of several people, their first dimension."""

    trials: Trials
    """Shapes [member, trial, ...]; what fills up has no weight."""
    real: Bool[Tensor, "member trial 1 time"] | None
    """Which samples are a member's own; None where all are."""

    def of(self, members: Tensor) -> Together:
        """Return the data of some members, given their places."""
        chosen = _each([self.trials], lambda parts: parts[0][members])
        return Together(chosen, None if self.real is None else self.real[members])

    def for_starts(self) -> Together:
        """Return the same with a dimension for several starts after that of the members."""
        wide = _each([self.trials], lambda parts: parts[0].unsqueeze(1))
        return Together(wide, None if self.real is None else self.real.unsqueeze(1))


def alone(trials: Trials) -> Together:
    """Return the data of one person."""
    return Together(_each([trials], torch.stack), None)


def _each(people: Sequence[Trials], change: Callable[[list[Tensor]], Tensor]) -> Trials:
    """Return trials whose every tensor is made of that of some people's."""

    def of(name: str) -> Tensor:
        return change([getattr(trials, name) for trials in people])

    return Trials(of("excitation"), of("length"), of("moment_arm"), of("moment"), of("weight"))


def side_by_side(people: Sequence[Trials]) -> Together:
    """Return the data of several people.

    Samples after a trial's end repeat its last one, so that nothing before them changes; trials
    after a person's last repeat it.

    Parameters
    ----------
    people
        Trials with a moment as reference, of the same muscles and joints.
    """
    count = max(len(trials.length) for trials in people)
    size = max(trials.length.shape[-1] for trials in people)
    filled = [_filled(trials, count, size) for trials in people]
    trials = _each([trials for trials, _ in filled], torch.stack)
    real = torch.stack([real for _, real in filled])
    return Together(trials, None if bool(real.all()) else real)


def _filled(trials: Trials, count: int, size: int) -> tuple[Trials, Tensor]:
    """Return trials of a common size, and which samples are their own, shape [trial, 1, time]."""
    own, length = len(trials.length), trials.length.shape[-1]
    trial = torch.arange(count, device=trials.length.device)
    time = torch.arange(size, device=trials.length.device)
    real = (trial < own)[:, None, None] & (time < length)
    which, when = trial.clamp_max(own - 1), time.clamp_max(length - 1)
    parts = _each([trials], lambda parts: parts[0][which][..., when])
    return parts._replace(weight=parts.weight * real), real
