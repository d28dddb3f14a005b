"""Trials of several people as one tensor: what is shorter is filled up, and does not count."""

from __future__ import annotations

from collections.abc import Sequence
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
        chosen = Trials._make(None if part is None else part[members] for part in self.trials)
        return Together(chosen, None if self.real is None else self.real[members])

    def for_starts(self) -> Together:
        """Return the same with a dimension for several starts after that of the members."""
        wide = Trials._make(None if part is None else part.unsqueeze(1) for part in self.trials)
        return Together(wide, None if self.real is None else self.real.unsqueeze(1))


def alone(trials: Trials) -> Together:
    """Return the data of one person."""
    return Together(Trials(*(part.unsqueeze(0) for part in trials[:5])), None)


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
    stacked = Together(
        Trials(*(torch.stack(parts) for parts in zip(*(t[:5] for t, _ in filled), strict=True))),
        torch.stack([real for _, real in filled]),
    )
    return stacked if not bool(stacked.real.all()) else stacked._replace(real=None)


def _filled(trials: Trials, count: int, size: int) -> tuple[Trials, Tensor]:
    """Return trials of a common size, and which samples are their own, shape [trial, 1, time]."""
    own, length = len(trials.length), trials.length.shape[-1]
    trial = torch.arange(count, device=trials.length.device)
    time = torch.arange(size, device=trials.length.device)
    real = (trial < own)[:, None, None] & (time < length)
    which, when = trial.clamp_max(own - 1), time.clamp_max(length - 1)
    parts = Trials(*(part[which][..., when] for part in trials[:5]))
    return parts._replace(weight=parts.weight * real), real
