"""Channels are found by name, by place only where a set-up says so.

A permuted electrode is a wrong muscle.
"""

from __future__ import annotations

import fnmatch
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipeline.errors import UserError
from pipeline.sentences import did_you_mean, listed
from pipeline.streams.base import Origin

_SHOWN = 40
_NONE: Mapping[str, Origin] = MappingProxyType({})
Columns = NDArray[np.intp]


@dataclass(frozen=True)
class Picked:
    """Which of a sender's columns make each wanted channel.

    Parameters
    ----------
    plus
        Per wanted channel the columns whose mean is taken.
    minus
        Per wanted channel the column that is subtracted; None for none.
    spelled
        Labels that were wanted with another case or other blanks, each with the sender's.
    """

    plus: tuple[Columns, ...]
    minus: tuple[int | None, ...]
    spelled: tuple[tuple[str, str], ...] = ()

    @property
    def note(self) -> str:
        """What is to be said of labels that are spelled otherwise; empty where none is."""
        pairs = ", ".join(f"'{theirs}' for '{ours}'" for ours, theirs in self.spelled)
        return f"Labels were compared without case and blanks: {pairs}." if pairs else ""

    @cached_property
    def single(self) -> Columns | None:
        """The column of each wanted channel, None where one is made of several."""
        if any(len(one) > 1 for one in self.plus) or any(one is not None for one in self.minus):
            return None
        return np.array([one[0] for one in self.plus], dtype=np.intp)

    def used(self, place: int) -> list[int]:
        """Return all columns of the sender that make one wanted channel."""
        minus = self.minus[place]
        return [*map(int, self.plus[place]), *([] if minus is None else [minus])]

    def of(self, x: NDArray[Any]) -> NDArray[np.float64]:
        """Return the wanted channels of a sender's samples, shape [n, wanted]."""
        if self.single is not None:
            return x[:, self.single].astype(np.float64)
        made = np.empty((len(x), len(self.plus)))
        for place, (plus, minus) in enumerate(zip(self.plus, self.minus, strict=True)):
            made[:, place] = x[:, plus].mean(axis=1, dtype=np.float64)
            if minus is not None:
                made[:, place] -= x[:, minus]
        return made


def pick_channels(
    wanted: Sequence[str],
    offered: Sequence[str],
    whose: str,
    origins: Mapping[str, Origin] = _NONE,
) -> Picked:
    """Return how the wanted channels are made of those a stream offers.

    Parameters
    ----------
    wanted, offered
        Channel names; `offered` in the order of the stream's columns.
    whose
        The stream, as a sentence calls it: ``LSL stream 'Trigno'``.
    origins
        Where wanted channels come from that are not found by their own names.

    Raises
    ------
    UserError
        If a wanted channel is missing, a wanted name occurs twice, or two wanted channels would
        come from one; the sentence names the stream, the channels, what is close to them and what
        the stream has.
    """
    names = list(offered)
    told = [origins.get(name, Origin(name)) for name in wanted]
    parts = [[part for one in origin.several for part in _matching(one, names)] for origin in told]
    plus = [[_spelled(one, names) for one in part] for part in parts]
    minus = [None if one.minus is None else _spelled(one.minus, names) for one in told]
    asked = [*(one for part in parts for one in part), *(one.minus for one in told)]
    sought = [one for part in plus for one in part] + [one for one in minus if one is not None]
    _refuse_unknown(sought, names, whose)
    picked = Picked(
        tuple(np.array([_column(one, names) for one in part], dtype=np.intp) for part in plus),
        tuple(None if one is None else _column(one, names) for one in minus),
        tuple(
            (one, str(_spelled(one, names)))
            for one in asked
            if isinstance(one, str) and _spelled(one, names) != one
        ),
    )
    _refuse_shared(wanted, picked, names, whose)
    return picked


def _matching(one: str | int, names: Sequence[str]) -> list[str | int]:
    """Return the channels that a label means: several where it is a pattern and no label.

    Brackets stand for themselves, as many labels end with a unit: ``EMG * [uV]``.
    """
    if isinstance(one, int) or one in names or not set("*?") & set(one):
        return [one]
    return [*fnmatch.filter(names, one.replace("[", "[[]"))] or [one]


def _spelled(one: str | int, names: Sequence[str]) -> str | int:
    """Return a label as the sender spells it: without case and blanks only one may be like it."""
    if isinstance(one, int) or one in names:
        return one
    alike = [name for name in names if _folded(name) == _folded(one)]
    return alike[0] if len(alike) == 1 else one


def _folded(label: str) -> str:
    return "".join(label.split()).casefold()


def _column(one: str | int, names: Sequence[str]) -> int:
    return one - 1 if isinstance(one, int) else names.index(one)


def _refuse_unknown(sought: Sequence[str | int], names: Sequence[str], whose: str) -> None:
    """Refuse places and labels that are not there, and labels that are there twice."""
    labels = [one for one in sought if isinstance(one, str)]
    if beyond := [str(one) for one in sought if isinstance(one, int) and one > len(names)]:
        raise UserError(
            f"{whose} has {len(names)} channels, none at place {', '.join(beyond)}; "
            f"it has {listed(names, _SHOWN) or 'none'}."
        )
    if missing := [name for name in labels if name not in names]:
        raise UserError(
            f"{whose} has no {_described(missing, names)}; it has "
            f"{listed(names, _SHOWN) or 'none'}; a table 'from' says which is meant "
            "where it is called otherwise."
        )
    if twice := [name for name in labels if names.count(name) > 1]:
        raise UserError(
            f"{whose} has more than one channel named {listed(twice, _SHOWN)}; rename them, or "
            "say by their places which are meant (a table 'from')."
        )


def _refuse_shared(wanted: Sequence[str], picked: Picked, names: Sequence[str], whose: str) -> None:
    """Refuse two wanted channels that would be made of the same of the sender's."""
    for place, name in enumerate(wanted):
        same = [other for other in range(place) if picked.used(other) == picked.used(place)]
        if same:
            made = " and ".join(f"'{names[column]}'" for column in picked.used(place))
            raise UserError(
                f"{whose}: {wanted[same[0]]} and {name} would both come from channel "
                f"{made}; correct their table 'from'."
            )


def _described(missing: Sequence[str], names: Sequence[str]) -> str:
    noun = "channel" if len(missing) == 1 else "channels"
    return f"{noun} {', '.join(_with_hint(name, names) for name in missing)}"


def _with_hint(name: str, names: Sequence[str]) -> str:
    alike = [other for other in names if _folded(other) == _folded(name)]
    if len(alike) > 1:
        could = " or ".join(f"'{other}'" for other in alike)
        return f"'{name}' (without case and blanks it could be {could})"
    return f"'{name}'{did_you_mean(name, names)}"
