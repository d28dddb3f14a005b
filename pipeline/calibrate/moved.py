"""Trials on their way from the host to a GPU: all that an update learns from, in one copy."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from pipeline.calibrate.loss import Trials
from pipeline.device import asynchronous


def moved(trials: Sequence[Trials], device: torch.device) -> list[Trials]:
    """Return trials that lie with the host where they are computed with.

    Parameters
    ----------
    trials
        Of one type of numbers, without regressors.
    device
        Where to. Where that is the host, they are returned as they are.
    """
    if not asynchronous(device):
        return list(trials)
    known = [part for one in trials for part in one[:-1] if isinstance(part, Tensor)]
    packed = torch.cat([part.flatten().to(trials[0].excitation.dtype) for part in known])
    sizes = [part.numel() for part in known]
    there = _copied(packed, device).split(sizes)  # type: ignore[no-untyped-call]
    parts = iter(
        values.view(part.shape).to(part.dtype) for values, part in zip(there, known, strict=True)
    )
    return [Trials._make(None if part is None else next(parts) for part in one) for one in trials]


def _copied(packed: Tensor, device: torch.device) -> Tensor:
    """Return a copy on a device; for CUDA from pinned memory, which is not waited for."""
    if device.type == "cuda":
        packed = packed.pin_memory()
    return packed.to(device, non_blocking=True)
