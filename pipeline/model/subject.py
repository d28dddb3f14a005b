"""A person: the parameters the model is computed from and the calibrator refines."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from pipeline.errors import UserError
from pipeline.files import parsed_json
from pipeline.model.curve_choice import PUBLISHED, CurveChoice
from pipeline.model.delay import LONGEST_DELAY_S

Array = NDArray[np.float64]
FORMAT = "hillstream-subject/1"

CALIBRATED = (
    "optimal_fibre_length",
    "tendon_slack_length",
    "strength",
    "gain",
    "shape_factor",
    "c1",
    "c2",
)
"""Parameters the calibrator may move, in the order they are reported."""
GENERIC_DAMPING = 0.01
"""Fibre damping where the model says nothing: small enough not to shape the moments."""
GENERIC_SHAPE_FACTOR = -0.5
GENERIC_COEFFICIENT = -0.5
"""C1 and C2 of a person nobody has measured: two time constants of 14 ms."""
_POSITIVE = (
    "max_isometric_force",
    "optimal_fibre_length",
    "tendon_slack_length",
    "max_velocity",
    "strength",
    "gain",
)


@dataclass(frozen=True)
class Subject:
    """Parameters of one person; every array has shape [muscle].

    Parameters
    ----------
    muscles
        Names, in the order of every array.
    max_isometric_force
        Generic maximum isometric force, N; the person's is this times `strength`.
    optimal_fibre_length, tendon_slack_length
        m
    pennation
        Pennation angle at optimal fibre length, rad.
    max_velocity
        Maximum contraction velocity, optimal fibre lengths per second.
    damping
        Fibre damping, fraction of maximum isometric force per normalised velocity.
    strength
        Strength coefficient, 1 for the generic muscle.
    gain
        What the EMG's excitation is multiplied by before it activates the muscle: 1 where the EMG
        is scaled to this person's maximum voluntary contraction.
    shape_factor
        Shape factor A of the activation, below zero.
    c1, c2
        Recursive coefficients of the activation at a 10 ms interval, in (-1, 0).
    delay_s
        Electromechanical delay, s, the envelope's own delay included; None where it is not known.
    bones
        What each number of the bones (``ulna:mass`` ...) is multiplied by, relative to the run's
        skeleton file; empty where bones are not identified. A subject file does not have them.
    trusted
        False where the parameters were saved before they had been shown to fit the person.
    curves
        The curves that the parameters belong to.
    rigid_tendon
        Names of the muscles whose tendon is rigid; the others' are elastic.
    """

    muscles: tuple[str, ...]
    max_isometric_force: Array
    optimal_fibre_length: Array
    tendon_slack_length: Array
    pennation: Array
    max_velocity: Array
    damping: Array
    strength: Array
    gain: Array
    shape_factor: Array
    c1: Array
    c2: Array
    delay_s: float | None = None
    bones: Mapping[str, float] = field(default_factory=dict)
    trusted: bool = True
    curves: CurveChoice = PUBLISHED
    rigid_tendon: frozenset[str] = frozenset()

    @classmethod
    def generic(
        cls,
        muscles: tuple[str, ...],
        max_isometric_force: Array,
        optimal_fibre_length: Array,
        tendon_slack_length: Array,
        pennation: Array,
        max_velocity: Array,
    ) -> Subject:
        """Return a person of whom only the generic muscles are known."""
        one = np.ones(len(muscles))
        return cls(
            muscles=muscles,
            max_isometric_force=max_isometric_force,
            optimal_fibre_length=optimal_fibre_length,
            tendon_slack_length=tendon_slack_length,
            pennation=pennation,
            max_velocity=max_velocity,
            damping=GENERIC_DAMPING * one,
            strength=one,
            gain=one,
            shape_factor=GENERIC_SHAPE_FACTOR * one,
            c1=GENERIC_COEFFICIENT * one,
            c2=GENERIC_COEFFICIENT * one,
        )

    def with_values(self, values: Mapping[str, NDArray[np.floating]]) -> Subject:
        """Return the same person with some parameters replaced."""
        arrays = {name: np.asarray(v, dtype=np.float64) for name, v in values.items()}
        return replace(self, **arrays)  # type: ignore[arg-type]

    def in_order(self, muscles: tuple[str, ...]) -> Subject:
        """Return the same person with the muscles, and so every array, in another order.

        Parameters
        ----------
        muscles
            The subject's muscles, each once, in the order wanted.

        Raises
        ------
        ValueError
            If these are other muscles than the subject's.
        """
        if sorted(muscles) != sorted(self.muscles):
            raise ValueError(f"the subject has the muscles {self.muscles}, not {muscles}")
        return self.with_muscles(muscles)

    def with_muscles(self, muscles: tuple[str, ...]) -> Subject:
        """Return the same person with some of the muscles only, in the order given."""
        places = [self.muscles.index(muscle) for muscle in muscles]
        arrays = {k: v[places] for k, v in vars(self).items() if isinstance(v, np.ndarray)}
        return replace(
            self.with_values(arrays),
            muscles=muscles,
            curves=self.curves.in_order(places),
            rigid_tendon=self.rigid_tendon & frozenset(muscles),
        )

    def values(self) -> dict[str, Array]:
        """Return the parameters that calibration may move, by name."""
        return {name: getattr(self, name) for name in CALIBRATED}

    @property
    def rigid(self) -> tuple[bool, ...]:
        """For each muscle whether its tendon is rigid."""
        return tuple(name in self.rigid_tendon for name in self.muscles)

    def content(self) -> dict[str, object]:
        """Return the muscles and their parameters as lists, in SI units, without the bones."""
        arrays = {k: v.tolist() for k, v in vars(self).items() if isinstance(v, np.ndarray)}
        known = {} if self.delay_s is None else {"delay_s": self.delay_s}
        unshown = {} if self.trusted else {"trusted": False}
        rigid = {"rigid_tendon": list(self.rigid)} if self.rigid_tendon else {}
        kind = {"curves": self.curves.content(), **rigid}
        return {"muscles": list(self.muscles), **known, **unshown, **kind, **arrays}

    def text(self) -> str:
        """Return the content of a subject file: JSON, in SI units."""
        return json.dumps({"format": FORMAT, **self.content()}, indent=1)

    def save(self, path: Path) -> None:
        """Write the subject as JSON, in SI units."""
        path.write_text(self.text(), encoding="utf-8")


def load_subject(path: Path) -> Subject:
    """Read a subject written by `Subject.save`.

    Raises
    ------
    UserError
        If the file is missing, is not a subject, or holds an impossible parameter.
    """
    try:
        content = parsed_json(path)
    except OSError as error:
        raise UserError(f"Subject '{path}' cannot be read: {error.strerror}.") from error
    except ValueError as error:
        raise UserError(f"Subject '{path}' is not JSON: {error}.") from error
    if not isinstance(content, dict) or content.pop("format", None) != FORMAT:
        raise UserError(f"'{path}' is not a subject of format {FORMAT}.")
    return checked_subject(str(path), content)


def subject_of(content: Mapping[str, object]) -> Subject:
    """Return the person that `Subject.content` describes; bones are not part of it.

    Files of before there were gains have all of 1, those of before there was a choice of curves
    the first set, on elastic tendons.

    Raises
    ------
    KeyError, TypeError, ValueError, OverflowError
        If a parameter is missing or is no such thing.
    """
    values = dict(content)
    names = tuple(str(name) for name in values.pop("muscles"))  # type: ignore[attr-defined]
    values.setdefault("gain", [1.0] * len(names))
    delay_s, trusted = _delay(values.pop("delay_s", None)), values.pop("trusted", True)
    curves = CurveChoice.of(values.pop("curves", PUBLISHED.content()), len(names))
    rigid = _rigid(names, values.pop("rigid_tendon", [False] * len(names)))
    arrays = {k: np.asarray(v, dtype=np.float64) for k, v in values.items()}
    return Subject(
        muscles=names,
        delay_s=delay_s,
        bones={},
        trusted=_truth("trusted", trusted),
        curves=curves,
        rigid_tendon=rigid,
        **arrays,
    )


def checked_subject(path: str, content: Mapping[str, object]) -> Subject:
    """Return the person that `Subject.content` describes, whoever wrote it.

    Parameters
    ----------
    path
        Where it comes from, for the error.

    Raises
    ------
    UserError
        If a parameter is missing, or is impossible.
    """
    try:
        subject = subject_of(content)
    except (KeyError, TypeError, ValueError, OverflowError) as error:
        raise UserError(
            f"Subject '{path}' lacks a parameter or has a wrong one: {error}."
        ) from error
    names = subject.muscles
    arrays = {k: v for k, v in vars(subject).items() if isinstance(v, np.ndarray)}
    for key, values in arrays.items():
        if values.shape != (len(names),) or not np.isfinite(values).all():
            raise UserError(
                f"Subject '{path}' needs {len(names)} finite numbers in '{key}', "
                f"got {values.tolist()}."
            )
    for key in _POSITIVE:
        for name, value in zip(names, arrays[key], strict=True):
            if value <= 0:
                raise UserError(
                    f"Subject '{path}': {key} of {name} must be above zero, got {value:g}."
                )
    return subject


def _truth(key: str, value: object) -> bool:
    """Return a file's yes or no; ValueError where it is neither."""
    if not isinstance(value, bool):
        raise ValueError(f"{key} must be true or false, got {value!r}")
    return value


def _rigid(muscles: tuple[str, ...], value: object) -> frozenset[str]:
    """Return which tendons of a file are rigid; ValueError where it does not say it of each."""
    wrong = ValueError(f"rigid_tendon must be true or false for each muscle, got {value!r}")
    if not isinstance(value, list) or len(value) != len(muscles):
        raise wrong
    if not all(isinstance(one, bool) for one in value):
        raise wrong
    return frozenset(name for name, one in zip(muscles, value, strict=True) if one)


def _delay(value: object) -> float | None:
    """Return a file's electromechanical delay; ValueError where it is none."""
    if value is None:
        return None
    if not isinstance(value, int | float) or not 0.0 <= value <= LONGEST_DELAY_S:
        raise ValueError(f"delay_s must lie in 0..{LONGEST_DELAY_S:g} s, got {value!r}")
    return float(value)
