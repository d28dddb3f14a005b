"""What a person is executed on: excitations, lengths and moment arms, read and brought together."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np

from pipeline.errors import UserError
from pipeline.model.subject import Array, Subject
from pipeline.sentences import listed
from pipeline.streams.recordings.given import checked_file
from pipeline.streams.recordings.opensim import read_columns

UNEVEN = 0.01
"""A step of the lengths' time may differ from the mean by this fraction of it."""
HOLE_S = 0.1
"""Nothing is drawn across a hole in time that is longer, s, and longer than three steps."""
EXCITATIONS = (-0.1, 10.0)
"""Filters undershoot a little and efforts exceed the MVC; beyond these it is no excitation."""
LONGEST_ARM_M = 1.0
TIMES_THE_MUSCLE = 5.0
"""A muscle-tendon length differs from fibre and tendon by less than this factor, in any posture."""
_SHOWN = 8


@dataclass(frozen=True)
class Inputs:
    """What a person is executed on, on one even time grid.

    Parameters
    ----------
    t
        s, shape [time].
    excitation
        As it was recorded, before the electromechanical delay, shape [muscle, time].
    length
        Muscle-tendon length, m, shape [muscle, time].
    moment_arm
        By joint, m, each of shape [muscle, time].
    """

    t: Array
    excitation: Array
    length: Array
    moment_arm: Mapping[str, Array]


class _Given(NamedTuple):
    """A file's columns by name, with its time, s."""

    file: Path
    t: Array
    columns: Mapping[str, Array]


def read_inputs(
    subject: Subject,
    excitations: Path,
    lengths: Path,
    moment_arms: Mapping[str, Path],
    drives: Mapping[str, Sequence[str]] | None = None,
) -> Inputs:
    """Read what a person is executed on; the grid is that of the lengths.

    Parameters
    ----------
    moment_arms
        A file for each joint. A muscle that it does not have has no moment arm about that joint.
    drives
        For each muscle the columns of the excitations whose mean drives it; None where they are
        the muscles' own.

    Raises
    ------
    UserError
        If a file is broken, lacks a muscle, does not cover the lengths' time, has values that
        cannot be what they are said to be, or the lengths' time steps are not even.
    """
    driving = _driving(drives, subject.muscles)
    of_excitation = _read(excitations)
    _check_has(of_excitation, {m: driving[m] for m in subject.muscles}, by_muscle=drives is None)
    of_length = _read(lengths)
    _check_has(of_length, {m: (m,) for m in subject.muscles}, by_muscle=True)
    t = _even(of_length.t, lengths)
    excitation = [
        np.mean([_on_grid(of_excitation, name, t, EXCITATIONS) for name in driving[muscle]], axis=0)
        for muscle in subject.muscles
    ]
    length = [
        _on_grid(of_length, muscle, t, _possible(subject, i))
        for i, muscle in enumerate(subject.muscles)
    ]
    arms = {dof: _arms(_read(file), dof, subject, t) for dof, file in moment_arms.items()}
    return Inputs(t, np.stack(excitation), np.stack(length), arms)


def _read(file: Path) -> _Given:
    table = read_columns(checked_file(str(file)))
    if twice := [name for name, count in Counter(table.columns).items() if count > 1]:
        raise UserError(f"'{file}' has the column {twice[0]} more than once; delete the wrong one.")
    return _Given(file, table.t, dict(zip(table.columns, table.x.T, strict=True)))


def _driving(
    drives: Mapping[str, Sequence[str]] | None, muscles: Sequence[str]
) -> Mapping[str, Sequence[str]]:
    if drives is None:
        return {muscle: (muscle,) for muscle in muscles}
    if undriven := [muscle for muscle in muscles if muscle not in drives]:
        raise UserError(
            f"The set-up has no channel for {listed(undriven, _SHOWN)}; choose among those "
            f"it drives, --muscles {_those(muscles, drives)}."
        )
    return drives


