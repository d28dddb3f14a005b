"""Channels are found by name, never by place: a permuted electrode is a wrong muscle."""

from __future__ import annotations

from collections.abc import Sequence
from difflib import get_close_matches

import numpy as np
from numpy.typing import NDArray

from pipeline.errors import UserError

_SHOWN = 40


def pick_channels(wanted: Sequence[str], offered: Sequence[str], whose: str) -> NDArray[np.intp]:
    """Return the columns of the wanted channels among those a stream offers.

    Parameters
    ----------
    wanted, offered
        Channel names; `offered` in the order of the stream's columns.
    whose
        The stream, as a sentence calls it: ``LSL stream 'Trigno'``.

    Raises
    ------
    UserError
        If a wanted channel is missing or a wanted name occurs twice; the sentence names the
        stream, the channels, what is close to them and what the stream has.
    """
    names = list(offered)
    if missing := [name for name in wanted if name not in names]:
        raise UserError(f"{whose} has no {_described(missing, names)}; it has {_listed(names)}.")
    if twice := [name for name in wanted if names.count(name) > 1]:
        raise UserError(f"{whose} has more than one channel named {_listed(twice)}; rename them.")
    return np.array([names.index(name) for name in wanted], dtype=np.intp)


def _described(missing: Sequence[str], names: Sequence[str]) -> str:
    noun = "channel" if len(missing) == 1 else "channels"
    return f"{noun} {', '.join(_with_hint(name, names) for name in missing)}"


def _with_hint(name: str, names: Sequence[str]) -> str:
    return f"'{name}'{did_you_mean(name, names)}"


def did_you_mean(name: str, names: Sequence[str]) -> str:
    """Return `` (did you mean 'x'?)`` for the closest of `names`, or nothing."""
    folded = {other.casefold(): other for other in names}
    close = get_close_matches(name.casefold(), folded, n=1)
    return f" (did you mean '{folded[close[0]]}'?)" if close else ""


def _listed(names: Sequence[str]) -> str:
    shown = ", ".join(names[:_SHOWN]) or "none"
    return shown if len(names) <= _SHOWN else f"{shown} and {len(names) - _SHOWN} more"
