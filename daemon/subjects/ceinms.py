"""The subjects of CEINMS and CEINMS-RT: their words, and the writer.

Both describe a muscle by the same eight parameters under other names; CEINMS gives the pennation
angle in rad unless it says ``unit="deg"``, CEINMS-RT in degrees. Lengths are in m, forces in N.

References
----------
Pizzolato et al. 2015, J Biomech 48:3929; Durandau et al. 2017, IEEE TBME 65:556.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import torch

from daemon.subjects.xml_file import Element
from pipeline.model.curves import CurveSet, curve_set
from pipeline.model.subject import Subject


@dataclass(frozen=True)
class Dialect:
    """The names of one tool."""

    defaults: str
    curve: str
    muscles: str
    muscle: str
    optimal_fibre_length: str
    max_velocity: str | None
    delay: str | None
    """Both None where the tool's own files have no such field."""
    coefficients: tuple[str, str]
    pennation_unit: float
    """rad"""
    joints: tuple[str, str, str]
    """The list of joints, a joint, and its muscles."""


CEINMS = Dialect(
    "mtuDefault",
    "curve",
    "mtuSet",
    "mtu",
    "optimalFibreLength",
    "maxContractionVelocity",
    "emDelay",
    ("c1", "c2"),
    1.0,
    ("dofSet", "dof", "mtuNameSet"),
)
CEINMS_RT = Dialect(
    "muscleDefault",
    "Curve",
    "muscles",
    "muscle",
    "optimalFiberLength",
    None,
    None,
    ("C1", "C2"),
    np.pi / 180.0,
    ("DoFs", "DoF", "muscleSequence"),
)
_POINTS = 61
"""Of each curve that is written."""
DIALECTS = {"ceinms": CEINMS, "ceinms-rt": CEINMS_RT}


def write_ceinms(
    subject: Subject,
    path: Path,
    dialect: Dialect,
    joints: Mapping[str, Sequence[str]] | None = None,
    channels: Mapping[str, Sequence[str]] | None = None,
) -> None:
    """Write a person as a subject file.

    The curves written are the subject's own, with which the parameters were found; each muscle
    has them where they differ.

    Parameters
    ----------
    joints
        For each joint the muscles that span it; left out where None.
    channels
        For each EMG channel the muscles that it drives; CEINMS-RT only.
    """
    root = ElementTree.Element("subject")
    _write_defaults(ElementTree.SubElement(root, dialect.defaults), subject, dialect)
    muscles = ElementTree.SubElement(root, dialect.muscles)
    for i in range(len(subject.muscles)):
        _write_muscle(ElementTree.SubElement(muscles, dialect.muscle), subject, i, dialect)
    if joints is not None:
        _write_lists(root, dialect.joints, joints)
    if channels is not None and dialect is CEINMS_RT:
        _write_lists(root, ("Channels", "Channel", "muscleSequence"), channels)
    ElementTree.indent(root)
    ElementTree.ElementTree(root).write(path, encoding="UTF-8", xml_declaration=True)


def _write_muscle(element: Element, subject: Subject, i: int, dialect: Dialect) -> None:
    first, second = dialect.coefficients
    _write(element, "name", subject.muscles[i])
    fields = {
        first: subject.c1[i],
        second: subject.c2[i],
        "shapeFactor": subject.shape_factor[i],
        dialect.optimal_fibre_length: subject.optimal_fibre_length[i],
        "pennationAngle": subject.pennation[i] / dialect.pennation_unit,
        "tendonSlackLength": subject.tendon_slack_length[i],
        dialect.max_velocity: subject.max_velocity[i],
        "maxIsometricForce": subject.max_isometric_force[i],
        "strengthCoefficient": subject.strength[i],
    }
    for tag, value in fields.items():
        if tag is not None:
            _write(element, tag, repr(float(value)))
    if subject.curves.differ:
        _write_curves(element, curve_set(subject.curves).of_muscles([i]), dialect)


def _write_defaults(element: Element, subject: Subject, dialect: Dialect) -> None:
    if dialect.delay is not None and subject.delay_s is not None:
        _write(element, dialect.delay, repr(subject.delay_s))
    _write(element, "percentageChange", f"{subject.curves.length_change:g}")
    _write(element, "damping", f"{subject.damping.mean():.6g}")
    _write_curves(element, curve_set(subject.curves).of_muscles([0]), dialect)


def _write_curves(element: Element, curves: CurveSet, dialect: Dialect) -> None:
    """Write the curves of all muscles or of one; the tendon's where the tool reads it."""
    functions = {
        "activeForceLength": (curves.active_force_length, 0.3, 1.8),
        "passiveForceLength": (curves.passive_force_length, 0.2, 1.8),
        "forceVelocity": (curves.force_velocity, -1.0, 1.0),
    }
    if dialect is CEINMS:
        functions["tendonForceStrain"] = (curves.tendon_force, -0.002, 0.1)
    for name, (function, low, high) in functions.items():
        x = torch.linspace(low, high, _POINTS, dtype=torch.float64)
        curve = ElementTree.SubElement(element, dialect.curve)
        _write(curve, "name", name)
        _write(curve, "xPoints", _row(x))
        _write(curve, "yPoints", _row(function(x[None])[0][0].clamp_min(0.0)))


def _row(values: torch.Tensor) -> str:
    return " ".join(f"{round(value, 6):g}" for value in values.tolist())


def _write_lists(
    root: Element, tags: tuple[str, str, str], content: Mapping[str, Sequence[str]]
) -> None:
    several = ElementTree.SubElement(root, tags[0])
    for name, muscles in content.items():
        one = ElementTree.SubElement(several, tags[1])
        _write(one, "name", name)
        _write(one, tags[2], " ".join(muscles))


def _write(parent: Element, tag: str, text: str) -> None:
    ElementTree.SubElement(parent, tag).text = text
