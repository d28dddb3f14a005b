"""Postures of an OpenSim model: coordinates set, the model's constraints held, all read back."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from graphlib import TopologicalSorter
from typing import Any

import numpy as np

from daemon.modelling.samples import Array
from pipeline.errors import UserError

SAME_RAD = 1e-7
"""Difference between the angle that was set and the one read back that is rounding, rad."""
STRIDE_RAD = 0.1
"""Longest way between two assemblies of a linkage, rad."""
ASSEMBLY_ACCURACY = 1e-10
"""Error in which constraints are held by search, in their units, m or rad."""


@dataclass(frozen=True)
class Coupler:
    """A coordinate that follows others: `scale` times a function of them."""

    follower: Any
    leaders: list[Any]
    function: Any
    scale: float


class PosedModel:
    """An OpenSim model that takes postures of some coordinates.

    Coordinates that are not named follow the model's constraints, or stay at their default.

    Parameters
    ----------
    opensim
        The package.
    model
        The model, not yet initialised; locks of the coordinates named are opened in it.
    coordinates
        The coordinates to set.

    Raises
    ------
    UserError
        If a coordinate follows another one.
    """

    def __init__(self, opensim: Any, model: Any, coordinates: Sequence[Any]) -> None:
        self._model, self._coordinates = model, coordinates
        self.freed = [c.getName() for c in coordinates if _free(c)]
        """Coordinates that the model had locked or prescribed."""
        self.state = model.initSystem()
        self._opensim, self._vector = opensim, opensim.Vector
        self._couplers, self._assembled = _constraints(opensim, model, self.state)
        followers = {coupler.follower.getName() for coupler in self._couplers}
        for coordinate in coordinates:
            if coordinate.getName() in followers:
                raise UserError(
                    f"'{coordinate.getName()}' follows another coordinate; name that one instead."
                )

    def take(self, q: Array) -> None:
        """Move the model to the angles `q`, rad.

        Raises
        ------
        RuntimeError
            If the constraints cannot be held there.
        UserError
            If the model does not take an angle.
        """
        if self._assembled:
            self._walk(q)
        else:
            self._set(q)
            for coupler in self._couplers:
                self._follow(coupler)
        for coordinate, angle in zip(self._coordinates, q, strict=True):
            self._compare(coordinate, float(angle))
        self._model.realizePosition(self.state)

    def _follow(self, coupler: Coupler) -> None:
        values = self._vector(len(coupler.leaders), 0.0)
        for place, leader in enumerate(coupler.leaders):
            values.set(place, leader.getValue(self.state))
        angle = coupler.scale * coupler.function.calcValue(values)
        coupler.follower.setValue(self.state, angle, False)
        self._compare(coupler.follower, angle)

    def _set(self, q: Array) -> None:
        for coordinate, angle in zip(self._coordinates, q, strict=True):
            coordinate.setValue(self.state, float(angle), False)

    def _walk(self, q: Array) -> None:
        """Go to `q` from where the model is, and let what is not named give way to constraints.

        In short steps, since a linkage can often be closed in two ways and must not change them.
        """
        start = np.array([c.getValue(self.state) for c in self._coordinates])
        steps = max(math.ceil(np.abs(q - start).max() / STRIDE_RAD), 1)
        for share in np.arange(1, steps + 1) / steps:
            there = start + share * (q - start)
            self._set(there)
            self._assemble(there)

    def _assemble(self, q: Array) -> None:
        wanted = self._opensim.SimTKArrayCoordinateReference()
        for coordinate, angle in zip(self._coordinates, q, strict=True):
            value = self._opensim.Constant(float(angle))
            reference = self._opensim.CoordinateReference(coordinate.getName(), value)
            reference.setWeight(math.inf)
            wanted.push_back(reference)
        solver = self._opensim.AssemblySolver(self._model, wanted, math.inf)
        solver.setAccuracy(ASSEMBLY_ACCURACY)
        solver.assemble(self.state)

    def _compare(self, coordinate: Any, angle: float) -> None:
        taken = coordinate.getValue(self.state)
        if not abs(taken - angle) <= SAME_RAD:
            raise UserError(
                f"The model holds '{coordinate.getName()}' at {taken:.4g} rad where the fit needs "
                f"{angle:.4g} rad; free it in the model, or do not name it."
            )

    def start_again(self) -> None:
        """Forget the posture: what a failed one leaves behind must not reach the next."""
        self.state = self._model.initializeState()


def _free(coordinate: Any) -> bool:
    """Let a coordinate move everywhere; return whether the model had locked or prescribed it."""
    held = coordinate.get_locked() or coordinate.get_prescribed()
    coordinate.set_locked(False)
    coordinate.set_prescribed(False)
    coordinate.set_clamped(False)  # a difference at the range's edge needs a step beyond it
    return bool(held)


def _constraints(opensim: Any, model: Any, state: Any) -> tuple[list[Coupler], bool]:
    """Return the followers, leaders first, and whether there are constraints of other kinds.

    A coordinate that follows others, as a patella does the knee, is computed; what other
    constraints ask for has to be searched (assembled).
    """
    every, found, others = model.getConstraintSet(), {}, False
    for place in range(every.getSize()):
        if every.get(place).isEnforced(state):
            coupler = opensim.CoordinateCouplerConstraint.safeDownCast(every.get(place))
            if coupler is None:
                others = True
            else:
                found[coupler.getDependentCoordinateName()] = _coupler(coupler, model, opensim)
    order = TopologicalSorter({k: [c.getName() for c in v.leaders] for k, v in found.items()})
    return [found[name] for name in order.static_order() if name in found], others


def _coupler(source: Any, model: Any, opensim: Any) -> Coupler:
    coordinates, names = model.getCoordinateSet(), source.getIndependentCoordinateNames()
    follower = coordinates.get(source.getDependentCoordinateName())
    leaders = [coordinates.get(names.get(place)) for place in range(names.getSize())]
    scale = opensim.PropertyHelper.getValueDouble(source.getPropertyByName("scale_factor"))
    return Coupler(follower, leaders, source.getFunction(), scale)
