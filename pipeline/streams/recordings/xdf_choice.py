"""Which stream of an XDF file plays which role: by hand, by the set-up, by its name or type."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from pipeline.errors import UserError
from pipeline.streams.own import is_own
from pipeline.streams.recordings.known import UNKNOWN, KnownStream
from pipeline.streams.recordings.xdf_stream import XdfStream, in_one
from pipeline.streams.roles import ROLES, role_told

logger = logging.getLogger(__name__)

Fits = Callable[[XdfStream], bool]
_TYPES = {name: key for key, role in ROLES.items() for name in role.recorded_types}


def chosen_streams(
    file: Path,
    offered: Sequence[XdfStream],
    known: Mapping[str, KnownStream],
    by_hand: Mapping[str, str],
) -> dict[str, XdfStream]:
    """Return the streams of a file by role; the parts of an interrupted one are joined.

    Parameters
    ----------
    file
        The recording.
    offered
        Its streams.
    known
        What the set-up knows of the stream of a role.
    by_hand
        Name, source_id or stream id of the stream of a role, as the user gave it.

    Raises
    ------
    UserError
        If several streams may be one role, or the one given by hand is not there.
    """
    usable = _usable(file, offered)
    found: dict[str, XdfStream] = {}
    claimed: set[int] = set()

    def take(key: str, fitting: Sequence[XdfStream]) -> None:
        if fitting:
            found[key] = _single(file, key, fitting)
            claimed.update(stream.number for stream in fitting)

    for key, named in by_hand.items():
        take(key, _given(file, usable, named))
    for key, stream in known.items():
        if key not in found:
            take(key, _known(usable, key, stream))
    for key in known or ROLES:  # a set-up needs no other
        if key not in found:
            left = [stream for stream in usable if stream.number not in claimed]
            take(key, _likely(left, key, known.get(key, UNKNOWN)))
    return {key: found[key] for key in ROLES if key in found}


def _usable(file: Path, offered: Sequence[XdfStream]) -> list[XdfStream]:
    """Return the streams that have samples and that hillstream has not sent itself."""
    for stream in offered:
        if not len(stream.t):
            logger.warning("%s of '%s' has no samples; it is left out.", stream, file)
    return [s for s in offered if len(s.t) and not is_own(s.name, s.source_id)]


def _given(file: Path, usable: Sequence[XdfStream], named: str) -> list[XdfStream]:
    fitting = [s for s in usable if named in (str(s.number), s.name, s.source_id)]
    if not fitting:
        listed = ", ".join(str(stream) for stream in usable) or "none that could be meant"
        raise UserError(f"'{file}' has no stream '{named}'; it has {listed}.")
    return fitting


def _known(usable: Sequence[XdfStream], key: str, known: KnownStream) -> list[XdfStream]:
    """Return the streams that the set-up means, by source_id or, failing that, by name."""
    fitting = [s for s in usable if known.source_id and s.source_id == known.source_id]
    if not fitting:
        fitting = [s for s in usable if known.name and s.name == known.name]
    named = _narrowed(fitting, lambda s: s.name == known.name)
    return _narrowed(named, lambda s: _role(s) == key, lambda s: _has_channels(s, known))


def _likely(left: Sequence[XdfStream], key: str, known: KnownStream) -> list[XdfStream]:
    """Return the streams whose name ends with the role, else those of its type or its words."""
    ways: tuple[Fits, ...] = (
        lambda s: s.name.lower().endswith(key),
        lambda s: _TYPES.get(s.type.lower()) == key,
        lambda s: _role(s) == key,
    )
    for fits in ways:
        if fitting := [stream for stream in left if fits(stream)]:
            return _narrowed(fitting, lambda s: _has_channels(s, known))
    return []


def _role(stream: XdfStream) -> str | None:
    return _TYPES.get(stream.type.lower()) or role_told(stream.type, stream.name)


def _has_channels(stream: XdfStream, known: KnownStream) -> bool:
    return bool(known.channels) and set(known.channels) <= set(stream.labels)


def _narrowed(streams: list[XdfStream], *ways: Fits) -> list[XdfStream]:
    """Return the streams that fit in every way in which any does."""
    for fits in ways:
        streams = [stream for stream in streams if fits(stream)] or streams
    return streams


def _single(file: Path, key: str, fitting: Sequence[XdfStream]) -> XdfStream:
    single = fitting[0] if len(fitting) == 1 else in_one(fitting)
    if single is None:
        listed = ", ".join(str(stream) for stream in fitting)
        raise UserError(
            f"'{file}' has several streams that may be {key}: {listed}. Name one by its number, "
            f"as in '{file.name},{key}={fitting[0].number}', or by the source_id of "
            f"[streams.{key}] in the configuration."
        )
    return single
