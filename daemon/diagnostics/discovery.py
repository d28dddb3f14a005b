"""The network against the wants of a configuration, stream by stream."""

from __future__ import annotations

import time
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from daemon.assembly.streams import build_source, stream_specs
from daemon.config import Config, StreamConfig
from pipeline.errors import UserError
from pipeline.streams import clock
from pipeline.streams.base import Source, StreamSpec
from pipeline.streams.channels import did_you_mean
from pipeline.streams.lsl.liblsl import accepted_columns, load_pylsl
from pipeline.streams.transports import Transport

LOOK_S = 1.0
"""How long the network is listened to, s."""
POLL_S = 0.02


class StreamVerdict(StrEnum):
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
        The configuration's key (``emg``, ``angles``, ``moments`` ...); None if it is unused.
    transport
        What carries it.
    name
        LSL name or source_id, or an address.
    verdict
        How it stands to the configuration.
    detail
        One sentence: what it is, or why it is not found or refused.
    """

    key: str | None
    transport: Transport
    name: str
    verdict: StreamVerdict
    detail: str


@dataclass(frozen=True)
class Wanted:
    """A stream of the configuration.

    Parameters
    ----------
    spec
        What the pipeline wants from it.
    stream
        Its table in the configuration.
    """

    spec: StreamSpec
    stream: StreamConfig

    @property
    def transport(self) -> Transport:
        """What carries it."""
        return self.stream.transport

    @property
    def name(self) -> str:
        """What it is looked for by."""
        return self.stream.sought

    def is_meant(self, info: Any) -> bool:
        """Say whether a visible LSL stream is the one that is looked for."""
        source_id, name = self.stream.source_id, self.stream.name
        by_source = source_id is not None and info.source_id() == source_id
        return by_source or (name is not None and info.name() == name)

    def finding(self, verdict: StreamVerdict, detail: str) -> StreamFinding:
        """Return a finding about this stream."""
        return StreamFinding(self.spec.key, self.transport, self.name, verdict, detail)


def compare(config: Config) -> list[StreamFinding]:
    """Look at the network for a moment and say what of the configuration is there.

    Returns
    -------
    list of StreamFinding
        First the wanted streams in the configuration's order, then visible LSL streams that the
        configuration does not use.
    """
    wanted = [Wanted(spec, getattr(config.streams, spec.key)) for spec in stream_specs(config)]
    found, unused = _compare_lsl([stream for stream in wanted if stream.transport == "lsl"])
    found |= {s.spec.key: _listen(s, config) for s in wanted if s.transport != "lsl"}
    return [found[stream.spec.key] for stream in wanted] + unused


def _compare_lsl(
    wanted: Sequence[Wanted],
) -> tuple[dict[str, StreamFinding], list[StreamFinding]]:
    try:
        visible = load_pylsl().resolve_streams(LOOK_S)
    except UserError as error:
        return {s.spec.key: s.finding(StreamVerdict.MISSING, str(error)) for s in wanted}, []
    found, used = {}, set()
    for stream in wanted:
        fitting = [info for info in visible if stream.is_meant(info)]
        used |= {info.uid() for info in fitting}
        found[stream.spec.key] = _judge(stream, fitting, [info.name() for info in visible])
    return found, [_unused(info) for info in visible if info.uid() not in used]


def _judge(wanted: Wanted, fitting: list[Any], names: list[str]) -> StreamFinding:
    if not fitting:
        hint = did_you_mean(wanted.name, names)
        detail = f"No LSL stream '{wanted.name}' is visible{hint}; start its sender."
        return wanted.finding(StreamVerdict.MISSING, detail)
    try:
        accepted_columns(_full_info(fitting[0]), wanted.spec)
    except UserError as error:
        return wanted.finding(StreamVerdict.REFUSED, str(error))
    detail = _described(fitting[0])
    if len(fitting) > 1:
        detail += f" There are {len(fitting)} of this name: give its source_id."
    return wanted.finding(StreamVerdict.FOUND, detail)


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
    return StreamFinding(None, "lsl", info.name(), StreamVerdict.UNUSED, _described(info))


def _listen(wanted: Wanted, config: Config) -> StreamFinding:
    """Read a stream that does not announce itself and wait for a message."""
    try:
        with closing(build_source(wanted.spec, wanted.stream, config)) as source:
            source.open()
            return _heard(wanted, source)
    except UserError as error:
        return wanted.finding(StreamVerdict.REFUSED, str(error))


def _heard(wanted: Wanted, source: Source) -> StreamFinding:
    deadline = clock.now() + LOOK_S
    while True:
        source.poll()
        health = source.health(clock.now())
        if health.received:
            detail = f"{health.received} samples arrived. {health.note}".strip()
            return wanted.finding(StreamVerdict.FOUND, detail)
        if health.refused:
            return wanted.finding(StreamVerdict.REFUSED, health.note)
        if clock.now() > deadline:
            return wanted.finding(StreamVerdict.MISSING, health.note)
        time.sleep(POLL_S)
