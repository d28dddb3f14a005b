"""Combinations: parameters that the data tell of together only.

Gain and strength of a muscle act on its moment by their product nearly, fibre and tendon by where
on its curve the fibre works, which is their sum, and muscles side by side by the sum of their
forces. The covariance shows which of these the data tell of where they tell of neither part.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from pipeline.model.identifiability import (
    IDENTIFIED_BELOW,
    Combination,
    Identifiability,
    Joining,
)
from pipeline.model.parameters import ParameterSpace

Array = NDArray[np.float64]

_UNKNOWN = frozenset({Identifiability.WEAKLY_IDENTIFIED, Identifiability.UNOBSERVED})
_WITHIN_A_MUSCLE = (
    ("gain", "strength", Joining.PRODUCT),
    ("optimal_fibre_length", "tendon_slack_length", Joining.SUM),
)
_STEP = 0.01
"""Half of the step by which slopes are taken, in units of the vector."""


class _Pair(NamedTuple):
    """Two entries of the vector that may be known together."""

    first: int
    second: int
    joining: Joining


def known_together(
    space: ParameterSpace,
    vector: Tensor,
    covariance: Tensor,
    before: Tensor,
    identifiability: Sequence[Identifiability],
) -> tuple[list[Identifiability], tuple[Combination, ...]]:
    """Return what is to be called known together with another, and the combinations that are known.

    Each parameter that is not known by itself is told with the other that it is known best with.

    Parameters
    ----------
    vector
        The parameters, shape [parameter].
    covariance
        Of the vector after the data, what EMG gets wrong included, shape [parameter, parameter].
    before
        Standard deviation of the vector's entries before any data, shape [parameter].
    identifiability
        Of each entry by itself.
    """
    told = list(identifiability)
    pairs = [p for p in _pairs(space) if {told[p.first], told[p.second]} <= _UNKNOWN]
    if not pairs:
        return told, ()
    values = _Values.at(space, vector)
    deviation = _deviations(pairs, values, covariance.cpu().numpy())
    free = np.diag(before.double().square().cpu().numpy())
    left = deviation / _deviations(pairs, values, free)
    best: dict[int, int] = {}
    for i in np.flatnonzero(left < IDENTIFIED_BELOW)[::-1]:
        for place in pairs[i][:2]:
            best[place] = min(i, best.get(place, i), key=left.__getitem__)
    for place in best:
        told[place] = Identifiability.KNOWN_WITH_ANOTHER
    chosen = sorted(set(best.values()))
    return told, tuple(_told(space, pairs[i], values, float(deviation[i])) for i in chosen)


def _pairs(space: ParameterSpace) -> list[_Pair]:
    """Return the pairs that can stand in for each other."""
    places = {kind.name: (kind.start + kind.members).tolist() for kind in space.kinds()}
    pairs = []
    for one, other, joining in _WITHIN_A_MUSCLE:
        both = zip(places.get(one, ()), places.get(other, ()), strict=False)
        pairs += [_Pair(*pair, joining) for pair in dict.fromkeys(both)]
    strengths = sorted(set(places.get("strength", ())))
    return pairs + [_Pair(*pair, Joining.SUM) for pair in combinations(strengths, 2)]


class _Values(NamedTuple):
    """The muscles' entries of a vector, shape [parameter] each."""

    value: Array
    """In its unit; strengths relative."""
    slope: Array
    """Derivative of that by the vector."""
    weight: Array
    """What it has in a sum: 1, and a strength the isometric force of all that share it, N."""

    @classmethod
    def at(cls, space: ParameterSpace, vector: Tensor) -> _Values:
        """Return those at `vector`."""
        ahead, value, behind = (
            _in_units(space, vector.double() + step) for step in (_STEP, 0.0, -_STEP)
        )
        weight = np.ones(len(value))
        for kind in space.kinds():
            if kind.name == "strength":
                force = space.prior.max_isometric_force
                weight[kind.start : kind.start + kind.size] = np.bincount(
                    kind.members.cpu().numpy(), force, kind.size
                )
        return cls(value, (ahead - behind) / (2.0 * _STEP), weight)

    def gradient(self, pair: _Pair) -> Array:
        """Return the derivative of a combination by its two entries; of a product's logarithm."""
        both = list(pair[:2])
        by = 1.0 / self.value if pair.joining is Joining.PRODUCT else self.weight
        return np.asarray(by[both] * self.slope[both])


def _in_units(space: ParameterSpace, vector: Tensor) -> Array:
    """Return each entry of the muscles' in its unit; strengths relative."""
    parameters, value = space.parameters(vector), np.zeros(space.muscle_size)
    for kind in space.kinds():
        places = (kind.start + kind.members).cpu().numpy()
        value[places] = getattr(parameters, kind.name)[..., 0].cpu().numpy()
    return value


def _deviations(pairs: Sequence[_Pair], values: _Values, covariance: Array) -> Array:
    """Return the standard deviation of each combination, of a product of its logarithm."""
    gradient = np.array([values.gradient(pair) for pair in pairs])
    first, second = np.array([pair[:2] for pair in pairs]).T
    variance = (
        gradient[:, 0] ** 2 * covariance[first, first]
        + gradient[:, 1] ** 2 * covariance[second, second]
        + 2.0 * gradient[:, 0] * gradient[:, 1] * covariance[first, second]
    )
    return np.asarray(np.sqrt(variance))


def _told(space: ParameterSpace, pair: _Pair, values: _Values, deviation: float) -> Combination:
    both = list(pair[:2])
    first, second = (str(space.labels[place]) for place in both)
    if pair.joining is Joining.PRODUCT:
        value = float(values.value[both].prod())
        return Combination(first, second, pair.joining, value, value * deviation)
    value = float(values.weight[both] @ values.value[both])
    return Combination(first, second, pair.joining, value, deviation)