def _check_has(given: _Given, wanted: Mapping[str, Sequence[str]], *, by_muscle: bool) -> None:
    """Refuse a file that lacks columns, and say which muscles it has all columns of."""
    lacking = list(
        dict.fromkeys(
            name for names in wanted.values() for name in names if name not in given.columns
        )
    )
    if not lacking:
        return
    there = [muscle for muscle, names in wanted.items() if set(names) <= set(given.columns)]
    if there:
        mend = f"Add what is missing, or execute those that are there, --muscles {','.join(there)}."
    elif by_muscle:
        mend = "Name its columns as the subject names its muscles."
    else:
        mend = "Name its columns as the set-up names its channels."
    raise UserError(f"'{given.file}' has no column {listed(lacking, _SHOWN)}; it has "
                    f"{listed(list(given.columns), _SHOWN)}. {mend}")  # fmt: skip


def _those(muscles: Sequence[str], drives: Mapping[str, Sequence[str]]) -> str:
    return ",".join(muscle for muscle in muscles if muscle in drives) or ",".join(drives)


def _arms(given: _Given, dof: str, subject: Subject, t: Array) -> Array:
    if not set(subject.muscles) & set(given.columns):
        raise UserError(
            f"'{given.file}' has a moment arm about {dof} of none of the muscles "
            f"{listed(subject.muscles, _SHOWN)}; it has {listed(list(given.columns), _SHOWN)}."
        )
    possible = (-LONGEST_ARM_M, LONGEST_ARM_M)
    return np.stack(
        [
            _on_grid(given, muscle, t, possible) if muscle in given.columns else np.zeros(len(t))
            for muscle in subject.muscles
        ]
    )


def _possible(subject: Subject, i: int) -> tuple[float, float]:
    """Return the bounds of a muscle-tendon length, m."""
    muscle = float(subject.optimal_fibre_length[i] + subject.tendon_slack_length[i])
    return muscle / TIMES_THE_MUSCLE, muscle * TIMES_THE_MUSCLE


def _on_grid(given: _Given, name: str, t: Array, possible: tuple[float, float]) -> Array:
    """Return a column at the lengths' times."""
    _check_span(given, t)
    values = given.columns[name]
    if not np.isfinite(values).all():
        row = int(np.argmin(np.isfinite(values)))
        raise UserError(
            f"'{given.file}' has a value of {name} at {given.t[row]:g} s that is no number; mend "
            "it, for it would spoil all that follows."
        )
    beyond = (values < possible[0]) | (values > possible[1])
    if beyond.any():
        row = int(np.argmax(beyond))
        raise UserError(
            f"'{given.file}' has {values[row]:g} for {name} at {given.t[row]:g} s, which should "
            f"lie in {possible[0]:.3g} to {possible[1]:.3g}; excitations are 0 to 1, lengths and "
            "moment arms in m."
        )
    return np.interp(t, given.t, values)


def _even(t: Array, file: Path) -> Array:
    steps = np.diff(t)
    if len(t) < 3:
        raise UserError(f"'{file}' has {len(t)} rows; three are the least.")
    if np.abs(steps - steps.mean()).max() > UNEVEN * steps.mean():
        at = int(np.argmax(np.abs(steps - np.median(steps))))
        raise UserError(
            f"The time of '{file}' must go on in even steps, but after {t[at]:g} s comes "
            f"{t[at + 1]:g} s; resample it, or cut it there."
        )
    return t


def _check_span(given: _Given, wanted: Array) -> None:
    """Refuse a file that ends early, or has a hole in the lengths' time."""
    t, step = given.t, wanted[1] - wanted[0]
    if t[0] > wanted[0] + step or t[-1] < wanted[-1] - step:
        raise UserError(
            f"'{given.file}' goes from {t[0]:g} to {t[-1]:g} s, but the lengths from "
            f"{wanted[0]:g} to {wanted[-1]:g} s; cut the files to the same time."
        )
    steps = np.diff(t)
    longest = max(HOLE_S, 3 * float(np.median(steps)))
    holes = (steps > longest) & (t[1:] > wanted[0]) & (t[:-1] < wanted[-1])
    if holes.any():
        at = int(np.argmax(holes))
        raise UserError(
            f"'{given.file}' has nothing from {t[at]:g} to {t[at + 1]:g} s; cut all files to a "
            "stretch without holes."
        )
