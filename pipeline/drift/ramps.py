"""Even changes of a state, looked for among everything that states may do besides.

A change begins, goes on evenly and ends. What all such changes of all states would explain follows
from the products of hinges, ``max(t - start, 0)``: a ramp is the difference of two of them. The
products are taken once, with the slow wandering of every state allowed for (generalised least
squares); after that every question is one of small matrices.

References
----------
de Jong 1991, Ann Stat 19:1073 (regression effects beside a state-space model).
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from itertools import combinations_with_replacement, product
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from pipeline.drift.smooth import Chain

Array = NDArray[np.float64]


Pair = tuple[int, int]
"""Which hinges a ramp begins and ends at."""

_LEAST_WEIGHT = 1e-9
_APART = 1e-4
_COARSE = 16
_MOVES = np.array([move for move in product(range(-1, 2), repeat=4) if any(move)])


class Ramp(NamedTuple):
    """Which state changes, and between which starts of hinges."""

    state: int
    onset: int
    end: int


class Hinges:
    """The products of all hinges of the states that may change.

    Parameters
    ----------
    chain
        The states' wandering.
    t
        Times of the stretches, s, shape [stretch].
    information, vector
        What each tells, shapes [stretch, state, state] and [stretch, state].
    states
        How many of the states, the first ones, may change.
    starts
        Starts of hinges, s, shape [start].
    """

    def __init__(
        self,
        chain: Chain,
        t: Array,
        information: Array,
        vector: Array,
        states: int,
        starts: Array,
    ) -> None:
        self.starts, self.states = starts, states
        self.shape = np.maximum(t[:, None] - starts, 0.0)
        size = states * len(starts)
        # What a hinge of a state adds to the vector of each stretch, shape [stretch, state, hinge].
        added = information[:, :, :states, None] * self.shape[:, None, None, :]
        added = added.reshape(*information.shape[:2], size)
        count = len(starts)
        pairs = (self.shape[:, :, None] * self.shape[:, None, :]).reshape(-1, count * count)
        own = pairs.T @ information[:, :states, :states].reshape(-1, states * states)
        own = own.reshape(count, count, states, states).transpose(2, 0, 3, 1)
        flat = added.reshape(-1, size)
        self._chain, self._added, self._vector = chain, added, vector
        self.product = own.reshape(size, size) - flat.T @ chain.solve(added).reshape(-1, size)
        rest = chain.solve(vector[..., None]).reshape(-1)
        told = np.einsum("ks,ki->is", self.shape, vector[:, :states])
        self.told = told.reshape(size) - flat.T @ rest

    def done(self, ramp: Ramp) -> Array:
        """Return a ramp from 0 to 1 over the stretches, shape [stretch]."""
        length = self.starts[ramp.end] - self.starts[ramp.onset]
        return np.asarray((self.shape[:, ramp.onset] - self.shape[:, ramp.end]) / length)

    def column(self, ramp: Ramp) -> Array:
        """Return a ramp from 0 to 1 as a sum of hinges, shape [hinge]."""
        column = np.zeros(self.states * len(self.starts))
        length = self.starts[ramp.end] - self.starts[ramp.onset]
        first = ramp.state * len(self.starts)
        column[first + ramp.onset], column[first + ramp.end] = 1.0 / length, -1.0 / length
        return column

    def rest(self, ramps: Sequence[Ramp], change: Array) -> Array:
        """Return what the states do besides ramps of such changes, shape [stretch, state]."""
        vector = self._vector
        if len(ramps):
            vector = vector - self._added @ (np.stack([self.column(r) for r in ramps]).T @ change)
        return self._chain.solve(vector[..., None])[..., 0]

    def beside(self, ramps: Sequence[Ramp], state: int) -> tuple[Array, Array]:
        """Return products and vector of one state's hinges once some ramps are allowed for.

        Returns
        -------
        tuple
            Shapes [start, start] and [start].
        """
        count = len(self.starts)
        part = slice(state * count, (state + 1) * count)
        if not ramps:
            return self.product[part, part], self.told[part]
        columns = np.stack([self.column(ramp) for ramp in ramps])
        across = columns @ self.product
        gain = np.linalg.solve(across @ columns.T, across[:, part])
        left = self.product[part, part] - across[:, part].T @ gain
        return left, self.told[part] - gain.T @ (columns @ self.told)

    def fitted(self, ramps: Sequence[Ramp]) -> tuple[Array, Array]:
        """Return changes of these ramps together and their covariance."""
        columns = np.stack([self.column(ramp) for ramp in ramps])
        inverse = np.linalg.inv(columns @ self.product @ columns.T)
        covariance: Array = inverse.astype(np.float64, copy=False)
        return covariance @ (columns @ self.told), covariance


class Tried(NamedTuple):
    """Every ramp that was tried, each of shape [pair]."""

    onset: NDArray[np.intp]
    end: NDArray[np.intp]
    change: Array
    weight: Array
    """Precision of the change."""

    @property
    def gain(self) -> Array:
        """By how much each lowers the misfit, in units of its variance."""
        return self.change**2 * self.weight


def singles(starts: Array, product: Array, told: Array) -> Tried:
    """Return all ramps of a state by its hinges, as `Hinges.beside` has them.

    Parameters
    ----------
    starts
        Starts of the hinges, s.
    """
    onset, end = np.triu_indices(len(starts), 1)
    length = starts[end] - starts[onset]
    weight = (product[onset, onset] - 2.0 * product[onset, end] + product[end, end]) / length**2
    weight = np.maximum(weight, _LEAST_WEIGHT)
    return Tried(onset, end, (told[onset] - told[end]) / length / weight, weight)


def best_single(starts: Array, product: Array, told: Array) -> tuple[float, list[Pair]]:
    """Return the ramp that explains most, and its gain."""
    tried = singles(starts, product, told)
    place = int(tried.gain.argmax())
    return float(tried.gain[place]), [(int(tried.onset[place]), int(tried.end[place]))]


def best_double(starts: Array, product: Array, told: Array) -> tuple[float, list[Pair]]:
    """Return the two ramps, one after the other, that together explain most, and their gain.

    All are tried on a coarse grid; from the best, each time goes to the nearest that is better.
    """
    knots = _coarse(len(starts))
    if not len(knots):
        return 0.0, []
    gain = _gains(starts, product, told, knots)
    best, knot = float(gain.max()), knots[gain.argmax()]
    while True:
        moved = knot + _MOVES
        inside = (moved[:, 0] >= 0) & (moved[:, 3] < len(starts)) & (moved[:, 1] <= moved[:, 2])
        moved = moved[inside & (moved[:, 0] < moved[:, 1]) & (moved[:, 2] < moved[:, 3])]
        gain = _gains(starts, product, told, moved)
        if not len(gain) or gain.max() <= best + _LEAST_WEIGHT:
            break
        best, knot = float(gain.max()), moved[gain.argmax()]
    return best, [(int(knot[0]), int(knot[1])), (int(knot[2]), int(knot[3]))]


@lru_cache(maxsize=8)
def _coarse(count: int) -> NDArray[np.intp]:
    """Return what two ramps between `count` hinges begin and end at, on a coarse grid."""
    coarse = np.unique(np.linspace(0, count - 1, min(count, _COARSE)).round().astype(np.intp))
    knots = np.array(list(combinations_with_replacement(coarse, 4)))
    return knots[(knots[:, 0] < knots[:, 1]) & (knots[:, 2] < knots[:, 3])]


def _gains(starts: Array, product: Array, told: Array, knots: NDArray[np.intp]) -> Array:
    """Return the gain of two ramps together, for each row of four knots."""
    first, second = (starts[knots[:, i + 1]] - starts[knots[:, i]] for i in (0, 2))
    a, b, c, d = knots.T

    def across(i: NDArray[np.intp], j: NDArray[np.intp]) -> Array:
        return np.asarray(product[i, j])

    own = (across(a, a) - 2.0 * across(a, b) + across(b, b)) / first**2
    other = (across(c, c) - 2.0 * across(c, d) + across(d, d)) / second**2
    both = (across(a, c) - across(a, d) - across(b, c) + across(b, d)) / (first * second)
    one, two = (told[a] - told[b]) / first, (told[c] - told[d]) / second
    determinant = own * other - both**2
    gain = (other * one**2 - 2.0 * both * one * two + own * two**2) / np.maximum(
        determinant, _LEAST_WEIGHT
    )
    # Two ramps that cannot be told apart are one.
    return np.where(determinant > _APART * own * other, gain, 0.0)
