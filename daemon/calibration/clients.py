"""The daemons that a calibrator serves: who they are, and when they are given up."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from daemon.calibration.inbox import Inbox
from daemon.calibration.rota import Pace
from daemon.calibration.wire import ClientReport, Join, Taken
from daemon.ipc.messages import UpdateMessage
from pipeline.timebase.rows import PairedRows

AWAY_S = 5.0
"""A client that has said nothing for so long is away, s: its place is given to who needs one."""
KEEP_S = 60.0
"""And after so long it is forgotten, s."""
MOST_MISSING = 1e6
"""More rows are not told to be missing at one place."""


@dataclass
class Client:
    """One daemon that is served.

    Parameters
    ----------
    join
        What it said when it came.
    identity
        Its present connection.
    inbox
        What waits for its calibrator.
    heard_at
        When it was last heard of, s of the server's steady clock.
    """

    join: Join
    identity: bytes
    inbox: Inbox
    heard_at: float
    have: float | None = None
    """Time of its newest row, s of its own clock."""
    version: int = field(init=False)
    newest_set: bytes = b""
    """Frame of the update that brought this version; empty before the first."""
    result: str = ""

    def __post_init__(self) -> None:
        """Begin to count."""
        self.version = self.join.version
        self._updates, self._rows, self._bytes = (Pace(self.heard_at) for _ in range(3))
        self._gaps: deque[tuple[float, int]] = deque()
        """Where rows are missing: the time of the next one, s of its clock, and how many."""

    def take(self, rows: PairedRows, size: int, now: float) -> None:
        """Pass rows on that have not come before; ValueError where their times do not rise.

        Parameters
        ----------
        size
            Bytes they came in.
        """
        if not (np.diff(rows.t) > 0).all():
            raise ValueError("the rows' times do not rise")
        self._bytes.count(now, size)
        fresh = rows
        if self.have is not None:
            fresh = rows.part(slice(rows.t.searchsorted(self.have, "right"), None))
        if len(fresh.t):
            self._look_for_gaps(fresh.t)
            self.have = float(fresh.t[-1])
            self._rows.count(now, len(fresh.t))
            self.inbox.add(fresh)

    def _look_for_gaps(self, t: NDArray[np.float64]) -> None:
        """Note where rows are missing before or among some that come at times t, s."""
        times = t if self.have is None else np.concatenate(([self.have], t))
        steps = np.minimum(np.diff(times) * self.join.shape.rate_hz, MOST_MISSING)
        missing = np.rint(steps).astype(int) - 1
        self._gaps.extend((float(times[i + 1]), int(missing[i])) for i in missing.nonzero()[0])
        begin = t[-1] - self.inbox.most_rows / self.join.shape.rate_hz
        while self._gaps and self._gaps[0][0] < begin:
            self._gaps.popleft()

    def updated(self, update: UpdateMessage, frame: bytes, now: float) -> None:
        """Take note of an update that it is told of."""
        self._updates.count(now)
        self.result = update.result
        if update.version > self.version:
            self.version, self.newest_set = update.version, frame

    def taken(self, rows_per_update: float, clients: int, now: float) -> Taken:
        """Return what has arrived of it, and how it is served."""
        return Taken(
            have=self.have,
            updates_per_s=self._updates.per_s(now),
            wanted_per_s=self._rows.per_s(now) / rows_per_update,
            clients=clients,
        )

    def report(self, rows_per_update: float, now: float) -> ClientReport:
        """Return how it goes."""
        silent_s = max(0.0, now - self.heard_at)
        return ClientReport(
            name=self.join.name,
            state="away" if silent_s > AWAY_S else "served",
            version=self.version,
            updates_per_s=self._updates.per_s(now),
            wanted_per_s=self._rows.per_s(now) / rows_per_update,
            bytes_per_s=self._bytes.per_s(now),
            waiting=self.inbox.waiting,
            missing=sum(count for _, count in self._gaps),
            silent_s=silent_s,
            result=self.result,
        )


class Clients:
    """All of them, a bounded number.

    Parameters
    ----------
    most
        So many at once.
    """

    def __init__(self, most: int) -> None:
        self.most = most
        self._by_session: dict[str, Client] = {}
        self._sessions: dict[bytes, str] = {}

    def __len__(self) -> int:
        """Return how many there are."""
        return len(self._by_session)

    def __iter__(self) -> Iterator[Client]:
        """Iterate over them, in the order in which they came."""
        return iter(self._by_session.values())

    def at(self, identity: bytes) -> Client | None:
        """Return the client of a connection."""
        return self._by_session.get(self._sessions.get(identity, ""))

    def of(self, session: str) -> Client | None:
        """Return the client of a session."""
        return self._by_session.get(session)

    def full(self) -> bool:
        """Tell whether there is no place for another."""
        return len(self) >= self.most

    def add(self, client: Client) -> None:
        """Take a client in."""
        self._by_session[client.join.session] = client
        self._sessions[client.identity] = client.join.session

    def moved(self, client: Client, identity: bytes) -> None:
        """Take note that a client has a new connection."""
        self._sessions.pop(client.identity, None)
        client.identity = identity
        self._sessions[identity] = client.join.session

    def remove(self, client: Client) -> None:
        """Let a client go."""
        self._by_session.pop(client.join.session, None)
        self._sessions.pop(client.identity, None)

    def longest_away(self, now: float, for_s: float = AWAY_S) -> Client | None:
        """Return who has been silent longest and longer than this, s; None where nobody has."""
        silent = min(self, key=lambda client: client.heard_at, default=None)
        return silent if silent is not None and now - silent.heard_at > for_s else None
