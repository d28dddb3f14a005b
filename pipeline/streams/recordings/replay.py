"""Recorded streams, merged in time order, through the same cleaning as live ones."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np

from pipeline.errors import UserError
from pipeline.streams.base import Chunk, StreamSpec
from pipeline.streams.channels import pick_channels
from pipeline.streams.intake import Intake, check_rate
from pipeline.streams.recordings.load import RecordedStream, Recording
from pipeline.streams.units import to_si

logger = logging.getLogger(__name__)


def replay(
    recording: Recording, specs: Sequence[StreamSpec], slice_s: float = 0.05
) -> Iterator[Chunk]:
    """Yield the recorded samples as fast as they are taken, slice of time by slice of time.

    Parameters
    ----------
    recording
        What to replay.
    specs
        The streams that are wanted; within a slice they come in this order. Samples are
        converted by the unit the recording states, not by ``spec.to_si``.
    slice_s
        Length of a slice, s. What comes out, put together, does not depend on it.

    Raises
    ------
    UserError
        If the recording lacks a stream or a channel, or has another rate or unit.
    """
    tracks = [_Track(recording, spec) for spec in specs]
    start = recording.start
    for k in range(int(recording.duration_s / slice_s) + 2):
        for track in tracks:
            if chunk := track.until(start + (k + 1) * slice_s):
                yield chunk


class _Track:
    """One stream of a replay, and how far it has been read."""

    def __init__(self, recording: Recording, spec: StreamSpec) -> None:
        stream = _wanted(recording, spec)
        spec = _told_by(stream, spec)
        whose = f"The {spec.key} stream of '{recording.name}'"
        check_rate(stream.rate_hz, spec, whose)
        self._stream = stream
        self._intake = Intake(spec)
        self._columns = pick_channels(spec.channels, stream.channels, whose, spec.origins)
        if self._columns.note:
            logger.warning("%s: %s", whose, self._columns.note)
        self._to_si = to_si(spec.key, stream.unit, spec.scales)
        self._read = 0

    def until(self, end: float) -> Chunk | None:
        """Return what was recorded since the last call and before `end`, s."""
        first = self._read
        self._read = max(first, int(np.searchsorted(self._stream.t, end)))
        if self._read == first:
            return None
        part = slice(first, self._read)
        return self._intake.take(
            self._stream.t[part], self._stream.x[part], self._columns, self._to_si
        )


def _told_by(stream: RecordedStream, spec: StreamSpec) -> StreamSpec:
    """Return what is wanted of a recording, which may have the sender's labels or ours.

    What was recorded of a sender has its labels, and is turned and scaled as live; what has a
    channel by our name alone is as it should be.
    """
    labels = set(stream.channels)
    origins = {
        name: one
        for name, one in spec.origins.items()
        if labels.issuperset(one.several) or name not in labels
    }
    return replace(spec, origins=origins)


def _wanted(recording: Recording, spec: StreamSpec) -> RecordedStream:
    stream = recording.streams.get(spec.key)
    if stream is None:
        raise UserError(
            f"'{recording.name}' has no {spec.key} stream; it has {', '.join(recording.streams)}."
        )
    return stream
