"""The state of the daemon in the form of ROS diagnostics (REP 107)."""

from __future__ import annotations

from collections.abc import Sequence
from enum import IntEnum
from typing import NamedTuple

from pipeline.output.message import MomentMessage, Status, StatusMessage
from pipeline.streams.base import SourceState, StreamHealth
from pipeline.streams.roles import NEEDED


class Level(IntEnum):
    """Levels of ``diagnostic_msgs/msg/DiagnosticStatus``."""

    OK = 0
    WARN = 1
    ERROR = 2
    STALE = 3


class Diagnosis(NamedTuple):
    """How one part is doing."""

    level: Level
    name: str
    message: str
    values: tuple[tuple[str, str], ...]


_LEVELS = {
    Status.NOMINAL: Level.OK,
    Status.DEGRADED: Level.WARN,
    Status.CALIBRATING: Level.WARN,
    Status.STARTING: Level.WARN,
    Status.STALE: Level.ERROR,
    Status.FAULT: Level.ERROR,
    Status.STOPPED: Level.STALE,
}


def diagnose(
    joints: Sequence[str], moment: MomentMessage | None, status: StatusMessage | None
) -> list[Diagnosis]:
    """Return how the moments and the streams are doing.

    Parameters
    ----------
    joints
        Their names.
    moment, status
        The newest messages, as far as there are any; which moments may be used is told by
        `moment`, why by `status`.
    """
    if moment is None and status is None:
        return []
    streams = [_stream(health) for health in status.streams] if status else []
    return [_moments(joints, moment, status), *streams]


def _moments(
    joints: Sequence[str], moment: MomentMessage | None, status: StatusMessage | None
) -> Diagnosis:
    newest = moment.status if moment else status.status if status else Status.STARTING
    why = status.note if status and status.status is newest else ""
    values = [("status", newest.value)]
    if moment:
        values += [(f"ok {name}", str(ok)) for name, ok in zip(joints, moment.ok, strict=True)]
        values += [
            ("session", moment.session),
            ("parameter version", str(moment.parameter_version)),
        ]
    if status:
        latency = status.latency_ms.p99
        values += [
            ("doubt", status.doubt),
            ("uptime s", f"{status.uptime_s:.0f}"),
            ("latency p99 ms", "" if latency is None else f"{latency:.2f}"),
            ("late ticks", str(status.ticks.late)),
        ]
    return Diagnosis(_LEVELS[newest], "hillstream: moments", why or newest.sentence, tuple(values))


def _stream(health: StreamHealth) -> Diagnosis:
    values = (
        ("state", health.state.value),
        ("age s", _number(health.age_s)),
        ("rate Hz", _number(health.rate_hz)),
        ("received", str(health.received)),
        ("missing samples", str(health.missing_samples)),
        ("dropped share", f"{health.dropped_share:.3f}"),
        ("reconnects", str(health.reconnects)),
    )
    said = health.note or f"The {health.key} stream is {health.state.value}."
    return Diagnosis(_stream_level(health), f"hillstream: {health.key}", said, values)


def _stream_level(health: StreamHealth) -> Level:
    if health.state is SourceState.LIVE:
        return Level.OK
    return Level.ERROR if health.key in NEEDED else Level.WARN


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.4g}"
