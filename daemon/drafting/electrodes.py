"""Which electrode drives which muscle, by the names of both."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from pipeline.anatomy.muscles import Muscle
from pipeline.anatomy.names import understood

NEIGHBOURS = {
    "vastus intermedius": ("vastus medialis", "vastus lateralis"),
    "vastus medialis": ("vastus lateralis",),
    "vastus lateralis": ("vastus medialis",),
    "semitendinosus": ("semimembranosus", "biceps femoris, long head"),
    "semimembranosus": ("semitendinosus", "biceps femoris, long head"),
    "biceps femoris, long head": ("semitendinosus", "semimembranosus"),
    "biceps femoris, short head": ("biceps femoris, long head",),
    "gastrocnemius medialis": ("gastrocnemius lateralis",),
    "gastrocnemius lateralis": ("gastrocnemius medialis",),
    "biceps brachii, short head": ("biceps brachii, long head",),
    "biceps brachii, long head": ("biceps brachii, short head",),
    "triceps, medial head": ("triceps, lateral head", "triceps, long head"),
    "triceps, lateral head": ("triceps, long head",),
    "triceps, long head": ("triceps, lateral head",),
}
"""Muscles that a neighbour's electrode speaks for where they have none: parts of one muscle, or
muscles of one function that are recorded together."""


class Choice(NamedTuple):
    """A channel that somebody has to say something about."""

    channel: str
    why: str


@dataclass
class Electrodes:
    """What drives what.

    Parameters
    ----------
    driven
        For each muscle the channels that drive it.
    by_neighbour
        Those of them that have no electrode of their own.
    unknown
        Channels whose names are no muscle's.
    left_out
        Channels that drive nothing, and why.
    without
        Muscles that nothing drives.
    """

    driven: dict[str, list[str]] = field(default_factory=dict)
    by_neighbour: list[str] = field(default_factory=list)
    unknown: list[str] = field(default_factory=list)
    left_out: list[Choice] = field(default_factory=list)
    without: list[str] = field(default_factory=list)


def match(channels: Sequence[str], muscles: Sequence[str], side: str) -> Electrodes:
    """Return which channel drives which muscle.

    An electrode on one muscle speaks for that muscle and all its parts; one that is called after
    several (``vastus``, ``hamstrings``) for those of them that have none of their own. Then
    neighbours speak for muscles that are left.

    Parameters
    ----------
    channels
        Names of the EMG channels.
    muscles
        Names of the model's muscles.
    side
        ``r`` or ``l``: channels of the other side are left out; empty takes any.
    """
    found = Electrodes()
    of_name: dict[str, list[str]] = {}  # the model's muscles by plain name
    for muscle in muscles:
        told = understood(muscle)
        if len(told.muscles) == 1 and not (side and told.side and told.side != side):
            of_name.setdefault(told.muscles[0].name, []).append(muscle)
    claims: list[tuple[str, tuple[Muscle, ...], bool]] = []
    for channel in channels:
        told = understood(channel)
        if side and told.side and told.side != side:
            found.left_out.append(Choice(channel, "it is of the other side"))
        elif told.muscles:
            claims.append((channel, told.muscles, told.whole))
        elif channel in muscles:  # a name that only the model knows
            found.driven[channel] = [channel]
        else:
            found.unknown.append(channel)
    _share(found, of_name, _claim(found, of_name, claims))
    found.without = [muscle for muscle in muscles if muscle not in found.driven]
    found.driven = {muscle: found.driven[muscle] for muscle in muscles if muscle in found.driven}
    return found


def _claim(
    found: Electrodes,
    of_name: Mapping[str, list[str]],
    claims: Iterable[tuple[str, tuple[Muscle, ...], bool]],
) -> dict[str, str]:
    """Give each channel its muscles, those of one muscle first.

    Returns
    -------
    dict
        The channel on each muscle, by its plain name, those included that the model lacks.
    """
    electrode: dict[str, str] = {}
    for channel, wanted, _ in sorted(claims, key=lambda claim: claim[2]):
        names = [one.name for one in wanted]
        there = [name for name in names if name in of_name]
        free = [name for name in there if name not in electrode]
        if there and not free:
            why = f"{electrode[there[0]]} is on {there[0]} already"
            found.left_out.append(Choice(channel, why))
        elif not there:
            electrode.setdefault(names[0], channel)
            why = f"the model has no {' or '.join(names)} over these joints"
            found.left_out.append(Choice(channel, why))
        for name in free:
            electrode[name] = channel
            for muscle in of_name[name]:
                found.driven[muscle] = [channel]
    return electrode


def _share(
    found: Electrodes, of_name: Mapping[str, list[str]], electrode: Mapping[str, str]
) -> None:
    """Let neighbours speak for muscles that have no electrode."""
    for name, parts in of_name.items():
        beside = [electrode[other] for other in NEIGHBOURS.get(name, ()) if other in electrode]
        if name in electrode or not beside:
            continue
        channels = list(dict.fromkeys(beside if name == "vastus intermedius" else beside[:1]))
        found.left_out = [one for one in found.left_out if one.channel not in channels]
        for muscle in parts:
            found.driven[muscle] = channels
            found.by_neighbour.append(muscle)


def strength_groups(muscles: Sequence[str]) -> dict[str, list[str]]:
    """Return muscles that share one strength, by function; one that is not known is alone."""
    groups: dict[str, list[str]] = {}
    for muscle in muscles:
        told = understood(muscle)
        group = told.muscles[0].group if len(told.muscles) == 1 else muscle
        side = f"_{told.side}" if told.side else ""
        groups.setdefault(group.replace(" ", "_") + side, []).append(muscle)
    return groups
