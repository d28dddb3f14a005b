"""Muscle names as people write them, understood: which muscle, and of which side."""

from __future__ import annotations

import re
from typing import NamedTuple

from pipeline.anatomy.muscles import MUSCLES, WHOLES, Muscle

_SIDES = {
    "r": "r", "rt": "r", "right": "r", "rgt": "r", "re": "r",
    "l": "l", "lt": "l", "left": "l", "lft": "l", "li": "l",
}  # fmt: skip
_SIDE_WORDS = {"r": "right", "l": "left"}
_FILLERS = frozenset(
    [
        "emg",
        "semg",
        "m",
        "muscle",
        "channel",
        "ch",
        "sensor",
        "trigno",
        "avanti",
        "raw",
        "filt",
        "env",
        "envelope",
        "adjusted",
    ]
)
"""Words beside a muscle's name that say nothing of which it is."""
_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")
_ONE_SIDED = re.compile(r"([RL])([A-Z]{2,}|[A-Z][a-z]+)$")


class Named(NamedTuple):
    """What a name says."""

    muscles: tuple[Muscle, ...]
    """The muscles it may stand for; none where it is not understood."""
    side: str
    """``r``, ``l``, or nothing where it does not say."""
    whole: bool = False
    """Whether it stands for them all, rather than for one."""


def understood(name: str) -> Named:
    """Return which muscles a channel's or a model's name stands for, and of which side.

    Case, blanks, punctuation, numbers of compartments and words such as ``EMG`` do not matter; of a
    path only the last part does.
    """
    words, side = _words(name)
    for several in (_joined(words), _joined([word for word in words if not word.isdigit()])):
        if several in _ALIASES:
            return Named((_ALIASES[several],), side)
        if several in _WHOLES:
            return Named(_WHOLES[several], side, whole=True)
    if not side and (match := _ONE_SIDED.match(re.sub(r"[^A-Za-z]", "", name))):
        inner = understood(match[2])  # LSOL, RVastus
        if inner.muscles:
            return inner._replace(side=match[1].lower())
    return Named((), side)


def plain(name: str) -> str:
    """Return a muscle's plain name with its side, or the name as it is where nobody knows it.

    ``glut_max2_r`` is ``gluteus maximus 2 (right)``: parts of a muscle keep their numbers.
    """
    found = understood(name)
    if len(found.muscles) != 1 or found.whole:
        return name
    number = "".join(word for word in _words(name)[0] if word.isdigit())
    if number and _joined(_words(name)[0]) in _ALIASES:
        number = ""  # it belongs to the alias, as in DELT1
    side = f" ({_SIDE_WORDS[found.side]})" if found.side else ""
    return f"{found.muscles[0].name}{f' {number}' if number else ''}{side}"


def _words(name: str) -> tuple[list[str], str]:
    """Return the words of a name that say which muscle it is, and its side."""
    last = name.rstrip("/").rsplit("/", 1)[-1]
    words, side = [], ""
    for word in (found.group().lower() for found in _WORD.finditer(last)):
        if word in _SIDES and not side:
            side = _SIDES[word]
        elif word not in _FILLERS:
            words.append(word)
    return words, side


def _joined(words: list[str]) -> str:
    return "".join(words)


def _of_whole(parts: str) -> tuple[Muscle, ...]:
    wanted = parts.split(",")
    return tuple(
        muscle
        for muscle in MUSCLES
        if muscle.group in wanted or any(muscle.name.startswith(part) for part in wanted)
    )


_ALIASES = {
    alias: muscle
    for muscle in reversed(MUSCLES)
    for alias in (*muscle.aliases.split(), re.sub(r"[^a-z]", "", muscle.name))
}
_WHOLES = {
    alias: _of_whole(parts) for aliases, parts in WHOLES.values() for alias in aliases.split()
}
