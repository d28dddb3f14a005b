"""The curves of a CEINMS subject: points in the file, and the spline that the tool draws.

References
----------
Pizzolato et al. 2015, J Biomech 48:3929. Forsythe, Malcolm & Moler 1977, Computer Methods for
Mathematical Computations, ch. 4 (a cubic spline whose third derivative at each end is that of the
cubic through the four points there).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from daemon.subjects.xml_file import Element, number
from pipeline.errors import UserError
from pipeline.model.curve_choice import PUBLISHED, SAMPLED, CurveChoice
from pipeline.model.subject import Array

_USED: Mapping[str, tuple[float, float]] = {
    "activeForceLength": (0.2, 2.0),
    "passiveForceLength": (0.2, 2.0),
    "forceVelocity": (-1.0, 1.0),
    "tendonForceStrain": (-0.002, 0.1),
}
"""The range in which a muscle meets each curve; beyond it they go straight on."""
_RISING = frozenset(_USED) - {"activeForceLength"}
_POINTS = 481
_TENDON_POINTS = (
    (-10, 0), (-0.002, 0), (-0.001, 0), (0, 0), (0.00131, 0.0108), (0.00281, 0.0257),
    (0.00431, 0.0435), (0.00581, 0.0652), (0.00731, 0.0915), (0.00881, 0.123), (0.0103, 0.161),
    (0.0118, 0.208), (0.0123, 0.227), (9.2, 345), (9.201, 345), (9.202, 345), (20, 345),
)  # fmt: skip
"""Strain and force of the tools' built-in tendon, for files that give none."""


class _Points(NamedTuple):
    x: Array
    y: Array


def curves_of(defaults: Element | None, elements: Sequence[Element], path: Path) -> CurveChoice:
    """Return the curves of a subject's muscles, with the change of their optimal fibre length.

    Parameters
    ----------
    defaults
        Element with the curves of all muscles, and ``percentageChange``; it has a ``name``.
    elements
        The muscles, which may have curves of their own.

    Raises
    ------
    UserError
        If points are no numbers, do not rise, or are not one y for each x.
    """
    general = {} if defaults is None else _given(defaults, path)
    each = [_given(element, path) for element in elements]
    names = [name for name in _USED if name in general or any(name in own for own in each)]
    change = 0.0
    if defaults is not None:
        change = number(defaults, "percentageChange", path, default=0.0)
    content: dict[str, object] = {"length_change": change}
    if not names:
        return CurveChoice.of({"set": PUBLISHED.name, **content})
    for name in names:
        rows = [own.get(name, general.get(name)) for own in each]
        if any(row is None for row in rows):
            raise UserError(
                f"'{path}' gives the curve {name} for some muscles only; give it for all."
            )
        drawn = [_drawn(name, row) for row in rows if row is not None]
        content[name] = drawn if any(own.get(name) for own in each) else drawn[0]
    if "tendonForceStrain" not in content:
        tendon = _Points(*np.array(_TENDON_POINTS).T)
        content["tendonForceStrain"] = _drawn("tendonForceStrain", tendon)
    try:
        return CurveChoice.of({"set": SAMPLED, **content}, len(elements))
    except ValueError as error:
        raise UserError(f"The curves of '{path}' cannot be used: {error}.") from error


def _given(element: Element, path: Path) -> dict[str, _Points]:
    """Return the points of an element's own curves."""
    found = {}
    for curve in (child for child in element if str(child.tag).lower() == "curve"):
        name = (curve.findtext("name") or "").strip()
        if name in _USED:
            found[name] = _points(curve, name, path)
    return found


def _points(curve: Element, name: str, path: Path) -> _Points:
    try:
        x, y = (
            np.array((curve.findtext(tag) or "").split(), dtype=np.float64)
            for tag in ("xPoints", "yPoints")
        )
    except ValueError as error:
        raise UserError(f"'{path}': the curve {name} has points that are no numbers.") from error
    if len(x) != len(y) or len(x) < 4 or not (np.isfinite(x).all() and np.isfinite(y).all()):
        raise UserError(
            f"'{path}': the curve {name} has {len(x)} x and {len(y)} y; it needs at least four "
            "points, each with both, all finite."
        )
    if not (np.diff(x) > 0).all():
        raise UserError(f"'{path}': the x of the curve {name} do not rise; sort its points.")
    return _Points(x, y)


def _drawn(name: str, points: _Points) -> dict[str, list[float]]:
    """Return points so close that any spline through them is the tool's.

    Where that swings below zero, or falls where a muscle has no such way, it is held.
    """
    low, high = _USED[name]
    x = np.linspace(low, high, _POINTS)
    y = spline(points.x, points.y, x).clip(0.0)
    y = np.maximum.accumulate(y) if name in _RISING else y
    return {"x": x.tolist(), "y": y.tolist()}


def spline(x: Array, y: Array, at: Array) -> Array:
    """Return the tools' cubic spline through points, level beyond them.

    Parameters
    ----------
    x, y
        The points, shape [n], at least four, x rising.
    at
        Where it is wanted.
    """
    h, rise = np.diff(x), np.diff(y) / np.diff(x)
    n = len(x)
    rows = np.zeros((n, n))
    right = np.zeros(n)
    inner = np.arange(1, n - 1)
    rows[inner, inner - 1], rows[inner, inner + 1] = h[:-1], h[1:]
    rows[inner, inner] = 2 * (h[:-1] + h[1:])
    right[1:-1] = 6 * np.diff(rise)
    for row, piece, ends in ((0, 0, slice(0, 4)), (n - 1, n - 2, slice(n - 4, n))):
        rows[row, piece], rows[row, piece + 1] = -1.0, 1.0
        right[row] = h[piece] * 6 * _third_difference(x[ends], y[ends])
    bend = np.linalg.solve(rows, right)
    i = np.clip(np.searchsorted(x, at, side="right") - 1, 0, n - 2)
    u = at.clip(x[0], x[-1]) - x[i]
    slope = rise[i] - h[i] * (2 * bend[i] + bend[i + 1]) / 6
    value = y[i] + u * (slope + u * (bend[i] / 2 + u * (bend[i + 1] - bend[i]) / (6 * h[i])))
    return np.asarray(value)


def _third_difference(x: Array, y: Array) -> float:
    """Return the leading coefficient of the cubic through four points."""
    for order in (1, 2, 3):
        y = np.diff(y) / (x[order:] - x[:-order])
    return float(y[0])
