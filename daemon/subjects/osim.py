"""The muscles of an OpenSim model, as a person of whom nothing has been measured."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np

from daemon.subjects.osim_curves import curves_of, rigid_of
from daemon.subjects.xml_file import Element, name_of, number, pennation
from pipeline.errors import UserError
from pipeline.model.subject import Array, Subject

_NEEDED = ("max_isometric_force", "optimal_fiber_length", "tendon_slack_length")


def read_osim(root: Element, path: Path) -> tuple[Subject, list[str]]:
    """Return the muscle parameters of an ``.osim`` model of version 3 or later.

    The geometry is not read here; ``hillstream model fit`` fits it. Curves, tendons and damping are
    those of each muscle's class and settings. The maximum velocity is nan where the file states
    none.

    Raises
    ------
    UserError
        If there are no muscles, or one lacks a parameter or has an impossible one.
    """
    inherited = {id(e) for defaults in root.iter("defaults") for e in defaults.iter()}
    elements = [
        element for element in root.iter() if id(element) not in inherited and _is_muscle(element)
    ]
    if not elements:
        raise UserError(f"'{path}' is an OpenSim model without muscles.")

    def each(tag: str, above: float = -np.inf, default: float | None = None) -> Array:
        return np.array([number(element, tag, path, above, default) for element in elements])

    subject = Subject.generic(
        muscles=tuple(name_of(element, path) for element in elements),
        max_isometric_force=each("max_isometric_force", above=0),
        optimal_fibre_length=each("optimal_fiber_length", above=0),
        tendon_slack_length=each("tendon_slack_length", above=0),
        pennation=np.array(
            [pennation(e, "pennation_angle_at_optimal", path, default=0.0) for e in elements]
        ),
        max_velocity=each("max_contraction_velocity", above=0, default=np.nan),
    )
    curves, notes = curves_of(elements, path)
    damping = each("fiber_damping", above=-1e-12, default=np.nan)
    subject = replace(
        subject,
        curves=curves,
        damping=np.where(np.isnan(damping), subject.damping, damping),
        rigid_tendon=frozenset(
            name for name, rigid in zip(subject.muscles, rigid_of(elements), strict=True) if rigid
        ),
    )
    notes.append("OpenSim's activation dynamics are not taken; the activation is that of EMG here.")
    return subject, notes


def _is_muscle(element: Element) -> bool:
    """Tell a muscle of whatever class from a ligament or an actuator, which lack fibres.

    One that lacks a single parameter is a muscle too: it is refused, not left out without a word. A
    pennation model within a muscle states the fibre length alone.
    """
    return sum(element.find(tag) is not None for tag in _NEEDED) >= len(_NEEDED) - 1
