"""The newest value of everything, as the page's numbers show it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

from pipeline.output.message import (
    Message,
    MetaMessage,
    MomentMessage,
    MusclesMessage,
    SignalsMessage,
)

Kind = TypeVar("Kind", bound=Message)

_NO_MOMENT: dict[str, Any] = {
    "t": None,
    "status": None,
    "ok": (),
    "moment": {},
    "deviation": {},
    "stiffness": {},
    "parameter_version": None,
    "parameter_age_s": None,
    "synthesised": (),
}


def now_header(meta: MetaMessage, newest: Mapping[str, Message]) -> dict[str, Any]:
    """Return what a ``now`` frame says of the messages; what has not been heard is empty or None.

    Parameters
    ----------
    meta
        Names of joints, channels and muscles.
    newest
        The newest message of each topic.
    """
    return {
        **_of_moment(meta, _found(newest, MomentMessage)),
        **_of_signals(meta, _found(newest, SignalsMessage)),
        **_of_muscles(meta, _found(newest, MusclesMessage)),
    }


def _found(newest: Mapping[str, Message], kind: type[Kind]) -> Kind | None:
    message = newest.get(kind.topic)
    return message if isinstance(message, kind) else None


def _named(names: Sequence[str], values: Sequence[float] | None) -> dict[str, float]:
    return dict(zip(names, values or (), strict=False))


def _of_moment(meta: MetaMessage, moment: MomentMessage | None) -> dict[str, Any]:
    if moment is None:
        return dict(_NO_MOMENT)
    muscles = meta.muscles
    return {
        "t": moment.t_published,
        "status": moment.status,
        "ok": moment.ok,
        "moment": _named(meta.dofs, moment.moment),
        "deviation": _named(meta.dofs, moment.sd),
        "stiffness": _named(meta.dofs, moment.stiffness),
        "parameter_version": moment.parameter_version,
        "parameter_age_s": moment.parameter_age_s,
        "synthesised": [muscles[i] for i in moment.synthesised if i < len(muscles)],
    }


def _of_signals(meta: MetaMessage, signals: SignalsMessage | None) -> dict[str, Any]:
    level = signals.level if signals else ()
    excitation = signals.excitation if signals else ()
    return {
        "level": _named(meta.channels, level),
        "excitation": _named(meta.muscles, excitation),
    }


def _of_muscles(meta: MetaMessage, muscles: MusclesMessage | None) -> dict[str, Any]:
    return {"force": _named(meta.muscles, muscles.force if muscles else ())}
