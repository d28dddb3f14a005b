"""One server that takes what waits in batches, simulated from one batch to the next."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import islice
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


class Requests(NamedTuple):
    """Updates that are asked for, in the order in which they reach the server."""

    due: Array
    """When the exoskeleton asked, s, shape [request]."""
    arrival: Array
    """When the server has it, s, rising."""
    owner: NDArray[np.int64]
    """Who asked."""


@dataclass(frozen=True)
class Served:
    """What became of the requests; times in s, shape [request]."""

    requests: Requests
    start: Array
    """When its batch was begun; NaN where a newer request of its owner took its place."""
    left: Array
    """When its batch was done, or the newer request came."""
    busy: float
    """Time for which the server worked."""
    batches: int

    @property
    def done(self) -> NDArray[np.bool_]:
        """Which requests were served."""
        return np.asarray(np.isfinite(self.start))

    def waiting_at(self, times: Array) -> NDArray[np.int64]:
        """Return how many requests wait for their batch to begin at some times."""
        ended = np.sort(np.where(self.done, self.start, self.left))
        come = self.requests.arrival.searchsorted(times, "right")
        return np.asarray(come - ended.searchsorted(times, "right"))


def serve(requests: Requests, service: Callable[[int], float], most: int) -> Served:
    """Serve requests in the order in which they have come.

    As soon as the server is free it takes all that wait, `most` at once, and each of them has to
    wait for the whole batch. An owner whose request still waits when the next one comes is served
    once, with the newer: a calibrator works on the newest window, never on one that is past.

    Parameters
    ----------
    service
        Time that a batch of so many takes, s.
    """
    count, arrival, owner = len(requests.arrival), requests.arrival, requests.owner.tolist()
    start, left = np.full(count, np.nan), np.empty(count)
    waiting: dict[int, int] = {}
    now = busy = 0.0
    come = batches = 0
    while come < count or waiting:
        if not waiting:
            now = max(now, float(arrival[come]))
        while come < count and arrival[come] <= now:
            older = waiting.get(owner[come])
            if older is not None:
                left[older] = arrival[come]
            waiting[owner[come]] = come
            come += 1
        batch = [waiting.pop(who) for who in list(islice(waiting, most))]
        taken = service(len(batch))
        start[batch] = now
        now, busy, batches = now + taken, busy + taken, batches + 1
        left[batch] = now
    return Served(requests, start, left, busy, batches)
