"""A reader of XML that a stranger may have written."""

from __future__ import annotations

import math
from pathlib import Path
from xml.etree import ElementTree
from xml.parsers import expat

from pipeline.errors import UserError
from pipeline.files import refuse_large

Element = ElementTree.Element
MOST_PENNATION_RAD = math.radians(80)
"""Fibres at a larger angle pull sideways; such a number is in another unit."""


class _DoctypeError(Exception):
    """The file declares a document type, where entities could be defined."""


def read_xml(path: Path) -> Element:
    """Read an XML file and return its root.

    A document type is refused: no subject needs one, and its entities can fill the memory.

    Raises
    ------
    UserError
        If the file is missing, is not XML, or declares a document type.
    """
    refuse_large(path)
    try:
        content = path.read_bytes()
    except OSError as error:
        raise UserError(f"'{path}' cannot be read: {error.strerror}.") from error
    try:
        _refuse_doctype(content)
        return ElementTree.fromstring(content)
    except _DoctypeError:
        raise UserError(
            f"'{path}' declares a document type (<!DOCTYPE ...>), which is not read for safety; "
            "delete that declaration."
        ) from None
    except (expat.ExpatError, ElementTree.ParseError, LookupError, ValueError) as error:
        raise UserError(f"'{path}' is not an XML file: {error}.") from error


def _refuse_doctype(content: bytes) -> None:
    def refuse(*declared: object) -> None:
        raise _DoctypeError

    parser = expat.ParserCreate()
    parser.StartDoctypeDeclHandler = refuse
    parser.Parse(content, True)


def name_of(element: Element, path: Path) -> str:
    """Return the name of a muscle, an attribute or a child of its element."""
    name = (element.get("name") or element.findtext("name") or "").strip()
    if not name:
        raise UserError(f"'{path}' has a muscle without a name.")
    return name


def number(
    element: Element, tag: str, path: Path, above: float = -math.inf, default: float | None = None
) -> float:
    """Return the number in a child element of a muscle.

    Parameters
    ----------
    above
        Limit that the number has to exceed.
    default
        Returned where there is no such child.

    Raises
    ------
    UserError
        If the number is missing, is none, or does not exceed the limit.
    """
    text = element.findtext(tag)
    if text is None and default is not None:
        return default
    try:
        value = float(text) if text is not None else math.nan
    except ValueError:
        value = math.nan
    if not (math.isfinite(value) and value > above):
        wanted = "a number" if above == -math.inf else f"a number above {above:g}"
        raise UserError(
            f"'{path}': {tag} of {name_of(element, path)} must be {wanted}, got "
            f"{'nothing' if text is None else repr(text.strip())}."
        )
    return value


def pennation(
    element: Element, tag: str, path: Path, unit_rad: float = 1.0, default: float | None = None
) -> float:
    """Return the pennation angle in a child element of a muscle, rad.

    Raises
    ------
    UserError
        If it is missing, is none, or is no angle between fibre and tendon.
    """
    angle = unit_rad * number(element, tag, path, default=default)
    if not 0 <= angle <= MOST_PENNATION_RAD:
        raise UserError(
            f"'{path}': {tag} of {name_of(element, path)} is {angle:.4g} rad "
            f"({math.degrees(angle):.4g} degrees); it must lie in 0 to "
            f"{math.degrees(MOST_PENNATION_RAD):g} degrees. Is its unit the one that is read?"
        )
    return angle
