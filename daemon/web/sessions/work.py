"""Big work beside the event loop: few jobs at once, each result made once and kept for a while."""

from __future__ import annotations

import asyncio
import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

from daemon.web.access.gate import RefusalError

Result = TypeVar("Result")

MOST_WAITING = 16
"""Jobs that are under way or wait; who comes then is asked to come again."""
MOST_KEPT_BYTES = 64 * 2**20
_AGAIN_S = 5.0


class Workshop:
    """Threads for what takes long.

    Parameters
    ----------
    at_once
        Jobs done at the same time.
    most_waiting
        Jobs under way and waiting together.
    most_kept_bytes
        Size of the results that are kept; of more, those go that were not asked for the longest.
    """

    def __init__(
        self,
        at_once: int = 2,
        most_waiting: int = MOST_WAITING,
        most_kept_bytes: int = MOST_KEPT_BYTES,
    ) -> None:
        self._threads = ThreadPoolExecutor(at_once, thread_name_prefix="sessions")
        self._most_waiting, self._most_kept_bytes = most_waiting, most_kept_bytes
        self._lock = threading.Lock()
        self._under_way = 0
        self._making: dict[Hashable, Future[bytes]] = {}
        self._kept: OrderedDict[Hashable, bytes] = OrderedDict()
        self._kept_bytes = 0

    async def once(self, key: Hashable, job: Callable[[], bytes]) -> bytes:
        """Return what a job makes; what was made under the same key is taken as it is.

        Raises
        ------
        RefusalError
            If too many jobs wait.
        """
        with self._lock:
            if key in self._kept:
                self._kept.move_to_end(key)
                return self._kept[key]
            making = self._making.get(key)
        if making is None:
            making = self._submit(job)
            with self._lock:
                self._making[key] = making
            making.add_done_callback(lambda done: self._keep(key, done))
        return await _awaited(making)

    async def anew(self, job: Callable[[], Result]) -> Result:
        """Return what a job makes, which is not kept; raises RefusalError where too many wait."""
        return await _awaited(self._submit(job))

    def _submit(self, job: Callable[[], Result]) -> Future[Result]:
        with self._lock:
            if self._under_way >= self._most_waiting:
                raise RefusalError(
                    503, f"{self._under_way} requests are being worked on; try again.", _AGAIN_S
                )
            self._under_way += 1
        made = self._threads.submit(job)
        made.add_done_callback(self._end)
        return made

    def _end(self, _: Future[Result]) -> None:
        with self._lock:
            self._under_way -= 1

    def _keep(self, key: Hashable, made: Future[bytes]) -> None:
        with self._lock:
            del self._making[key]
            if made.cancelled() or made.exception() is not None:
                return
            self._kept[key] = made.result()
            self._kept_bytes += len(self._kept[key])
            while self._kept_bytes > self._most_kept_bytes:
                _, oldest = self._kept.popitem(last=False)
                self._kept_bytes -= len(oldest)


async def _awaited(future: Future[Result]) -> Result:
    """Wait for a job; who goes away does not take it from the others who wait for it."""
    return await asyncio.shield(asyncio.wrap_future(future))
