"""What a configuration says of its streams, for recordings that do not say it themselves."""

from __future__ import annotations

from daemon.config import Config
from pipeline.streams.recordings.known import KnownStream
from pipeline.streams.roles import ROLES


def known_streams(config: Config) -> dict[str, KnownStream]:
    """Return name, source_id, unit and channels of every stream of a set-up, by role."""
    streams = {key: getattr(config.streams, key) for key in ROLES}
    return {
        key: KnownStream(stream.name, stream.source_id, stream.unit, tuple(stream.channels))
        for key, stream in streams.items()
        if stream is not None
    }
