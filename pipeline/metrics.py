"""Distances of a prediction from its reference; NaN where there is none."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike, NDArray

Array = NDArray[np.float64]


def rms(values: ArrayLike) -> float:
    """Return the root mean square in the values' unit; not finite where one of them is not."""
    values = np.asarray(values, dtype=np.float64)
    return float(np.sqrt(np.mean(values**2))) if values.size else math.nan


def rms_of_known(values: ArrayLike) -> float:
    """Return the root mean square of those values that are finite, where others may be missing."""
    values = np.asarray(values, dtype=np.float64)
    return rms(values[np.isfinite(values)])


def rmse(predicted: Array, reference: Array) -> float:
    """Return the root mean square error where there is a finite reference, in its unit."""
    there = np.isfinite(reference)
    return rms(predicted[there] - reference[there])


def r2(predicted: Array, reference: Array) -> float:
    """Return the coefficient of determination where there is a finite reference.

    NaN also where the reference does not vary.
    """
    there = np.isfinite(reference)
    predicted, reference = predicted[there], reference[there]
    if not len(reference) or reference.var() == 0:
        return math.nan
    return float(1.0 - np.mean((predicted - reference) ** 2) / reference.var())


def known(score: float) -> float | None:
    """Return a score as JSON has it: None where there is none."""
    return float(score) if math.isfinite(score) else None
