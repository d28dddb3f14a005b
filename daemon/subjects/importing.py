"""The import of a person: from another tool's file to a subject that a set-up can start from."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from pathlib import Path

import numpy as np

from daemon.assembly.model import model_in_use
from daemon.config import Config, ParametersConfig
from daemon.subjects.ceinms import GENERIC_MAX_VELOCITY, ignored_fields, read_ceinms
from daemon.subjects.osim import read_osim
from daemon.subjects.xml_file import read_xml
from pipeline.errors import UserError
from pipeline.model.subject import Subject

_READERS = {"subject": read_ceinms, "OpenSimDocument": read_osim}
_BOUNDED = ("strength", "shape_factor", "c1", "c2")
"""Parameters whose bounds do not depend on a model."""


def import_subject(path: Path, config: Config | None = None) -> tuple[Subject, list[str]]:
    """Read a person from a CEINMS or CEINMS-RT subject or an OpenSim model.

    Parameters
    ----------
    path
        The file.
    config
        The set-up it is meant for: its model's muscles are taken, in their order, with their
        maximum velocity, and its bounds hold. Without it all muscles and the default bounds.

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
    subject = reader(root, path)
    double = [name for name, count in Counter(subject.muscles).items() if count > 1]
    if double:
        raise UserError(f"'{path}' has the muscles {double} more than once; delete the extra ones.")
    notes: list[str] = []
    if config is not None:
        subject, notes = _for_model(subject, config, path)
    parameters = ParametersConfig() if config is None else config.calibrator.parameters
    subject, clipped = _within(subject, parameters)
    ignored = ignored_fields(root)
    unused = [f"Not used: {', '.join(ignored)}; hillstream has its own."] if ignored else []
    return subject, notes + clipped + unused


def _for_model(subject: Subject, config: Config, path: Path) -> tuple[Subject, list[str]]:
    """Take the muscles of the set-up's model, in its order."""
    model = model_in_use(config)
    place = {name: i for i, name in enumerate(subject.muscles)}
    missing = [name for name in model.muscle_names if name not in place]
    if missing:
        raise UserError(
            f"'{path}' lacks the muscles {missing} that the set-up uses; leave them out by "
            "model.use_muscles, or import a person who has them."
        )
    order = [place[name] for name in model.muscle_names]
    chosen = {
        key: value[order] for key, value in vars(subject).items() if isinstance(value, np.ndarray)
    }
    usual = np.array([m.max_contraction_velocity_per_s for m in model.muscles])
    stated = chosen["max_velocity"] != GENERIC_MAX_VELOCITY
    chosen["max_velocity"] = np.where(stated, chosen["max_velocity"], usual)
    left_out = len(subject.muscles) - len(order)
    notes = [f"{left_out} muscles that the set-up does not use were left out."] if left_out else []
    return replace(subject.with_values(chosen), muscles=model.muscle_names), notes


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
