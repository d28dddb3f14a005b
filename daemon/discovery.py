"""What is on the network against what a configuration wants."""

from __future__ import annotations

import time
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from daemon.config import Config, StreamConfig
from pipeline.errors import UserError
from pipeline.streams import clock
from pipeline.streams.base import StreamSpec
from pipeline.streams.channels import did_you_mean
from pipeline.streams.liblsl import accepted_columns, load_pylsl
from pipeline.streams.units import to_si
from pipeline.streams.zeromq import ZmqSource

LOOK_S = 1.0
"""How long the network is listened to, s."""
POLL_S = 0.02


class Verdict(StrEnum):
    """How a stream stands to the configuration."""

    FOUND = "found"
    MISSING = "missing"
    REFUSED = "refused"
    """There, but not as the configuration wants it."""
    UNUSED = "unused"
    """There, but no stream of the configuration."""


@dataclass(frozen=True)
class StreamFinding:
    """One stream, wanted or visible.

    Parameters
    ----------
    key
        The configuration's key (``emg``, ``angles``, ``moments``); None if it is unused.
    transport
        ``lsl`` or ``zmq``.
    name
        LSL name or source_id, or ZeroMQ address.
    verdict
        How it stands to the configuration.
    detail
        One sentence: what it is, or why it is not found or refused.
    """

    key: str | None
    transport: str
    name: str
    verdict: Verdict
    detail: str


def stream_spec(key: str, wanted: StreamConfig) -> StreamSpec:
    """Return what the pipeline wants from a configured stream.

    Parameters
    ----------
    key
        ``emg``, ``angles`` or ``moments``.
    wanted
        The stream's table in the configuration.

    Raises
    ------
    UserError
        If the unit is not one this stream may have.
    """
    return StreamSpec(
        key=key,
        channels=tuple(wanted.channels),
        rate_hz=wanted.rate_hz,
        to_si=to_si(key, wanted.unit),
        keep_nonfinite=key == "moments",
        latency_s=wanted.latency_s,
    )


def compare(config: Config) -> list[StreamFinding]:
    """Look at the network for a moment and say what of the configuration is there.

    Returns
    -------
    list of StreamFinding
        First the wanted streams in the configuration's order, then visible LSL streams that the
        configuration does not use.
    """
    wanted = {
        key: stream
        for key in ("emg", "angles", "moments")
        if (stream := getattr(config.streams, key)) is not None
    }
    lsl = {key: stream for key, stream in wanted.items() if stream.transport == "lsl"}
    found, unused = _compare_lsl(lsl)
    found |= {key: _listen(key, s) for key, s in wanted.items() if s.transport == "zmq"}
    return [found[key] for key in wanted] + unused


def _compare_lsl(
    wanted: Mapping[str, StreamConfig],
) -> tuple[dict[str, StreamFinding], list[StreamFinding]]:
    try:
        visible = load_pylsl().resolve_streams(LOOK_S)
    except UserError as error:
        return {key: _missing(key, s, str(error)) for key, s in wanted.items()}, []
    found, used = {}, set()
    for key, stream in wanted.items():
        fitting = [info for info in visible if _fits(info, stream)]
        used |= {info.uid() for info in fitting}
        found[key] = _judge(key, stream, fitting, [info.name() for info in visible])
    return found, [_unused(info) for info in visible if info.uid() not in used]


def _fits(info: Any, wanted: StreamConfig) -> bool:
    by_source = wanted.source_id is not None and info.source_id() == wanted.source_id
    return by_source or (wanted.name is not None and info.name() == wanted.name)


def _called(wanted: StreamConfig) -> str:
    """Return what a stream is looked for by."""
    if wanted.transport == "zmq":
        return wanted.address or ""
    return wanted.name or wanted.source_id or ""


def _missing(key: str, wanted: StreamConfig, detail: str) -> StreamFinding:
    return StreamFinding(key, wanted.transport, _called(wanted), Verdict.MISSING, detail)


def _judge(key: str, wanted: StreamConfig, fitting: list[Any], names: list[str]) -> StreamFinding:
    name = _called(wanted)
    if not fitting:
        hint = did_you_mean(name, names)
        detail = f"No LSL stream '{name}' is visible{hint}; start its sender."
        return _missing(key, wanted, detail)
    try:
        accepted_columns(_full_info(fitting[0]), stream_spec(key, wanted))
    except UserError as error:
        return StreamFinding(key, "lsl", name, Verdict.REFUSED, str(error))
    detail = _described(fitting[0])
    if len(fitting) > 1:
        detail += f" There are {len(fitting)} of this name: give its source_id."
    return StreamFinding(key, "lsl", name, Verdict.FOUND, detail)


def _full_info(info: Any) -> Any:
    """Return a stream's description with its channels, which only an inlet can ask for."""
    pylsl = load_pylsl()
    try:
        return pylsl.StreamInlet(info, max_buflen=1, recover=False).info(2.0)
    except RuntimeError as error:  # pylsl's errors are RuntimeErrors
        raise UserError(
            f"LSL stream '{info.name()}' is visible but does not answer "
            f"({str(error).rstrip('.')}); check the firewall between the two machines."
        ) from error


def _described(info: Any) -> str:
    rate = f"{info.nominal_srate():g} Hz" if info.nominal_srate() else "irregular"
    return (
        f"{info.type() or 'no type'}, {info.channel_count()} channels, {rate}, "
        f"on {info.hostname()}, source_id '{info.source_id()}'."
    )


def _unused(info: Any) -> StreamFinding:
    return StreamFinding(None, "lsl", info.name(), Verdict.UNUSED, _described(info))


def _listen(key: str, wanted: StreamConfig) -> StreamFinding:
    """Connect to a ZeroMQ stream and wait for a message."""
    name = _called(wanted)
    try:
        with closing(ZmqSource(stream_spec(key, wanted), address=name)) as source:
            source.open()
            return _heard(key, name, source)
    except UserError as error:
        return StreamFinding(key, "zmq", name, Verdict.REFUSED, str(error))


def _heard(key: str, name: str, source: ZmqSource) -> StreamFinding:
    deadline = clock.now() + LOOK_S
    while True:
        source.poll()
        health = source.health(clock.now())
        if health.received:
            detail = f"{health.received} samples arrived. {health.note}".strip()
            return StreamFinding(key, "zmq", name, Verdict.FOUND, detail)
        if "dropped" in health.note:
            return StreamFinding(key, "zmq", name, Verdict.REFUSED, health.note)
        if clock.now() > deadline:
            return StreamFinding(key, "zmq", name, Verdict.MISSING, health.note)
        time.sleep(POLL_S)
