"""What a stretch of data tells of every muscle's force for a given EMG, as sufficient statistics.

The moment of a DOF is taken for the sum of what the muscles of the baseline set would make, each
multiplied by a factor, and an offset of the DOF. What rows tell of factors and offsets is a
quadratic form: its matrix and vector are all that is kept of them.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

BASELINE_AFTER_S = 45.0
"""Seconds of data after which the set in force is taken for the person."""
_HEAD = 2
"""Numbers before the vector: seconds and squares."""


class DriftStatistics(NamedTuple):
    """What one stretch tells; the states are a factor for each unit, then an offset for each DOF.

    A unit is a muscle, or the muscles that share one strength. Everything is weighed: residuals
    over their variance, and over how many consecutive ones tell as much as one.
    """

    t: float
    """Middle of the stretch, s."""
    seconds: float
    """Length of what counted, s."""
    baseline: float
    """Since when the set is the baseline that the muscles' moments are of, s: names it."""
    information: Array
    """Products of the regressors, shape [state, state]; an offset is in N*m."""
    vector: Array
    """Products of regressors and reference, shape [state]."""
    squares: float
    """Sum of the squared reference."""

    @property
    def finite(self) -> bool:
        """Whether all numbers are: of a spike in the reference they may not be."""
        numbers = np.append(self.vector, (self.information.sum(), self.squares))
        return bool((np.abs(numbers) < np.finfo(np.float32).max).all())  # nor is NaN

    def packed(self) -> bytes:
        """Return all but the times as little-endian float32.

        They are: `seconds`, `squares`, `vector`, and the upper triangle of `information` row by
        row.
        """
        upper = self.information[np.triu_indices(len(self.vector))]
        head = (self.seconds, self.squares)
        return np.concatenate((head, self.vector, upper)).astype("<f4").tobytes()

    @classmethod
    def unpacked(cls, t: float, baseline: float, packed: bytes) -> Self:
        """Return what `packed` has made; ValueError where it is nothing of the kind."""
        numbers = np.frombuffer(packed, dtype="<f4").astype(np.float64)
        size = round((np.sqrt(8.0 * max(len(numbers) - _HEAD, 0) + 9.0) - 3.0) / 2.0)
        if size < 1 or len(numbers) != _HEAD + size * (size + 3) // 2:
            raise ValueError(f"{len(numbers)} numbers are no statistics of a drift")
        if not np.isfinite(numbers).all():
            raise ValueError("statistics of a drift that are not finite")
        information = np.zeros((size, size))
        information[np.triu_indices(size)] = numbers[_HEAD + size :]
        information += np.triu(information, 1).T
        seconds, squares = numbers[:_HEAD].tolist()
        vector = numbers[_HEAD : _HEAD + size]
        return cls(t, seconds, baseline, information, vector, squares)


class Drift(NamedTuple):
    """What is known of the muscles' force for a given EMG after a stride."""

    units: tuple[str, ...]
    """What each factor belongs to: a muscle, or with ``+`` all that share a strength."""
    factor: Array
    """Force for a given EMG over that of the baseline, shape [unit]."""
    deviation: Array
    """Its standard deviation, shape [unit]."""
    fibre_length: Array
    """Mean over the optimal one, weighed by activation, shape [unit]."""
    statistics: DriftStatistics


def gathered(statistics: Sequence[DriftStatistics], seconds: float) -> list[DriftStatistics]:
    """Return the sums over longer stretches of about `seconds`; of one baseline, in order."""
    places = [int((one.t - statistics[0].t) // seconds) for one in statistics]
    parts: dict[int, list[DriftStatistics]] = {}
    for place, one in zip(places, statistics, strict=True):
        parts.setdefault(place, []).append(one)
    return [_sum(part) for part in parts.values()]


def _sum(part: Sequence[DriftStatistics]) -> DriftStatistics:
    counted = sum(one.seconds for one in part)
    return DriftStatistics(
        sum(one.t * one.seconds for one in part) / counted,
        counted,
        part[0].baseline,
        np.sum([one.information for one in part], axis=0),
        np.sum([one.vector for one in part], axis=0),
        sum(one.squares for one in part),
    )
