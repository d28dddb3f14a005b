"""Which curves a muscle has: a set's name and parameters, as files and messages carry them.

Needs no torch, so that a subject can be read and checked without it; `pipeline.model.curves` makes
curves of it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

from pipeline.errors import UserError
from pipeline.files import parsed_json

_COMMON = {"plateau": (1.1, 2.0), "passive_strain": (0.2, 1.2), "tendon_strain": (0.01, 0.2)}
SETTINGS: Mapping[str, Mapping[str, tuple[float, float]]] = {
    "degroote2016": _COMMON,
    "millard2013": {
        **_COMMON,
        "shortest": (0.1, 0.6),
        "shoulder": (0.65, 0.9),
        "longest": (1.3, 2.5),
        "shallow_slope": (0.1, 1.5),
    },
    "thelen2003": {
        **_COMMON,
        "active_width": (0.1, 2.0),
        "passive_shape": (1.0, 10.0),
        "shortening_shape": (0.05, 1.0),
    },
}
"""For each set of formulas what can be set in it, and its bounds."""
SAMPLED = "sampled"
_CHANGE = "length_change"
RISING: Mapping[str, bool] = {
    "activeForceLength": False,
    "passiveForceLength": True,
    "forceVelocity": True,
    "tendonForceStrain": True,
}
"""The curves that can be given as points, and whether they may not fall."""
SETS = (*SETTINGS, SAMPLED)
MOST_POINTS = 1000
LARGEST = 100.0
"""No length, velocity, strain or force is beyond it, in the curves' units."""


class Points(NamedTuple):
    """Points of one curve."""

    x: tuple[float, ...]
    y: tuple[float, ...]


@dataclass(frozen=True)
class CurveChoice:
    """A curve set by name, and what is set in it.

    Parameters
    ----------
    name
        As in `SETS`.
    settings
        Names of parameters of the set and their values; those left out are as published.
    points
        Of ``sampled``: names of curves, as in `RISING`, and for each its points, once for all
        muscles or once for each. Curves left out are those of degroote2016.
    length_change
        Share by which the optimal fibre length grows from full activation to none (`Lengthening`).
    """

    name: str = "degroote2016"
    settings: tuple[tuple[str, float], ...] = ()
    points: tuple[tuple[str, tuple[Points, ...]], ...] = ()
    length_change: float = 0.0

    @classmethod
    def of(cls, content: object, muscles: int | None = None) -> CurveChoice:
        """Return the choice that `content` makes: a name, or an object with ``set``.

        What is set may follow a name, as in ``degroote2016,plateau=1.4``. An object of ``sampled``
        has curves as ``{"x": [...], "y": [...]}``, or a list of these with one for each muscle.

        Parameters
        ----------
        muscles
            Number of the muscles that may have curves of their own; None where they are not known.

        Raises
        ------
        ValueError
            If there is no such set, or something is set in it that cannot be.
        """
        if isinstance(content, str):
            content = _read(content)
        if not isinstance(content, Mapping):
            raise ValueError(f"curves must be a name or an object with 'set', got {content!r}")
        inside = dict(content)
        name = inside.pop("set", None)
        if name not in SETS:
            raise ValueError(f"curves must be one of {', '.join(SETS)}, got {name!r}")
        change = _within(f"{_CHANGE} of the curves", inside.pop(_CHANGE, 0.0), 0.0, 0.5)
        if name != SAMPLED:
            settings = sorted((k, _setting(name, k, v)) for k, v in inside.items())
            return cls(name, tuple(settings), length_change=change)
        if not inside:
            raise ValueError(f"sampled curves need points of one of {', '.join(RISING)}")
        points = tuple(sorted((k, _rows(k, v, muscles)) for k, v in inside.items()))
        return cls(name, (), points, change)

    def in_order(self, places: Sequence[int]) -> CurveChoice:
        """Return the same choice for the muscles at these places, in their order."""
        points = tuple(
            (name, rows if len(rows) == 1 else tuple(rows[i] for i in places))
            for name, rows in self.points
        )
        return replace(self, points=points)

    @property
    def differ(self) -> bool:
        """Whether muscles have curves of their own."""
        return any(len(rows) > 1 for _, rows in self.points)

    def content(self) -> str | dict[str, object]:
        """Return what `of` reads."""
        change = {_CHANGE: self.length_change} if self.length_change else {}
        if not self.settings and not self.points and not change:
            return self.name
        curves = {}
        for name, rows in self.points:
            several = [{"x": list(row.x), "y": list(row.y)} for row in rows]
            curves[name] = several[0] if len(several) == 1 else several
        return {"set": self.name, **dict(self.settings), **curves, **change}

    def __str__(self) -> str:
        inside = [f"{name}={value:g}" for name, value in self.settings]
        return ",".join((self.name, *inside, *(name for name, _ in self.points)))


