"""Muscle-tendon lengths and moment arms of all muscles at once.

All muscles share one basis: the union of their monomials. A row of angles costs one table of
powers, one gather and one small matrix product, whatever the number of muscles.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from pipeline.errors import UserError
from pipeline.geometry.model_file import ModelFile
from pipeline.shapes import Bool, Float

Array = NDArray[np.float64]
Term = tuple[int, ...]


class Paths(NamedTuple):
    """The muscles' paths in some postures."""

    length: Float[np.ndarray, "n muscle"]
    """Muscle-tendon lengths, m."""
    moment_arm: Float[np.ndarray, "n dof muscle"]
    """-dl/dq, m."""
    arm_slope: Float[np.ndarray, "n dof muscle"]
    """Derivative of each moment arm by the angle of its own joint, m/rad."""


class Geometry:
    """The fitted paths of a model, for one angle stream.

    Parameters
    ----------
    model
        The model file.
    coordinates
        Coordinates of the angle stream, in the order of its columns.
    dofs
        Coordinates whose moment arms are wanted.
    fixed
        Angle in rad of each coordinate of the model that the stream does not carry.

    Raises
    ------
    UserError
        If a name is not a coordinate of the model, or a coordinate of the model has no angle.

    Notes
    -----
    The moment arm is -dl/dq of the same polynomial, so that no work is lost or gained between
    length and moment, and exactly zero about a joint the muscle does not cross.

    Outside the fitted range each power continues along its tangent: the length goes on linearly
    in that angle, its moment arm stays what it is at the edge, and the two stay consistent. A
    polynomial of high order would run away within a few degrees. `outside` tells. The moment
    arm's slope is zero there, so that it jumps at the edge.

    The result for a row does not depend, to the last bit, on the rows evaluated with it, so that
    a replay in other chunks gives the same numbers.
    """

    def __init__(
        self,
        model: ModelFile,
        coordinates: Sequence[str],
        dofs: Sequence[str],
        fixed: Mapping[str, float] | None = None,
    ) -> None:
        fixed = dict(fixed or {})
        _check_names(model, coordinates, dofs, fixed)
        self.muscles = model.muscle_names
        self.coordinates = tuple(coordinates)
        self.dofs = tuple(dofs)
        names = (*coordinates, *fixed)
        by_name = {coordinate.name: coordinate for coordinate in model.coordinates}
        self._middle = np.array([by_name[name].middle_rad for name in names])
        self._half = np.array([by_name[name].half_range_rad for name in names])
        self._fixed = np.array(list(fixed.values()), dtype=np.float64)
        terms, self._coefficients = _shared_basis(model, names)
        exponents = np.array(terms, dtype=np.intp)
        self._powers = np.arange(1 + int(exponents.max()), dtype=np.float64)
        self._places = [names.index(dof) for dof in dofs]
        self._columns = _columns(exponents, self._places, len(self._powers), 1)
        self._curved_columns = _columns(exponents, self._places, len(self._powers), 2)

    def evaluate(
        self, q: Float[np.ndarray, "n coordinate"]
    ) -> tuple[Float[np.ndarray, "n muscle"], Float[np.ndarray, "n dof muscle"]]:
        """Return muscle-tendon lengths and moment arms.

        Parameters
        ----------
        q
            Joint angles in rad, shape [n, coordinate].

        Returns
        -------
        length
            Muscle-tendon lengths in m, shape [n, muscle].
        moment_arm
            Moment arms -dl/dq in m, shape [n, dof, muscle].
        """
        x = self._normalised(q)
        table = _power_table(x, self._powers, self._half, 1)
        basis = _basis(table.take(self._columns, axis=1), self._places)
        return self._lengths_and_arms(basis)

    def paths(self, q: Float[np.ndarray, "n coordinate"]) -> Paths:
        """Return lengths and moment arms as `evaluate` does, and the slopes of the moment arms.

        Parameters
        ----------
        q
            Joint angles in rad, shape [n, coordinate].
        """
        x = self._normalised(q)
        table = _power_table(x, self._powers, self._half, 2)
        basis = _basis(table.take(self._curved_columns, axis=1), 2 * self._places)
        first = 1 + len(self._places)
        length, moment_arm = self._lengths_and_arms(basis[:, :first])
        return Paths(length, moment_arm, -(basis[:, first:] @ self._coefficients))

    def _lengths_and_arms(self, basis: Array) -> tuple[Array, Array]:
        # One product per row, never one for all: BLAS rounds differently in other shapes.
        result = basis @ self._coefficients
        return result[:, 0], -result[:, 1:]

    def outside(self, q: Float[np.ndarray, "n coordinate"]) -> Bool[np.ndarray, " n"]:
        """Return for each row of `q` (rad, shape [n, coordinate]) whether it is extrapolated."""
        return np.asarray((np.abs(self._normalised(q)) > 1 + 1e-9).any(axis=1))

    @property
    def ranges_rad(self) -> Array:
        """Fitted range of each coordinate that `evaluate` is given, rad, shape [coordinate, 2]."""
        given = slice(len(self.coordinates))
        middle, half = self._middle[given], self._half[given]
        return np.stack((middle - half, middle + half), axis=1)

    def _normalised(self, q: Array) -> Array:
        """Return all angles, the fixed ones appended, on the scale of the fit."""
        known = np.empty((len(q), len(self._middle)))
        known[:, : len(self.coordinates)] = q
        known[:, len(self.coordinates) :] = self._fixed
        known -= self._middle
        known /= self._half
        return known


