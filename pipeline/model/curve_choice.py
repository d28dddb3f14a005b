"""Which curves a muscle has: a set's name and parameters, as files and messages carry them.

Needs no torch, so that a subject can be read and checked without it; `pipeline.model.curves` makes
curves of it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from pipeline.errors import UserError
from pipeline.files import parsed_json

SETTINGS: Mapping[str, Mapping[str, tuple[float, float]]] = {
    "degroote2016": {
        "plateau": (1.1, 2.0),
        "passive_strain": (0.2, 1.2),
        "tendon_strain": (0.01, 0.2),
    },
}
"""For each set what can be set in it, and its bounds."""


@dataclass(frozen=True)
class CurveChoice:
    """A curve set by name, and what is set in it.

    Parameters
    ----------
    name
        As in `SETTINGS`.
    settings
        Names of parameters of the set and their values; those left out are as published.
    """

    name: str = "degroote2016"
    settings: tuple[tuple[str, float], ...] = ()

    @classmethod
    def of(cls, content: object, muscles: int | None = None) -> CurveChoice:
        """Return the choice that `content`, a name or an object with ``set``, makes.

        Parameters
        ----------
        muscles
            Number of the muscles that may have curves of their own; None where they are not known.

        Raises
        ------
        ValueError
            If there is no such set, or it has no such parameter.
        """
        if isinstance(content, str):
            content = {"set": content}
        if not isinstance(content, Mapping):
            raise ValueError(f"curves must be a name or an object with 'set', got {content!r}")
        settings = dict(content)
        name = settings.pop("set", None)
        if name not in SETTINGS:
            raise ValueError(f"curves must be one of {', '.join(SETTINGS)}, got {name!r}")
        return cls(name, tuple(sorted((k, _setting(name, k, v)) for k, v in settings.items())))

    def in_order(self, places: Sequence[int]) -> CurveChoice:
        """Return the same choice for the muscles at these places, in their order."""
        return self

    def content(self) -> str | dict[str, object]:
        """Return what `of` reads."""
        return {"set": self.name, **dict(self.settings)} if self.settings else self.name

    def __str__(self) -> str:
        return " ".join((self.name, *(f"{name} {value:g}" for name, value in self.settings)))


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
        raise UserError(f"Curves '{path}' are no such file: {error}.") from error


def _setting(curves: str, name: str, value: object) -> float:
    if name not in SETTINGS[curves]:
        known = ", ".join(SETTINGS[curves])
        raise ValueError(f"the curves {curves} have {known} to be set, not {name!r}")
    low, high = SETTINGS[curves][name]
    if isinstance(value, bool) or not isinstance(value, int | float) or not low <= value <= high:
        raise ValueError(f"{name} of the curves {curves} must lie in {low}..{high}, got {value!r}")
    return float(value)
