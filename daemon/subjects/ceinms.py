"""Subjects of CEINMS and CEINMS-RT, read and written.

Both describe a muscle by the same eight parameters under other names; CEINMS gives the pennation
angle in rad, CEINMS-RT in degrees, unless the angle states its unit. Lengths are in m, forces in N.

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

from daemon.subjects.xml_file import Element, name_of, number
from pipeline.errors import UserError
from pipeline.model import curves
from pipeline.model.subject import GENERIC_DAMPING, LONGEST_DELAY_S, Array, Subject

GENERIC_MAX_VELOCITY = 10.0
"""Optimal fibre lengths per second; the value both tools compute with."""
MOST_PENNATION_RAD = np.radians(80.0)
"""No muscle is more oblique; a larger angle is in another unit."""
_ANGLES = {"deg": np.pi / 180.0, "degree": np.pi / 180.0, "degrees": np.pi / 180.0, "rad": 1.0}
_READ = {"maxIsometricForce", "tendonSlackLength", "pennationAngle", "strengthCoefficient"} | {
    "shapeFactor",
    "maxContractionVelocity",
    "activationScale",
    "emDelay",
    "name",
}
"""Fields that are read beside those whose names depend on the tool."""


@dataclass(frozen=True)
class Dialect:
    """The names of one tool."""

    defaults: str
    curve: str
    muscles: str
    muscle: str
    optimal_fibre_length: str
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
    ("C1", "C2"),
    np.pi / 180.0,
    ("DoFs", "DoF", "muscleSequence"),
)
DIALECTS = {"ceinms": CEINMS, "ceinms-rt": CEINMS_RT}


def read_ceinms(root: Element, path: Path) -> Subject:
    """Return the person in a subject file of either tool, as it stands there.

    Damping is left at the generic value: in these tools it steadies their integration and is no
    property of the person.

    Raises
    ------
    UserError
        If there are no muscles, or one lacks a parameter or has an impossible one.
    """
    for dialect in DIALECTS.values():
        elements = root.findall(f"{dialect.muscles}/{dialect.muscle}")
        if elements:
            return _subject(root, elements, dialect, path)
    raise UserError(f"'{path}' is a subject without muscles.")


def ignored_fields(root: Element) -> list[str]:
    """Return the names of fields of muscles and their defaults that are not read."""
    known = set(_READ)
    for dialect in DIALECTS.values():
        known |= {dialect.optimal_fibre_length, *dialect.coefficients}
    found = {
        field.get("name") or field.findtext("name") or field.tag
        for dialect in DIALECTS.values()
        for place in (dialect.defaults, f"{dialect.muscles}/{dialect.muscle}")
        for element in root.findall(place)
        for field in element
        if field.tag not in known
    }
    return sorted(name.strip() for name in found)


def _subject(root: Element, elements: Sequence[Element], dialect: Dialect, path: Path) -> Subject:
    defaults = root.find(dialect.defaults)

    def each(tag: str, above: float = -np.inf, default: float | None = None) -> Array:
        if default is not None and defaults is not None and defaults.find(tag) is not None:
            default = number(defaults, tag, path, above)
        return np.array([number(element, tag, path, above, default) for element in elements])

    names = tuple(name_of(element, path) for element in elements)
    one = np.ones(len(names))
    return Subject(
        muscles=names,
        max_isometric_force=each("maxIsometricForce", above=0),
        optimal_fibre_length=each(dialect.optimal_fibre_length, above=0),
        tendon_slack_length=each("tendonSlackLength", above=0),
        pennation=np.array([_pennation(element, dialect, path) for element in elements]),
        max_velocity=each("maxContractionVelocity", 0, GENERIC_MAX_VELOCITY),
        damping=GENERIC_DAMPING * one,
        strength=each("strengthCoefficient", above=0),
        gain=each("activationScale", 0, 1.0),
        shape_factor=each("shapeFactor"),
        c1=each(dialect.coefficients[0]),
        c2=each(dialect.coefficients[1]),
        delay_s=_delay(defaults, path),
    )


def _pennation(element: Element, dialect: Dialect, path: Path) -> float:
    """Return a muscle's pennation angle, rad."""
    value, field = number(element, "pennationAngle", path), element.find("pennationAngle")
    stated = (field.get("unit") or "").strip().lower() if field is not None else ""
    unit = _ANGLES.get(stated, dialect.pennation_unit)
    if not 0.0 <= value * unit <= MOST_PENNATION_RAD or (stated and stated not in _ANGLES):
        raise UserError(
            f"'{path}': the pennation angle of {name_of(element, path)} is {value:g} "
            f"{stated or ('rad' if dialect.pennation_unit == 1.0 else 'deg')}; it must lie between "
            '0 and 80 degrees: state its unit, as in <pennationAngle unit="deg">.'
        )
    return value * unit


def _delay(defaults: Element | None, path: Path) -> float | None:
    """Return the electromechanical delay that holds for all muscles, s; None without one."""
    if defaults is None or defaults.find("emDelay") is None:
        return None
    value = number(defaults, "emDelay", path)
    if not 0.0 <= value <= LONGEST_DELAY_S:
        raise UserError(
            f"'{path}': emDelay is {value:g} s; it must lie between 0 and {LONGEST_DELAY_S:g} s."
        )
    return value


def write_ceinms(
    subject: Subject,
    path: Path,
    dialect: Dialect,
    joints: Mapping[str, Sequence[str]] | None = None,
    channels: Mapping[str, Sequence[str]] | None = None,
) -> None:
    """Write a person as a subject file.

    The curves written are those of hillstream's own muscle, with which the parameters were found.

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
    for tag, value in {
        first: subject.c1[i],
        second: subject.c2[i],
        "shapeFactor": subject.shape_factor[i],
        dialect.optimal_fibre_length: subject.optimal_fibre_length[i],
        "pennationAngle": subject.pennation[i] / dialect.pennation_unit,
        "tendonSlackLength": subject.tendon_slack_length[i],
        "maxIsometricForce": subject.max_isometric_force[i],
        "strengthCoefficient": subject.strength[i],
    }.items():
        _write(element, tag, repr(float(value)))
    if subject.gain[i] != 1.0:
        _write(element, "activationScale", repr(float(subject.gain[i])))


def _write_defaults(element: Element, subject: Subject, dialect: Dialect) -> None:
    _write(element, "percentageChange", "0")
    _write(element, "damping", f"{subject.damping.mean():.6g}")
    if subject.delay_s is not None:
        _write(element, "emDelay", repr(subject.delay_s))
    for name, function, low, high in (
        ("activeForceLength", curves.active_force_length, 0.3, 1.8),
        ("passiveForceLength", curves.passive_force_length, 0.2, 1.8),
        ("forceVelocity", curves.force_velocity, -1.0, 1.0),
    ):
        x = torch.linspace(low, high, 31, dtype=torch.float64)
        curve = ElementTree.SubElement(element, dialect.curve)
        _write(curve, "name", name)
        _write(curve, "xPoints", _row(x))
        _write(curve, "yPoints", _row(function(x)[0].clamp_min(0.0)))


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
