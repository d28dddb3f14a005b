"""How a wanted stream stands to the configuration, and what its samples are like."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from daemon.config import StreamConfig
from daemon.diagnostics.hearing import PATIENCE_S, Hearing
from pipeline.streams.base import StreamSpec
from pipeline.streams.lsl.sought import Sought
from pipeline.streams.roles import ROLES
from pipeline.streams.transports import Transport

MOST_DROPPED = 0.5
"""A stream of which a larger share of samples is dropped, or of values no number, is of no use."""


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
    numbers = heard.finite / (heard.passed * len(wanted.spec.channels) or 1)
    if numbers < 1.0 - MOST_DROPPED and not ROLES[wanted.spec.key].nan_is_no_reference:
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
