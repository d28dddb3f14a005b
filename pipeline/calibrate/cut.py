"""What an update learns from and what it judges on, cut from window and memory."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor

from pipeline.calibrate.loss import Trials, joined, moment_scale
from pipeline.calibrate.moved import moved
from pipeline.calibrate.recent import Recent
from pipeline.calibrate.window import Window


class Cut(NamedTuple):
    """Trials with excitations that have no delay but the envelope's."""

    train: Trials
    fresh: Trials
    """The newest rows, which are not trained on."""
    recent: Trials
    scale: Tensor
    """Spread of each DOF's reference in the window, shape [dof]."""


def cut(
    window: Window,
    recent: Recent,
    remembered: Trials | None,
    memory_share: float,
    *,
    segment: int,
    holdout: int,
    host: Tensor,
    device: torch.device,
) -> Cut:
    """Cut window and memory into trials to learn from, and other data to judge on.

    What is remembered has no say in the judgement: of a muscle that tires it tells how strong the
    muscle was long ago.

    Parameters
    ----------
    remembered
        Stretches of the memory that take part; None for none.
    memory_share
        Their weight, as a multiple of the window's.
    segment, holdout
        Rows of a trial that count, and newest rows that are not trained on.
    host
        A tensor of the type with which is computed, where trials are cut.
    device
        Where they are computed with.
    """
    edge = len(window) - holdout
    train = window.trials(0, edge, segment, host)
    fresh = window.trials(edge, len(window), holdout, host)
    parts = (train, fresh, recent.trials(segment, host), *([remembered] if remembered else []))
    train, fresh, judged, *replayed = moved(parts, device)
    scale = moment_scale(train)
    for past in replayed:
        share = memory_share * train.weight.sum() / past.weight.sum().clamp_min(1.0)
        train = joined(train, past._replace(weight=share * past.weight))
    return Cut(train, fresh, judged, scale)
