"""The threads or processes that calibrators are spread over."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator
from multiprocessing.connection import Connection

from daemon.assembly.calibrator import compute_device
from daemon.calibration.clients import Client
from daemon.calibration.shop import Shop
from daemon.calibration.wire import Refusal
from daemon.config import Config

ENDED = (
    "the process of its calibrator ended and begins anew; the calibrator's log, or that of the "
    "system where memory ran out, says more."
)

logger = logging.getLogger(__name__)


def processes_for(config: Config) -> int:
    """Return how many processes fill this machine: a GPU is filled by one."""
    if compute_device(config) == "cuda":
        return 1
    return max(1, len(os.sched_getaffinity(0)) // config.calibrator.threads)


class Shops:
    """As many as are needed, and no more than are wanted.

    Parameters
    ----------
    config
        The set-up.
    most
        So many at most; a single one is a thread of this process.
    """

    def __init__(self, config: Config, most: int) -> None:
        self._config, self._most = config, most
        self._shops: list[Shop] = []

    @property
    def lines(self) -> list[Connection]:
        """Readable where one has said something."""
        return [shop.line for shop in self._shops]

    def seat(self, client: Client) -> None:
        """Have a client calibrated where there are the fewest others."""
        free = min(self._shops, key=lambda shop: len(shop.clients), default=None)
        if free is None or (free.clients and len(self._shops) < self._most):
            free = Shop(self._config, apart=self._most > 1)
            self._shops.append(free)
        free.seat(client)

    def leave(self, client: Client) -> None:
        """Have a client forgotten."""
        for shop in self._shops:
            if client.join.session in shop.clients:
                shop.leave(client)

    def turn(self) -> Iterator[tuple[str, bytes]]:
        """Hand over what has come; yield the sessions of clients and what they are to be told."""
        for shop in list(self._shops):
            try:
                yield from shop.said()
            except EOFError:
                logger.error("A process of %d calibrators ended", len(shop.clients))
                self._shops.remove(shop)
                yield from ((name, Refusal(sentence=ENDED).pack()) for name in list(shop.clients))
                shop.close()
            else:
                shop.serve()

    def close(self) -> None:
        """End all."""
        for shop in self._shops:
            shop.close()
