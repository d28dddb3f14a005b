"""Published messages as lines to read."""

from __future__ import annotations

from pipeline.output.message import (
    FatigueMessage,
    Message,
    MetaMessage,
    MomentMessage,
    MusclesMessage,
    ParametersMessage,
    ReferenceMessage,
    SignalsMessage,
    StatusMessage,
)

STRONGEST = 4
"""Muscles of a muscles message that a line tells of."""


class Lines:
    """Messages as lines to read; remembers the newest meta message for names and units."""

    def __init__(self) -> None:
        self._meta: MetaMessage | None = None

    def line(self, message: Message) -> str:
        """Return one line, times in seconds on the LSL clock."""
        if isinstance(message, MomentMessage):
            return self._moment(message)
        if isinstance(message, MusclesMessage):
            return self._muscles(message)
        if isinstance(message, SignalsMessage):
            return self._signals(message)
        if isinstance(message, ReferenceMessage):
            return self._reference(message)
        if isinstance(message, StatusMessage):
            return f"{message.t:.3f}  {message.status}  {message.note or message.status.sentence}"
        if isinstance(message, ParametersMessage):
            return f"{message.t:.3f}  parameter set {message.version} adopted"
        if isinstance(message, FatigueMessage):
            return self._fatigue(message)
        if isinstance(message, MetaMessage):
            self._meta = message
            return f"session {message.session}  {message.title}  {', '.join(message.dofs)}"
        raise TypeError(f"no line is known for a {message.topic} message")

    def _moment(self, message: MomentMessage) -> str:
        """Return time, status, each joint's moment and the age when sent.

        ``±`` is the moment's deviation, ``k`` the stiffness in N*m/rad, ``!`` a joint not ok.
        """
        names, unit = self._names(message)
        joints = []
        for i, (name, moment, ok) in enumerate(zip(names, message.moment, message.ok, strict=True)):
            spread = f" ±{message.sd[i]:.2f}" if message.sd else ""
            stiffness = f" k {message.stiffness[i]:+.1f}" if message.stiffness else ""
            joints.append(f"{name} {moment:+.2f}{spread}{stiffness}{'' if ok else ' !'}")
        age = (
            "no EMG yet"
            if message.t is None
            else f"{1e3 * (message.t_published - message.t):.1f} ms"
        )
        return f"{message.t_published:.3f}  {message.status}  {'  '.join(joints)} {unit}  age {age}"

    def _signals(self, message: SignalsMessage) -> str:
        """Return time and each channel's largest level since the last such message."""
        meta, count = self._meta, len(message.high)
        known = meta is not None and meta.session == message.session and len(meta.channels) == count
        names = meta.channels if meta and known else [f"channel {i}" for i in range(count)]
        levels = "  ".join(f"{name} {x:.0%}" for name, x in zip(names, message.high, strict=True))
        return f"{message.t_published:.3f}  levels, of MVC  {levels}"

    def _reference(self, message: ReferenceMessage) -> str:
        """Return the newest row's time, and each joint's reference less what was predicted."""
        if not message.t:
            return f"{message.t_published:.3f}  reference  none"
        meta, row = self._meta, message.reference[-1]
        known = meta is not None and meta.session == message.session and len(meta.dofs) == len(row)
        names = meta.dofs if meta and known else [f"joint {i}" for i in range(len(row))]
        told = "  ".join(
            f"{name} {reference:+.2f} (predicted {'-' if moment is None else f'{moment:+.2f}'})"
            for name, reference, moment in zip(names, row, message.predicted[-1], strict=True)
            if reference is not None
        )
        return f"{message.t[-1]:.3f}  reference  {told}"

    def _fatigue(self, message: FatigueMessage) -> str:
        """Return the time, and of each muscle that changed what of its force for the same EMG."""
        told = "  ".join(
            f"{one.muscle} {one.change:+.0%}"
            for one in message.muscles
            if one.since is not None and one.change is not None
        )
        return f"{message.t:.3f}  force for the same EMG  {told or 'no muscle has changed'}"

    def _muscles(self, message: MusclesMessage) -> str:
        """Return time and the muscles that pull most, each with its force and activation."""
        meta, count = self._meta, len(message.force)
        known = meta is not None and meta.session == message.session and len(meta.muscles) == count
        names = meta.muscles if meta and known else [f"muscle {i}" for i in range(count)]
        strongest = sorted(range(count), key=lambda i: -message.force[i])[:STRONGEST]
        told = (
            f"{names[i]} {message.force[i]:.0f} N {message.activation[i]:.0%}" for i in strongest
        )
        return f"{message.t_published:.3f}  muscles  {'  '.join(told)}"

    def _names(self, message: MomentMessage) -> tuple[tuple[str, ...], str]:
        meta = self._meta
        if meta and meta.session == message.session and len(meta.dofs) == len(message.moment):
            return meta.dofs, meta.unit
        return tuple(f"joint {i}" for i in range(len(message.moment))), "N*m"
