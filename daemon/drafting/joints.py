"""Which joints a set-up is about, and which channel carries each angle and moment."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from daemon.modelling import anatomy
from pipeline.errors import UserError
from pipeline.sentences import did_you_mean

_JOINTS = ("hip", "knee", "ankle", "shoulder", "elbow", "wrist")
_ORDINAL = re.compile(
    r"^(?P<side>[RL])(?P<joint>[A-Za-z]+?)(?:Angles?|Moments?)[ _]?(?P<axis>[XYZ])?$"
)
"""``RKneeAngles_X``, as motion capture writes the angles of a joint about three axes."""


@dataclass(frozen=True)
class Joints:
    """The joints of a set-up.

    Parameters
    ----------
    dofs
        Names of the model's coordinates.
    origins
        For each role the channel of each of them that is called otherwise.
    """

    dofs: tuple[str, ...]
    origins: dict[str, dict[str, str]]


def side_of(name: str) -> str:
    """Return ``r`` or ``l`` where a coordinate's name says it, else nothing."""
    return anatomy.side_of(name) or ""


def channel_for(dof: str, channels: Sequence[str]) -> str | None:
    """Return the channel that carries a coordinate, None where none does, or several could.

    By its name, whatever the case and the blanks; else by joint, side and the axis of flexion.
    """
    if dof in channels:
        return dof
    plain = [name for name in channels if _folded(name) == _folded(dof)]
    if len(plain) == 1:
        return plain[0]
    guessed = [name for name in channels if _is_flexion_of(dof, name)]
    return guessed[0] if len(guessed) == 1 else None


def _folded(name: str) -> str:
    return re.sub(r"[^a-z0-9]", "", name.lower())


def _is_flexion_of(dof: str, channel: str) -> bool:
    """Tell whether a channel is the first axis of the joint that a coordinate flexes."""
    match = _ORDINAL.match(channel.strip())
    joint = next((one for one in _JOINTS if one in dof.lower()), None)
    if match is None or joint is None or match["axis"] not in (None, "X"):
        return False
    flexes = any(word in dof.lower() for word in ("flexion", "angle", "flex"))
    return flexes and match["joint"].lower() == joint and match["side"].lower() == side_of(dof)


def chosen(
    wanted: Sequence[str],
    known: Sequence[str],
    angles: Sequence[str],
    moments: Sequence[str] | None,
    side: str,
) -> Joints:
    """Return the joints of a set-up.

    Parameters
    ----------
    wanted
        Coordinates that were asked for; none for all there is a reference of.
    known
        The model's coordinates.
    angles, moments
        Channels there are; moments None where there is no reference.
    side
        ``r`` or ``l`` to take only one side's; empty for both.

    Raises
    ------
    UserError
        If a joint is none of the model's, or has no angle or no reference, or none is left.
    """
    for dof in wanted:
        if dof not in known:
            raise UserError(
                f"--joints: '{dof}' is no coordinate of the model{did_you_mean(dof, known)}; it "
                f"has {', '.join(known)}."
            )
        for what, channels in (("angles", angles), ("moments", moments)):
            if channels is not None and channel_for(dof, channels) is None:
                raise UserError(
                    f"--joints: the {what} have no channel for '{dof}'"
                    f"{did_you_mean(dof, channels)}; they have {', '.join(channels)}."
                )
    dofs = tuple(wanted) or tuple(
        dof
        for dof in known
        if channel_for(dof, angles) is not None
        and (moments is None or channel_for(dof, moments) is not None)
        and not (side and side_of(dof) and side_of(dof) != side)
    )
    if not dofs:
        raise UserError(
            "No coordinate of the model has an angle and a reference of its name; name the model's "
            f"coordinates with --joints ({', '.join(known)}), and give the channels their names."
        )
    return Joints(
        dofs,
        {
            "angles": _origins(dofs, angles),
            "moments": _origins(dofs, moments) if moments is not None else {},
        },
    )


def _origins(dofs: Sequence[str], channels: Sequence[str]) -> dict[str, str]:
    found = {dof: channel_for(dof, channels) for dof in dofs}
    return {dof: channel for dof, channel in found.items() if channel and channel != dof}