PUBLISHED = CurveChoice()
"""What a subject has that says nothing of its curves."""


def load_curves(path: Path) -> CurveChoice:
    """Read a choice from a JSON file, as a subject file has it under ``curves``.

    Raises
    ------
    UserError
        If the file cannot be read, or is no choice of curves for all muscles.
    """
    try:
        return CurveChoice.of(parsed_json(path))
    except OSError as error:
        raise UserError(f"Curves '{path}' cannot be read: {error.strerror}.") from error
    except ValueError as error:
        raise UserError(f"Curves '{path}' are not valid: {error}.") from error


def _read(text: str) -> dict[str, object]:
    """Return the object that a name with settings stands for."""
    name, *settings = text.split(",")
    content: dict[str, object] = {"set": name.strip()}
    for setting in settings:
        key, _, value = setting.partition("=")
        try:
            content[key.strip()] = float(value)
        except ValueError:
            raise ValueError(f"write {setting!r} of the curves as name=number") from None
    return content


def _setting(curves: str, name: str, value: object) -> float:
    if name not in SETTINGS[curves]:
        known = ", ".join(SETTINGS[curves])
        raise ValueError(f"the curves {curves} have {known} to be set, not {name!r}")
    return _within(f"{name} of the curves {curves}", value, *SETTINGS[curves][name])


def _within(what: str, value: object, low: float, high: float) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not low <= value <= high:
        raise ValueError(f"{what} must lie in {low}..{high}, got {value!r}")
    return float(value)


def _rows(name: str, content: object, muscles: int | None) -> tuple[Points, ...]:
    if name not in RISING:
        raise ValueError(f"sampled curves have points of {', '.join(RISING)}, not {name!r}")
    if isinstance(content, Mapping):
        return (_points(name, content),)
    if not isinstance(content, list) or muscles is None or len(content) != muscles:
        wanted = "one object with x and y" if muscles is None else f"one object or {muscles}"
        raise ValueError(f"{name} must be {wanted}, got {content!r:.200}")
    rows = tuple(_points(name, row) for row in content)
    return rows if len(set(rows)) > 1 else rows[:1]


def _points(name: str, content: object) -> Points:
    if not isinstance(content, Mapping) or set(content) != {"x", "y"}:
        raise ValueError(f"points of {name} must be an object with x and y, got {content!r:.200}")
    x, y = (_numbers(f"{axis} of {name}", content[axis]) for axis in "xy")
    if len(x) != len(y):
        raise ValueError(f"{name} has {len(x)} x and {len(y)} y; each point needs both")
    for before, after in pairwise(x):
        if after - before < 1e-6:
            raise ValueError(f"x of {name} must rise, got {before:g} and then {after:g}")
    if min(y) < 0:
        raise ValueError(f"y of {name} must not be below zero, got {min(y):g}")
    if RISING[name] and any(after < before for before, after in pairwise(y)):
        raise ValueError(f"y of {name} must not fall")
    if max(y) <= 0:
        raise ValueError(f"y of {name} must not be zero throughout")
    return Points(x, y)


def _numbers(what: str, content: object) -> tuple[float, ...]:
    if not isinstance(content, list) or not 3 <= len(content) <= MOST_POINTS:
        raise ValueError(f"{what} must be a list of 3 to {MOST_POINTS} numbers")
    for value in content:
        number = isinstance(value, int | float) and not isinstance(value, bool)
        if not number or not -LARGEST <= value <= LARGEST:
            raise ValueError(f"{what} must be numbers up to {LARGEST:g}, got {value!r}")
    return tuple(map(float, content))
