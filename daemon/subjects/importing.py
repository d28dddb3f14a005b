"""The import of a person: from another tool's file to a subject that a set-up can start from."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Literal

import numpy as np

from daemon.assembly.model import model_in_use
from daemon.config import Config, ParametersConfig
from daemon.subjects.ceinms_reader import read_ceinms
from daemon.subjects.osim import read_osim
from daemon.subjects.xml_file import read_xml
from pipeline.errors import UserError
from pipeline.model.activation import COEFFICIENT_INTERVAL_S
from pipeline.model.subject import Array, Subject

Tendon = Literal["elastic", "rigid"]

_READERS = {"subject": read_ceinms, "OpenSimDocument": read_osim}
GENERIC_MAX_VELOCITY = 10.0
"""Optimal fibre lengths per second where neither file nor model says more: both tools' value."""
_BOUNDED = ("strength", "gain", "shape_factor", "c1", "c2")
"""Parameters whose bounds do not depend on a model."""


def import_subject(
    path: Path,
    config: Config | None = None,
    *,
    tendon: Tendon | None = None,
    step_s: float = COEFFICIENT_INTERVAL_S,
) -> tuple[Subject, list[str]]:
    """Read a person from a CEINMS or CEINMS-RT subject or an OpenSim model.

    Parameters
    ----------
    path
        The file.
    config
        The set-up it is meant for: its model's muscles are taken, in their order, with its
        maximum velocity where the file has none, and its bounds hold. Without it all muscles, as
        they are.
    tendon
        Kind of all tendons; None for what the file says of them, and elastic where it says nothing.
    step_s
        Time step that the file's recursive coefficients belong to, s.

    Returns
    -------
    tuple
        The person, and a sentence for everything that was changed or left out.

    Raises
    ------
    UserError
        If the file is no such thing, or lacks a muscle of the set-up.
    """
    root = read_xml(path)
    reader = _READERS.get(root.tag)
    if reader is None:
        raise UserError(
            f"'{path}' is not a subject: its root element is <{root.tag}>, not <subject> (CEINMS, "
            "CEINMS-RT) or <OpenSimDocument>."
        )
    subject, notes = reader(root, path)
    double = [name for name, count in Counter(subject.muscles).items() if count > 1]
    if double:
        raise UserError(f"'{path}' has the muscles {double} more than once; delete the extra ones.")
    if config is not None:
        subject, of_model = _for_model(subject, config, path)
        notes += of_model
    subject = _with_velocity(subject, np.full(len(subject.muscles), GENERIC_MAX_VELOCITY))
    subject = _at_own_interval(subject, step_s, path)
    if tendon is not None:
        rigid = subject.muscles if tendon == "rigid" else ()
        subject = replace(subject, rigid_tendon=frozenset(rigid))
    if config is None:
        return subject, notes
    subject, clipped = _within(subject, config.calibrator.parameters)
    return subject, notes + clipped


def _at_own_interval(subject: Subject, step_s: float, path: Path) -> Subject:
    """Return the person with the recursive coefficients at the interval that ours belong to."""
    if step_s == COEFFICIENT_INTERVAL_S:
        return subject
    moved = {}
    for name in ("c1", "c2"):
        poles = -getattr(subject, name)
        if (poles < 0).any():
            raise UserError(
                f"'{path}': {name.upper()} of {subject.muscles[int(np.argmin(poles))]} is "
                f"{-poles.min():g}; above zero it cannot be moved from another time step."
            )
        moved[name] = -(poles ** (COEFFICIENT_INTERVAL_S / step_s))
    return subject.with_values(moved)


def _for_model(subject: Subject, config: Config, path: Path) -> tuple[Subject, list[str]]:
    """Take the muscles of the set-up's model, in its order."""
    model = model_in_use(config)
    missing = [name for name in model.muscle_names if name not in subject.muscles]
    if missing:
        raise UserError(
            f"'{path}' lacks the muscles {missing} that the set-up uses; leave them out by "
            "model.use_muscles, or import a person who has them."
        )
    velocity = np.array([m.max_contraction_velocity_per_s for m in model.muscles])
    left_out = len(subject.muscles) - len(model.muscle_names)
    notes = [f"{left_out} muscles that the set-up does not use were left out."] if left_out else []
    return _with_velocity(subject.with_muscles(model.muscle_names), velocity), notes


def _with_velocity(subject: Subject, elsewhere: Array) -> Subject:
    """Give the muscles of which the file states no maximum velocity that from elsewhere."""
    stated = subject.max_velocity
    return subject.with_values({"max_velocity": np.where(np.isnan(stated), elsewhere, stated)})


def _within(subject: Subject, parameters: ParametersConfig) -> tuple[Subject, list[str]]:
    """Move parameters to the nearest bound where they lie outside."""
    moved, notes = {}, []
    for name in _BOUNDED:
        bounds = getattr(parameters, name).bounds
        before = getattr(subject, name)
        moved[name] = before.clip(*bounds)
        outside = np.flatnonzero(moved[name] != before)
        if len(outside):
            example = int(outside[0])
            notes.append(
                f"{name} of {len(outside)} muscles lay outside {list(bounds)} and was moved to "
                f"the bound, for example of {subject.muscles[example]} from "
                f"{before[example]:.4g} to {moved[name][example]:.4g}."
            )
    return subject.with_values(moved), notes
