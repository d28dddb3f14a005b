"""Channels are found by name, by place only where a set-up says so.

A permuted electrode is a wrong muscle.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from pipeline.errors import UserError
from pipeline.streams.base import Origin

_SHOWN = 40
_NONE: Mapping[str, Origin] = MappingProxyType({})


def pick_channels(
    wanted: Sequence[str],
    offered: Sequence[str],
    whose: str,
    origins: Mapping[str, Origin] = _NONE,
) -> NDArray[np.intp]:
    """Return the columns of the wanted channels among those a stream offers.

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
    sought = [origins[name].channel if name in origins else name for name in wanted]
    labels = [one for one in sought if isinstance(one, str)]
    if beyond := [str(one) for one in sought if isinstance(one, int) and one > len(names)]:
        raise UserError(
            f"{whose} has {len(names)} channels, none at place {', '.join(beyond)}; "
            f"it has {_listed(names)}."
        )
    if missing := [name for name in labels if name not in names]:
        raise UserError(f"{whose} has no {_described(missing, names)}; it has {_listed(names)}.")
    if twice := [name for name in labels if names.count(name) > 1]:
        raise UserError(
            f"{whose} has more than one channel named {_listed(twice)}; rename them, or say by "
            "their places which are meant (a table 'from')."
        )
    columns = [one - 1 if isinstance(one, int) else names.index(one) for one in sought]
    _refuse_shared(wanted, columns, names, whose)
    return np.array(columns, dtype=np.intp)


def _refuse_shared(
    wanted: Sequence[str], columns: Sequence[int], names: Sequence[str], whose: str
) -> None:
    """Refuse two wanted channels that would come from one of the sender's."""
    for column in set(columns):
        users = [name for name, own in zip(wanted, columns, strict=True) if own == column]
        if len(users) > 1:
            raise UserError(
                f"{whose}: {' and '.join(users)} would both come from channel "
                f"'{names[column]}'; correct their table 'from'."
            )


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
