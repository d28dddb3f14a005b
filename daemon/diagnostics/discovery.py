"""The network against the wants of a configuration, stream by stream."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Self

from daemon.assembly.streams import build_source, live_spec, stream_specs
from daemon.config import Config, StreamConfig
from daemon.diagnostics.hearing import PATIENCE_S, Hearing, hear
from pipeline.errors import UserError
from pipeline.streams.base import Source, StreamSpec
from pipeline.streams.lsl.liblsl import accepted_columns, channel_units, load_pylsl
from pipeline.streams.lsl.sought import Sought, described
from pipeline.streams.roles import ROLES
from pipeline.streams.transports import Transport

LOOK_S = 1.0
"""How long the network is listened to, s."""
MOST_DROPPED = 0.5
"""A stream of which a larger share of samples is dropped is of no use."""


class StreamVerdict(StrEnum):
    """How a stream stands to the configuration."""

    FOUND = "found"
    """There, and its samples are of use."""
    MISSING = "missing"
    SILENT = "silent"
    """There, but it sends nothing."""
    REFUSED = "refused"
    """There, but not as the configuration wants it."""
    UNUSED = "unused"
    """There, but no stream of the configuration."""

    @property
    def is_of_use(self) -> bool:
        """Whether a run can do with a stream of this verdict."""
        return self in (StreamVerdict.FOUND, StreamVerdict.UNUSED)


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
        What it is and what its samples are like, or why it is not found or refused.
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

    @property
    def lsl(self) -> Sought:
        """What it is looked for by over LSL."""
        stream = self.stream
        return Sought(self.spec.key, stream.name, stream.source_id, stream.host)

    def finding(self, verdict: StreamVerdict, detail: str) -> StreamFinding:
        """Return a finding about this stream."""
        return StreamFinding(self.spec.key, self.transport, self.name, verdict, detail)


class _MissingError(UserError):
    """Nothing on the network could be meant."""


def compare(config: Config) -> list[StreamFinding]:
    """Look at the network, read two seconds of the wanted streams, and say how they are.

    Returns
    -------
    list of StreamFinding
        First the wanted streams in the configuration's order, then visible LSL streams that the
        configuration does not use.
    """
    streams = [(spec, getattr(config.streams, spec.key)) for spec in stream_specs(config)]
    wanted = [Wanted(live_spec(spec, stream), stream) for spec, stream in streams]
    network = _Network.seen()
    with ExitStack() as stack:
        opened = {one.spec.key: _opened(one, config, network, stack) for one in wanted}
        heard = hear({k: one for k, one in opened.items() if not isinstance(one, StreamFinding)})
    return [
        _finding(stream, opened[stream.spec.key], heard, network) for stream in wanted
    ] + network.unused(wanted)


def _opened(
    wanted: Wanted, config: Config, network: _Network, stack: ExitStack
) -> Source | StreamFinding:
    """Return a wanted stream's open source, or why there is none."""
    try:
        network.identify(wanted)
        source = build_source(wanted.spec, wanted.stream, config)
        stack.enter_context(closing(source)).open()
        return source
    except _MissingError as error:
        return wanted.finding(StreamVerdict.MISSING, str(error))
    except UserError as error:
        return wanted.finding(StreamVerdict.REFUSED, str(error))


def _finding(
    wanted: Wanted,
    opened: Source | StreamFinding,
    heard: Mapping[str, Hearing],
    network: _Network,
) -> StreamFinding:
    if isinstance(opened, StreamFinding):
        return opened
    key = wanted.spec.key
    verdict, sentence = judge(wanted, heard[key])
    return wanted.finding(verdict, f"{network.identity.get(key, '')} {sentence}".strip())


class _Network:
    """What LSL streams are visible, and which of them are wanted.

    Parameters
    ----------
    visible
        Descriptions without channels.
    trouble
        Why LSL cannot be used; empty where it can.
    """

    def __init__(self, visible: Sequence[Any], trouble: str = "") -> None:
        self._visible = visible
        self._trouble = trouble
        self.identity: dict[str, str] = {}
        """What the wanted streams are that are there, by their key."""

    @classmethod
    def seen(cls) -> Self:
        """Look around for a moment."""
        try:
            return cls(load_pylsl().resolve_streams(LOOK_S))
        except UserError as error:
            return cls([], str(error))

    def identify(self, wanted: Wanted) -> None:
        """Find out which stream is meant; raises UserError where none fits, or several do."""
        if wanted.transport != "lsl":
            return
        if self._trouble:
            raise _MissingError(self._trouble)
        info = wanted.lsl.choose(self._visible)
        if info is None:
            raise _MissingError(wanted.lsl.absent(self._visible))
        full = _full_info(info)
        columns = accepted_columns(full, wanted.spec)
        units = channel_units(full)
        stated = sorted({units[column] for column in columns} - {""})
        self.identity[wanted.spec.key] = (
            f"{described(full)}, states {' and '.join(stated) or 'no unit'}."
        )

    def unused(self, wanted: Sequence[Wanted]) -> list[StreamFinding]:
        """Return the visible streams that nobody asked for."""
        lsl = [stream.lsl for stream in wanted if stream.transport == "lsl"]
        used = {info.uid() for sought in lsl for info in sought.fitting(self._visible)}
        return [
            StreamFinding(None, "lsl", info.name(), StreamVerdict.UNUSED, f"{described(info)}.")
            for info in self._visible
            if info.uid() not in used
        ]


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


def judge(wanted: Wanted, heard: Hearing) -> tuple[StreamVerdict, str]:
    """Return whether what was heard of a stream is of use, and what it was like."""
    health = heard.health
    if not health.received:
        if health.refused:
            return StreamVerdict.REFUSED, health.note
        there = wanted.transport == "lsl"
        sentence = f"It sent nothing in {PATIENCE_S:g} s. {health.note}" if there else health.note
        return StreamVerdict.SILENT if there else StreamVerdict.MISSING, sentence.strip()
    told = f"{_measured(wanted, heard)} {health.note}".strip()
    if heard.dropped > MOST_DROPPED * health.received:
        return StreamVerdict.REFUSED, told
    if not heard.finite and not ROLES[wanted.spec.key].nan_is_no_reference:
        return StreamVerdict.REFUSED, told
    return StreamVerdict.FOUND, told


def _measured(wanted: Wanted, heard: Hearing) -> str:
    """Return what the samples are like, in the configured unit."""
    received = heard.health.received
    parts = [f"In {heard.seconds:.1f} s {received} samples, {heard.rate_hz:.4g} Hz"]
    if heard.dropped:
        share = heard.dropped / received
        parts.append(f"{share:.0%} dropped ({heard.why_dropped})")
    if heard.masked:
        parts.append(f"{heard.masked} with a value that is not finite or cannot be")
    if heard.age_s is not None:
        parts.append(f"{1e3 * heard.age_s:.0f} ms old on arrival")
    if heard.finite:
        low, high = heard.low / wanted.spec.to_si, heard.high / wanted.spec.to_si
        unit = "" if wanted.stream.unit == "1" else f" {wanted.stream.unit}"
        parts.append(f"values {low:.3g} to {high:.3g}{unit}")
    elif heard.passed:
        parts.append("no value is a number")
    return f"{'; '.join(parts)}."
