"""The reader of CEINMS's and CEINMS-RT's subjects: every field taken, or named as left out."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from pathlib import Path

import numpy as np

from daemon.subjects.ceinms import DIALECTS, Dialect
from daemon.subjects.ceinms_curves import curves_of
from daemon.subjects.xml_file import Element, name_of, number, pennation
from pipeline.errors import UserError
from pipeline.model.curve_choice import RISING
from pipeline.model.delay import LONGEST_DELAY_S
from pipeline.model.subject import GENERIC_DAMPING, Array, Subject

_UNITS_RAD = {"rad": 1.0, "deg": np.pi / 180.0}
_LINEAR = -1e-6
"""What a shape factor of zero, which shapes nothing, becomes: the formula divides by it."""
_OPTIONAL = ("emDelay", "maxContractionVelocity", "activationScale", "damping")
"""Fields that a muscle may lack, or leave to the defaults of all."""


def read_ceinms(root: Element, path: Path) -> tuple[Subject, list[str]]:
    """Return the person in a subject file of either tool, and a sentence for each change.

    Curves and damping are the file's, so that the forces are the tool's. The maximum velocity is
    nan where the file states none.

    Raises
    ------
    UserError
        If there are no muscles, or one lacks a parameter or has an impossible one.
    """
    for dialect in DIALECTS.values():
        elements = root.findall(f"{dialect.muscles}/{dialect.muscle}")
        if elements:
            subject, notes = _subject(root, elements, dialect, path)
            return subject, notes + _left_out(root, elements, dialect)
    raise UserError(f"'{path}' is a subject without muscles.")


def _subject(
    root: Element, elements: Sequence[Element], dialect: Dialect, path: Path
) -> tuple[Subject, list[str]]:
    defaults = root.find(dialect.defaults)
    if defaults is not None:
        defaults.set("name", defaults.tag)  # for the sentence about a wrong value

    def each(tag: str, above: float = -np.inf) -> Array:
        return np.array([number(element, tag, path, above) for element in elements])

    def optional(tag: str, above: float) -> Array:
        return _optional(defaults, elements, tag, path, above)

    damping = optional("damping", above=-1e-12)
    delay_s, delay_notes = _delay(optional("emDelay", above=-np.inf), path)
    shape_factor = each("shapeFactor")
    shape_factor[shape_factor == 0] = _LINEAR
    gain, gain_notes = _gain(optional("activationScale", above=0), shape_factor, path)
    subject = Subject(
        muscles=tuple(name_of(element, path) for element in elements),
        max_isometric_force=each("maxIsometricForce", above=0),
        optimal_fibre_length=each(dialect.optimal_fibre_length, above=0),
        tendon_slack_length=each("tendonSlackLength", above=0),
        pennation=np.array([_pennation(element, dialect, path) for element in elements]),
        max_velocity=optional("maxContractionVelocity", above=0),
        damping=np.where(np.isnan(damping), GENERIC_DAMPING, damping),
        strength=each("strengthCoefficient", above=0),
        gain=gain,
        shape_factor=shape_factor,
        c1=each(dialect.coefficients[0]),
        c2=each(dialect.coefficients[1]),
        delay_s=delay_s,
        curves=curves_of(defaults, elements, path),
    )
    return subject, delay_notes + gain_notes


def _optional(
    defaults: Element | None, elements: Sequence[Element], tag: str, path: Path, above: float
) -> Array:
    """Return a number of each muscle, else that of the defaults, else nan."""
    general = np.nan
    if defaults is not None:
        general = number(defaults, tag, path, above, default=np.nan)
    return np.array([number(element, tag, path, above, general) for element in elements])


def _pennation(element: Element, dialect: Dialect, path: Path) -> float:
    """Return the pennation angle in rad, in whose unit the file says, else in the tool's own."""
    found = element.find("pennationAngle")
    unit = None if found is None else found.get("unit")
    if unit is not None and unit not in _UNITS_RAD:
        raise UserError(
            f"'{path}': pennationAngle of {name_of(element, path)} has the unit '{unit}'; "
            "it must be deg or rad."
        )
    factor = dialect.pennation_unit if unit is None else _UNITS_RAD[unit]
    return pennation(element, "pennationAngle", path, factor)


def _delay(delays_s: Array, path: Path) -> tuple[float | None, list[str]]:
    """Return the electromechanical delay of the person, s: one for all muscles."""
    known = delays_s[np.isfinite(delays_s)]
    if not len(known):
        return None, []
    for wrong in known[(known < 0) | (known > LONGEST_DELAY_S)]:
        raise UserError(
            f"'{path}': emDelay is {wrong:g} s; it must lie in 0 to {LONGEST_DELAY_S:g} s."
        )
    mean = float(known[0]) if np.ptp(known) == 0 else float(known.mean())
    differs = f", the mean of {known.min():g} to {known.max():g} s" if np.ptp(known) else ""
    return mean, [
        f"The electromechanical delay is the file's emDelay, {mean:.4g} s{differs}, and so not "
        "searched; delete delay_s from what is written to have it found."
    ]


def _gain(scale: Array, shape_factor: Array, path: Path) -> tuple[Array, list[str]]:
    """Return the gains of the excitation that do at full excitation what the scales do.

    The tool multiplies the activation, ``scale * expm1(A u) / expm1(A)``, where a gain multiplies
    the excitation u.
    """
    scale = np.where(np.isnan(scale), 1.0, scale)
    scaled = scale != 1.0
    if not scaled.any():
        return np.ones(len(scale)), []
    reached = 1 + scale * np.expm1(shape_factor)
    if (reached <= 0).any():
        raise UserError(
            f"'{path}': activationScale is {scale[reached <= 0][0]:g} where the muscle's "
            "shapeFactor lets no excitation reach that activation; make it smaller."
        )
    gain = np.where(scaled, np.log(np.maximum(reached, 1e-300)) / shape_factor, 1.0)
    return gain, [
        f"activationScale of {int(scaled.sum())} muscles multiplies their activation; it became "
        "the gain of their excitation that does the same at full excitation."
    ]


def _left_out(root: Element, elements: Sequence[Element], dialect: Dialect) -> list[str]:
    """Return a sentence that names the fields with which nothing was done."""
    taken = {
        *("name", "shapeFactor", "pennationAngle", "tendonSlackLength", "maxIsometricForce"),
        *("strengthCoefficient", dialect.optimal_fibre_length, *dialect.coefficients, *_OPTIONAL),
        "percentageChange",
    }
    defaults = root.find(dialect.defaults)
    parts = [*elements, *(() if defaults is None else (defaults,))]
    fields = [child for part in parts for child in part if not _is_taken(child, taken)]
    others = [child for child in root if child.tag not in (dialect.muscles, dialect.defaults)]
    names = dict.fromkeys(_named([*fields, *others]))
    if not names:
        return []
    return [
        f"Left out of the file: {', '.join(names)}; joints and channels are the configuration's."
    ]


def _is_taken(element: Element, taken: Collection[str]) -> bool:
    return element.tag in taken or _curve_name(element) in RISING


def _named(elements: Iterable[Element]) -> list[str]:
    """Return the tags of elements, of a curve with its name."""
    return [
        " ".join(filter(None, (element.tag, _curve_name(element))))
        for element in elements
        if isinstance(element.tag, str)
    ]


def _curve_name(element: Element) -> str:
    return (element.findtext("name") or "").strip() if element.tag.lower() == "curve" else ""
