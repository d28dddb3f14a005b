"""What browsers see of the curves and the updates, worked out once for all that see the same."""

from __future__ import annotations

import math
from dataclasses import dataclass

from daemon.web.frames import encode
from daemon.web.history import History
from daemon.web.hub import Hub, Session
from daemon.web.protocol import View


@dataclass(frozen=True)
class Seen:
    """What a browser has been sent of its view: up to which revision of which history."""

    history: History | None = None
    revision: int = 0


class Views:
    """Frames of curves and updates, kept from one turn of the hub to the next.

    Parameters
    ----------
    hub
        Where they come from.
    """

    def __init__(self, hub: Hub) -> None:
        self._hub = hub
        self._curves: dict[tuple[View, Seen], bytes | None] = {}
        self._updates: dict[int | None, bytes] = {}

    def forget(self) -> None:
        """Begin anew, as the hub has turned."""
        self._curves.clear()
        self._updates.clear()

    def curves(self, view: View, seen: Seen) -> tuple[bytes | None, Seen]:
        """Return a frame with what is new in a view, None if nothing is; and what is seen then."""
        session = self._hub.session
        if session is None:
            return None, seen
        key = (view, seen)
        if key not in self._curves:
            self._curves[key] = _frame(session, view, seen)
        frame = self._curves[key]
        return frame, Seen(session.history, session.history.revision) if frame else seen

    def updates(self, seen: int | None) -> bytes | None:
        """Return a frame with the updates after the first `seen`, or all for None."""
        hub = self._hub
        new = len(hub.updates) if seen is None else hub.updates_seen - seen
        if seen is not None and not new:
            return None
        if seen not in self._updates:
            told = list(hub.updates)[-new:] if new else []
            header = {"type": "updates", "updates": told, "whole": seen is None}
            self._updates[seen] = encode(header)
        return self._updates[seen]


def _frame(session: Session, view: View, seen: Seen) -> bytes | None:
    history, level = session.history, view.level
    whole = seen.history is not history
    stretch = _stretch(history, view)
    if stretch is None:
        return None
    first, count = stretch
    if not whole:
        changed = history.changed(level, first, count, seen.revision)
        if changed is None:
            return None
        first, count = changed, first + count - changed
    read = history.read(level, first, count)
    header = {
        "type": "curves",
        "bucket_s": view.bucket_s,
        "first": first,
        "count": count,
        "whole": whole,
    }
    shown = slice(session.curves)
    return encode(header, {"low": read.low[shown], "high": read.high[shown]})


def _stretch(history: History, view: View) -> tuple[int, int] | None:
    """Return the first bucket of a view and how many there are; None before there is anything."""
    newest = history.newest(view.level)
    if newest is None:
        return None
    last = newest if view.end is None else math.floor(view.end / view.bucket_s)
    count = max(1, math.ceil(view.seconds / view.bucket_s))
    return last - count + 1, count
