"""How many people fit side by side into memory."""

from __future__ import annotations

from pipeline.calibrate.loss import Trials

TENSORS_HELD = 90
"""Tensors of a value for each sample of each muscle that a step holds at its peak.

Together with `ARMS_HELD` the slope of `hillstream bench scale`: 9.7 MB for each further person of
16 muscles over three joints, 1400 samples, are 433 bytes a muscle's sample (docs/scale.md).
"""
ARMS_HELD = 6
"""The same with a value for each joint too."""
_FLOAT = 4


def bytes_of(trials: Trials, starts: int = 1) -> int:
    """Return about how many bytes one person's calibration needs at most.

    Parameters
    ----------
    trials
        The person's data.
    starts
        Starts that are searched from at once.
    """
    samples, joints = trials.length.numel(), trials.moment.shape[-2]
    return bytes_for(samples, joints, starts, trials.length.element_size())


def bytes_for(samples: int, joints: int, starts: int = 1, size: int = _FLOAT) -> int:
    """Return the same of data that are not read yet.

    Parameters
    ----------
    samples
        Samples of all trials, times muscles.
    joints
        Joints that the muscles move.
    size
        Bytes of a number.
    """
    return max(1, starts) * samples * (TENSORS_HELD + ARMS_HELD * joints) * size


def members_that_fit(trials: Trials, starts: int, free_bytes: int) -> int:
    """Return how many people like one can be calibrated together, at least one.

    Parameters
    ----------
    trials, starts
        Of the person with the most data.
    free_bytes
        Memory that may be filled.
    """
    return max(1, free_bytes // bytes_of(trials, starts))
