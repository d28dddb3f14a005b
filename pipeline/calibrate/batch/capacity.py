"""How many people fit side by side into memory."""

from __future__ import annotations

from pipeline.calibrate.loss import Trials

TENSORS_HELD = 90
"""Tensors of a value for each sample of each muscle that a step keeps for its gradient, and those
beside them for a moment, at most."""
ARMS_HELD = 6
"""The same with a value for each joint too."""


def bytes_of(trials: Trials, starts: int = 1) -> int:
    """Return about how many bytes one person's calibration needs at most.

    Parameters
    ----------
    trials
        The person's data.
    starts
        Starts that are searched from at once.
    """
    samples = TENSORS_HELD * trials.length.numel() + ARMS_HELD * trials.moment_arm.numel()
    return max(1, starts) * samples * trials.length.element_size()


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
