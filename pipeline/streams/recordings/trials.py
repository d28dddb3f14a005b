"""Several trials as one recording, one after the other with gaps between them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from pipeline.errors import UserError
from pipeline.streams.base import Array
from pipeline.streams.intake import RATE_TOLERANCE
from pipeline.streams.recordings.recording import RecordedStream, Recording
from pipeline.streams.units import known_unit

BETWEEN_TRIALS_S = 1.0
"""Gap between two trials: what the stages remember has faded, and no row is made up in it, s."""


def joined(
    recordings: Sequence[Recording], pause_s: float = BETWEEN_TRIALS_S, name: str | None = None
) -> Recording:
    """Return recordings one after the other, each beginning a pause after the one before.

    Time begins at 0. Channels are those of the first, found by name in the others.

    Parameters
    ----------
    recordings
        The trials, in their order.
    pause_s
        Gap between the end of one and the start of the next, s.
    name
        What the whole is called; their names if None.

    Raises
    ------
    UserError
        If they do not have the same streams, units, rates and channels.
    """
    first = recordings[0]
    begins = [0.0]
    for recording in recordings[:-1]:
        begins.append(begins[-1] + recording.duration_s + pause_s)
    offsets = [begin - trial.start for begin, trial in zip(begins, recordings, strict=True)]
    for other in recordings[1:]:
        if set(other.streams) != set(first.streams):
            raise UserError(
                f"'{first.name}' has {', '.join(first.streams)}, but '{other.name}' "
                f"{', '.join(other.streams)}; trials of one recording need the same streams."
            )
    streams = {}
    for key, stream in first.streams.items():
        parts = [recording.streams[key] for recording in recordings]
        t = [part.t + offset for part, offset in zip(parts, offsets, strict=True)]
        x = [stream.x, *(_alike(key, stream, part) for part in parts[1:])]
        source = " + ".join(dict.fromkeys(part.source for part in parts))
        streams[key] = replace(stream, t=np.concatenate(t), x=np.concatenate(x), source=source)
    whole = name or " + ".join(recording.name for recording in recordings)
    left_out = tuple(out for recording in recordings for out in recording.left_out)
    return Recording(whole, streams, left_out)


def _alike(key: str, first: RecordedStream, other: RecordedStream) -> Array:
    """Return the samples of a later trial in the channels of the first one."""
    whose = f"the {key} of '{other.source}'"
    if missing := [name for name in first.channels if name not in other.channels]:
        raise UserError(
            f"{whose[0].upper()}{whose[1:]} lack the channel {', '.join(missing)} that "
            f"'{first.source}' has; it has {', '.join(other.channels)}."
        )
    units = [known_unit(key, stream.unit) or stream.unit for stream in (first, other)]
    if units[0] != units[1]:
        raise UserError(
            f"{whose[0].upper()}{whose[1:]} are in {other.unit}, those of '{first.source}' in "
            f"{first.unit}; trials of one recording need the same unit."
        )
    if abs(other.rate_hz / first.rate_hz - 1) > RATE_TOLERANCE:
        raise UserError(
            f"{whose[0].upper()}{whose[1:]} have {other.rate_hz:.4g} Hz, those of "
            f"'{first.source}' {first.rate_hz:.4g} Hz; trials of one recording need the same rate."
        )
    return other.x[:, [other.channels.index(name) for name in first.channels]]