def _power_table(x: Array, powers: Array, half: Array, order: int) -> Array:
    """Return all powers of x, then their derivatives by the angle up to the first or second.

    Shape [n, (1 + order) * coordinate * power]. Beyond -1 and 1 a power continues along its
    tangent there.
    """
    table = np.zeros((len(x), 1 + order, x.shape[1], len(powers)))
    value, slope = table[:, 0], table[:, 1]
    rates = powers[1:] / half[:, None]
    edge = np.minimum(np.maximum(x, -1.0), 1.0)
    np.power(edge[:, :, None], powers, out=value)
    np.multiply(rates, value[:, :, :-1], out=slope[:, :, 1:])
    if order == 2:
        np.multiply(rates, slope[:, :, :-1], out=table[:, 2, :, 1:])
    beyond = x - edge
    if beyond.any():
        value += slope * (half * beyond)[:, :, None]
        table[:, 2:] *= (beyond == 0.0)[:, None, :, None]
    return table.reshape(len(x), table[0:1].size)


def _columns(
    exponents: NDArray[np.intp], dofs: list[int], powers: int, order: int
) -> NDArray[np.intp]:
    """Return where the factors of each term stand in the power table, [factor, term].

    The factors are the powers of all coordinates, followed by the derivatives of those of `dofs`,
    first all first ones, then, where `order` is 2, all second ones.
    """
    n_coordinates = exponents.shape[1]
    value = exponents.T + powers * np.arange(n_coordinates)[:, None]
    derivatives = (value[dofs] + k * n_coordinates * powers for k in range(1, order + 1))
    return np.concatenate([value, *derivatives])


def _basis(factors: Array, dofs: list[int]) -> Array:
    """Return the terms, followed by their derivatives by each DOF, [n, 1 + dof, term].

    A DOF that is named again is followed by its second derivative.
    """
    n_coordinates = factors.shape[1] - len(dofs)
    values = factors[:, :n_coordinates]
    up_to, from_on = values.copy(), values.copy()
    for place in range(1, n_coordinates):
        up_to[:, place] *= up_to[:, place - 1]
        from_on[:, -1 - place] *= from_on[:, -place]
    others = np.ones_like(values)  # the product of all factors but one coordinate's
    others[:, 1:] = up_to[:, :-1]
    others[:, :-1] *= from_on[:, 1:]
    basis = np.empty((len(factors), 1 + len(dofs), factors.shape[2]))
    basis[:, 0] = up_to[:, -1]
    np.multiply(others.take(dofs, axis=1), factors[:, n_coordinates:], out=basis[:, 1:])
    return basis


def _shared_basis(model: ModelFile, names: Sequence[str]) -> tuple[list[Term], Array]:
    """Return the union of all muscles' terms over `names` and coefficients [term, muscle]."""
    per_muscle = []
    for muscle in model.muscles:
        path = muscle.path
        place = [path.coordinates.index(n) if n in path.coordinates else None for n in names]
        terms = [tuple(0 if p is None else term[p] for p in place) for term in path.exponents]
        per_muscle.append((terms, path.coefficients))
    union = sorted({term for terms, _ in per_muscle for term in terms})
    row = {term: index for index, term in enumerate(union)}
    matrix = np.zeros((len(union), len(per_muscle)))
    for column, (terms, coefficients) in enumerate(per_muscle):
        for term, coefficient in zip(terms, coefficients, strict=True):
            matrix[row[term], column] += coefficient
    return union, matrix


def _check_names(
    model: ModelFile,
    coordinates: Sequence[str],
    dofs: Sequence[str],
    fixed: Mapping[str, float],
) -> None:
    known = model.coordinate_names
    given = (*coordinates, *fixed)
    for name in (*given, *dofs):
        if name not in known:
            raise UserError(
                f"'{name}' is not a coordinate of model {model.name}; it has {', '.join(known)}."
            )
    for name in known:
        if given.count(name) != 1:
            raise UserError(
                f"Coordinate '{name}' of model {model.name} has {given.count(name)} angles; name "
                "it once, as an angle channel or under model.fixed_angles_rad."
            )
