"""Median frequency and amplitude of a muscle's EMG, and what of their course is time's.

The median frequency differs with the force level and with the muscle's length as well, so both are
allowed for: its logarithm is a sum of a level, the amplitude's logarithm and the fibre length, each
times a number, and of the change that is asked for. Stray seconds count for less (Huber's weights).

References
----------
Huber 1964, Ann Math Stat 35:73; Farina, Merletti and Enoka 2004, J Appl Physiol 96:1486 (what moves
the spectrum of surface EMG).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from pipeline.drift.share import Share

Array = NDArray[np.float64]

ACTIVE = 0.2
"""Seconds count when the amplitude is above this share of a high one."""
LEAST_SECONDS = 30
"""Fewer active seconds tell nothing."""
_LEAST_SPREAD = 1e-6
_HUBER = 1.345
"""Residuals above this many deviations count for less; 95 % efficient where none is stray."""
_ROUNDS = 10
_MOST_CORRELATION = 0.6


class Activity(NamedTuple):
    """A muscle's EMG second by second, each of shape [second]; NaN where nothing is known."""

    t: Array
    """s since the session began."""
    amplitude: Array
    """V, the mean of its channels."""
    median_hz: Array
    fibre_length: Array
    """Over the optimal one, in the baseline set."""

    @property
    def active(self) -> NDArray[np.bool_]:
        """The seconds in which the muscle works enough for its EMG to speak of it."""
        loud = self.amplitude[np.isfinite(self.amplitude)]
        high = float(np.quantile(loud, 0.9)) if len(loud) else np.inf
        return np.asarray(self.amplitude > ACTIVE * high)

    def frequency(
        self, shape: Array, deviations: float
    ) -> tuple[Share, tuple[float, float]] | None:
        """Return the change of the median frequency, and its levels before and after, Hz.

        Parameters
        ----------
        shape
            How far the change that is asked for has come, 0 to 1, shape [second].
        deviations
            Half the interval's width in standard deviations.

        Returns
        -------
        tuple
            None where too little is known, or the change does not happen while it is.
        """
        known = self.active & np.isfinite(self.median_hz) & (self.median_hz > 0)
        if known.sum() < LEAST_SECONDS:
            return None
        level = np.log(self.amplitude[known])
        length = self.fibre_length[known]
        beside = [_centred(level), _centred(np.where(np.isfinite(length), length, np.nan))]
        found = _change(np.log(self.median_hz[known]), shape[known], beside, deviations)
        if found is None:
            return None
        share, start = found
        return share, (float(np.exp(start)), float(np.exp(start)) * (1.0 + share.value))

    def loudness(self, shape: Array, deviations: float) -> Share | None:
        """Return the change of the amplitude; arguments as in `frequency`."""
        known = self.active
        if known.sum() < LEAST_SECONDS:
            return None
        found = _change(np.log(self.amplitude[known]), shape[known], [], deviations)
        return found and found[0]


def _centred(values: Array) -> Array:
    """Return values about their mean, unknown ones there."""
    known = np.isfinite(values)
    if not known.any():
        return np.zeros_like(values)
    return np.where(known, values - values[known].mean(), 0.0)


def _change(
    y: Array, shape: Array, beside: list[Array], deviations: float
) -> tuple[Share, float] | None:
    """Return the share by which the exponential of `y` changes with a shape, and `y` before it."""
    regressors = [shape, np.ones_like(shape), *(one for one in beside if np.ptp(one) > 0)]
    x = np.stack(regressors, axis=1)
    if np.ptp(shape) < _LEAST_SPREAD or np.linalg.matrix_rank(x) < x.shape[1]:
        return None
    weight = np.ones_like(y)
    for _ in range(_ROUNDS):
        gram = (x * weight[:, None]).T @ x
        found = np.linalg.solve(gram, x.T @ (weight * y))
        left = y - x @ found
        scale = max(1.4826 * float(np.median(np.abs(left))), _LEAST_SPREAD)
        weight = 1.0 / np.maximum(np.abs(left) / (_HUBER * scale), 1.0)
    free = max(len(y) - x.shape[1], 1)
    variance = float((weight * left) @ left) / free * _inflation(left)
    reach = deviations * np.sqrt(variance * np.linalg.inv(gram)[0, 0])
    ends = np.expm1([found[0], found[0] - reach, found[0] + reach])
    return Share(*ends.tolist()), float(found[1])


def _inflation(left: Array) -> float:
    """Return by how much neighbours that tell the same widen a variance."""
    squares = max(float(left @ left), _LEAST_SPREAD**2)
    correlation = min(max(float(left[:-1] @ left[1:]) / squares, 0.0), _MOST_CORRELATION)
    return (1.0 + correlation) / (1.0 - correlation)
