"""The simulated person: the generic muscles of the model file, made somebody else's."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import signal

from daemon.config import Config
from daemon.simulation.person.contraction import ContractionState, MuscleTendons, at_rest, contract
from daemon.simulation.person.movement import REST
from pipeline.errors import UserError
from pipeline.geometry import ModelFile, Muscle

Array = NDArray[np.float64]

STEP_S = 1e-3
"""Time step of the simulation, s."""
_DAMPING = 0.1
"""Damping of the fibres, isometric forces per maximum contraction velocity."""
_LEAST_HEIGHT = 1e-3
"""A muscle without pennation is given this thickness: its fibre never has length zero."""
_COEFFICIENT_INTERVAL_S = 0.01
"""Sampling interval that the coefficients C1 and C2 belong to in the literature, s."""


@dataclass(frozen=True)
class Person:
    """True parameters, relative to the generic muscle, and the muscles they make."""

    names: tuple[str, ...]
    optimal_fibre_length: Array
    tendon_slack_length: Array
    strength: Array
    shape_factor: float
    activation_time_constant_s: float
    electromechanical_delay_s: float
    drive: Array
    """Weight of each channel's excitation in each muscle's, shape [channel, muscle]."""
    muscles: MuscleTendons

    def truth(self) -> dict[str, object]:
        """Return the true parameters for a JSON file.

        ``parameters`` has one value per muscle in the meaning of the configuration: lengths and
        strength relative to the generic muscle, the others absolute (C1 and C2 at 10 ms).
        ``physical`` has the same in SI units.
        """
        each = np.ones(len(self.names))
        pole = np.exp(-_COEFFICIENT_INTERVAL_S / self.activation_time_constant_s)
        parameters = {
            "optimal_fibre_length": self.optimal_fibre_length,
            "tendon_slack_length": self.tendon_slack_length,
            "strength": self.strength,
            "shape_factor": self.shape_factor * each,
            "c1": -pole * each,
            "c2": -pole * each,
        }
        physical = {
            "optimal_fibre_length_m": self.muscles.optimal_fibre_length,
            "tendon_slack_length_m": self.muscles.tendon_slack_length,
            "max_isometric_force_n": self.muscles.max_isometric_force,
        }
        return {
            "muscles": list(self.names),
            "parameters": {name: values.tolist() for name, values in parameters.items()},
            "physical": {name: values.tolist() for name, values in physical.items()},
            "activation_time_constant_s": self.activation_time_constant_s,
            "electromechanical_delay_s": self.electromechanical_delay_s,
        }


def make_person(config: Config, model: ModelFile) -> Person:
    """Return the person of a configuration's [simulation] section.

    Raises
    ------
    UserError
        If the configuration names a muscle that the model file or its own muscle list lacks.
    """
    names, simulation = tuple(config.model.muscles), config.simulation
    generic = _generic(names, model)
    fibre = _relative("optimal_fibre_length", simulation.optimal_fibre_length, names)
    tendon = _relative("tendon_slack_length", simulation.tendon_slack_length, names)
    strength = _relative("strength", simulation.strength, names)
    height = np.sin([muscle.pennation_at_optimal_rad for muscle in generic])
    return Person(
        names=names,
        optimal_fibre_length=fibre,
        tendon_slack_length=tendon,
        strength=strength,
        shape_factor=simulation.shape_factor,
        activation_time_constant_s=simulation.activation_time_constant_s,
        electromechanical_delay_s=simulation.electromechanical_delay_s,
        drive=_drive(config),
        muscles=MuscleTendons(
            strength * [muscle.max_isometric_force_n for muscle in generic],
            fibre * [muscle.optimal_fibre_length_m for muscle in generic],
            tendon * [muscle.tendon_slack_length_m for muscle in generic],
            np.maximum(height, _LEAST_HEIGHT),
            np.array([muscle.max_contraction_velocity_per_s for muscle in generic]),
            np.full(len(names), _DAMPING),
        ),
    )


class Contraction:
    """The person's muscles as time goes on: excitations in, tendon forces out.

    Parameters
    ----------
    person
        The person.
    length
        Muscle-tendon lengths before the first step, m, shape [muscle].
    """

    def __init__(self, person: Person, length: Array) -> None:
        self._person = person
        pole = np.exp(-STEP_S / person.activation_time_constant_s)
        self._poles = np.array([1.0, -2.0 * pole, pole * pole])
        self._input = np.array([(1.0 - pole) ** 2])
        rest = np.full(len(person.names), REST)
        settled = signal.lfilter_zi(self._input, self._poles)
        self._neural_state = settled[:, None] * rest
        self._state: ContractionState = at_rest(person.muscles, self._shaped(rest), length)

    def advance(self, excitation: Array, length: Array) -> tuple[Array, Array]:
        """Take the next steps of 1 ms.

        Parameters
        ----------
        excitation
            Excitations of the channels, the electromechanical delay already in them, shape
            [time, channel].
        length
            Muscle-tendon lengths in m, shape [time, muscle].

        Returns
        -------
        activation
            Shape [time, muscle].
        force
            Tendon forces in N, shape [time, muscle].
        """
        driven = _weighted(excitation, self._person.drive)
        neural, self._neural_state = signal.lfilter(
            self._input, self._poles, driven, axis=0, zi=self._neural_state
        )
        activation = self._shaped(neural)
        muscles = self._person.muscles
        w, self._state = contract(muscles, self._state, activation, length, STEP_S)
        return activation, muscles.max_isometric_force * muscles.tendon_force(w, length)

    def _shaped(self, neural: Array) -> Array:
        shape = self._person.shape_factor
        return np.asarray(np.expm1(shape * neural) / np.expm1(shape))


def _generic(names: tuple[str, ...], model: ModelFile) -> list[Muscle]:
    by_name = {muscle.name: muscle for muscle in model.muscles}
    if missing := [name for name in names if name not in by_name]:
        raise UserError(
            f"model.muscles names {missing}, which model {model.name} does not have; "
            f"it has {', '.join(by_name)}."
        )
    return [by_name[name] for name in names]


def _relative(field: str, given: Mapping[str, float], names: tuple[str, ...]) -> Array:
    if strange := [name for name in given if name not in names]:
        raise UserError(
            f"simulation.{field} names {strange}, which model.muscles does not list; "
            "name a muscle from there or leave it out."
        )
    return np.array([given.get(name, 1.0) for name in names])


def _drive(config: Config) -> Array:
    channels = config.streams.emg.channels
    weights = np.zeros((len(channels), len(config.model.muscles)))
    for column, used in enumerate(config.model.muscles.values()):
        for channel in used:
            weights[channels.index(channel), column] += 1.0 / len(used)
    return weights


def _weighted(excitation: Array, drive: Array) -> Array:
    """Multiply row by row: one product for all rows would round differently by their number."""
    return np.asarray((excitation[:, None, :] @ drive)[:, 0])
