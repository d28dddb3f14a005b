"""Streams of which much is dropped: what is said of them, and when no joint is ok for it."""

from __future__ import annotations

from collections.abc import Sequence

from daemon.live.outbox import Outbox
from pipeline.streams.base import StreamHealth
from pipeline.streams.roles import NEEDED

DEGRADED_SHARE = 0.02
"""Share of a stream's samples, dropped, from which on the moments are called DEGRADED."""
NOT_OK_SHARE = 0.1
"""Share from which on no joint is ok, where every moment needs the stream."""


class StreamAlerts:
    """Passes on to the outbox what the health of the streams means for the moments."""

    def __init__(self, outbox: Outbox) -> None:
        self._outbox = outbox

    def note(self, health: Sequence[StreamHealth]) -> None:
        """Take note of the streams' health."""
        troubles, blocked = self._outbox.troubles, ""
        for stream in health:
            cause = f"stream {stream.key}"
            troubles.pop(cause, None)
            if stream.dropped_share <= DEGRADED_SHARE:
                continue
            troubles[cause] = _sentence(stream)
            if stream.key in NEEDED and stream.dropped_share > NOT_OK_SHARE:
                blocked = troubles[cause] = f"No moment is ok: {troubles[cause]}"
        self._outbox.blocked = blocked


def _sentence(stream: StreamHealth) -> str:
    return (
        f"{100 * stream.dropped_share:.0f} % of the {stream.key} stream's samples were dropped in "
        f"the last seconds because {stream.dropped_why}; correct the sender."
    )
