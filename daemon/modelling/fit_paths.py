"""Fits of muscle paths: polynomials for lengths whose derivatives are the moment arms.

From samples of a source model, the polynomial of the lowest order that meets the limits.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import lstsq

from daemon.modelling.samples import Array, Samples, of_muscle
from pipeline.geometry import Coordinate, MusclePath
from pipeline.metrics import rms

AIM, AIM_TERMS, SAFE = 0.5, 84, 0.8
"""Share of the limits that a path of so few terms is to stay within, and one of more terms.

A recording can dwell just where the errors are; a limit just met over all is not met there.
"""


BENDING = 5
"""From this order on, powers of one coordinate go to twice the order."""


@dataclass(frozen=True)
class Limits:
    """What a fit has to meet, and how far it may go for it."""

    length_rms_m: float = 1e-3
    moment_arm_rms_m: float = 1.5e-3
    max_order: int = 20
    max_terms: int = 250

    def excess(self, path: MusclePath) -> float:
        """Return the path's largest error over its limit: up to 1 is met."""
        arms = path.moment_arm_rms_m.values()
        return max(
            path.length_rms_m / self.length_rms_m,
            max(arms, default=0.0) / self.moment_arm_rms_m,
        )

    def met(self, path: MusclePath) -> bool:
        """Return whether no error of the path exceeds its limit."""
        return self.excess(path) <= 1


def terms_of(order: int, together: NDArray[np.bool_], alone: int = 0) -> NDArray[np.intp]:
    """Return the exponents [term, coordinate] up to a total degree.

    A term joins only coordinates that act together, as `together` [coordinate, coordinate] says.
    Powers of one coordinate go up to the degree `alone` where that is higher: a wrapping surface
    that sets in at an angle bends the length along that angle alone.
    """
    found = []
    for degrees in _degrees(len(together), order):
        pairs = itertools.combinations(np.flatnonzero(degrees), 2)
        if all(together[i, j] for i, j in pairs):
            found.append(degrees)
    for column in range(len(together)):
        powers = range(order + 1, alone + 1)
        found += [tuple(p * (c == column) for c in range(len(together))) for p in powers]
    return np.array(sorted(found, key=lambda term: (sum(term), term)), dtype=np.intp)


def _degrees(n: int, most: int) -> Iterator[tuple[int, ...]]:
    """Yield every choice of `n` exponents whose sum is at most `most`."""
    if n == 0:
        yield ()
        return
    for first in range(most + 1):
        for others in _degrees(n - 1, most - first):
            yield (first, *others)


def _basis(x: Array, exponents: NDArray[np.intp], half_range: Array) -> tuple[Array, Array]:
    """Return the monomials [n, term] and their derivatives by the angles [coordinate, n, term]."""
    powers = x[:, :, None] ** np.arange(1 + exponents.max(initial=0))
    value = np.ones((len(x), len(exponents)))
    for c in range(len(half_range)):
        value *= powers[:, c, exponents[:, c]]
    slopes = np.empty((len(half_range), *value.shape))
    for c, half in enumerate(half_range):
        slopes[c] = exponents[:, c] / half
        for other in range(len(half_range)):
            lower = np.maximum(exponents[:, other] - (other == c), 0)
            slopes[c] *= powers[:, other, lower]
    return value, slopes


def _fit_order(
    names: Sequence[str],
    exponents: NDArray[np.intp],
    train: Samples,
    test: Samples,
    limits: Limits,
) -> MusclePath:
    """Fit one muscle's lengths and moment arms together, each in units of its limit.

    The samples hold the coordinates `names` and one muscle only.
    """
    value, slope = _basis(train.x, exponents, train.half_range)
    rows = [value / limits.length_rms_m, *(-slope / limits.moment_arm_rms_m)]
    wanted = [train.length[:, 0] / limits.length_rms_m]
    wanted += list(train.moment_arm[:, :, 0].T / limits.moment_arm_rms_m)
    solution = lstsq(np.concatenate(rows), np.concatenate(wanted), lapack_driver="gelsy")[0]
    coefficients = np.array([float(f"{c:.9e}") for c in solution])
    value, slope = _basis(test.x, exponents, test.half_range)
    length_error = np.abs(value @ coefficients - test.length[:, 0])
    arm_errors = dict(
        zip(names, np.abs(slope @ coefficients + test.moment_arm[:, :, 0].T), strict=True)
    )
    return MusclePath(
        coordinates=tuple(names),
        order=int(exponents.sum(axis=1).max(initial=0)),
        exponents=tuple(tuple(int(e) for e in term) for term in exponents),
        coefficients=tuple(float(c) for c in coefficients),
        length_rms_m=_rms(length_error),
        length_max_m=_rounded(length_error.max()),
        moment_arm_rms_m={name: _rms(error) for name, error in arm_errors.items()},
        moment_arm_max_m={name: _rounded(error.max()) for name, error in arm_errors.items()},
    )


def _rms(error: Array) -> float:
    return _rounded(rms(error))


def _rounded(metres: float) -> float:
    """Round an error to three digits: no more of it is meant."""
    return float(f"{metres:.3g}")


def fit_path(
    coordinates: Sequence[Coordinate],
    muscle: int,
    together: NDArray[np.bool_],
    train: Samples,
    test: Samples,
    limits: Limits,
) -> MusclePath:
    """Return the path of lowest order that is well within the limits.

    That is `AIM` of them with few terms, else `SAFE`; where no order comes there, the one with the
    smallest errors.
    """
    columns = np.flatnonzero(np.diag(together))
    names = [coordinates[int(c)].name for c in columns]
    seen, unseen = (of_muscle(samples, muscle, columns) for samples in (train, test))
    tried: list[MusclePath] = []
    for order in range(1, limits.max_order + 1):
        alone = min(2 * order, limits.max_order) if order >= BENDING and len(columns) > 1 else order
        exponents = terms_of(order, together[np.ix_(columns, columns)], alone)
        if len(exponents) > limits.max_terms:
            exponents = terms_of(order, together[np.ix_(columns, columns)])
        if tried and len(exponents) > limits.max_terms:
            break
        tried.append(_fit_order(names, exponents, seen, unseen, limits))
        enough = AIM if len(exponents) < AIM_TERMS else SAFE
        if min(map(limits.excess, tried)) <= enough:
            break
    for enough in (AIM, SAFE):
        for path in tried:
            if limits.excess(path) <= enough:
                return path
    return min(tried, key=limits.excess)
