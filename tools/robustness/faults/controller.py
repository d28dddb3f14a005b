"""A controller: a real ZeroMQ subscriber that keeps the time of every message."""

from __future__ import annotations

import math
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import msgpack
import zmq

from pipeline.streams import clock
from pipeline.transport.curve import ClientKeys, be_client


@dataclass(frozen=True)
class Heard:
    """A message with the time it arrived at, s."""

    at: float
    body: Mapping[str, Any]

    @property
    def status(self) -> str:
        """The status word."""
        return str(self.body["st"])

    @property
    def good(self) -> bool:
        """Whether a controller may use every joint of a moment message."""
        return self.status == "NOMINAL" and all(self.body["ok"])


class Controller:
    """Listens from a thread of its own, without any of the daemon's code.

    Parameters
    ----------
    address
        What the daemon publishes on.
    keys
        What the daemon knows it by; None where it asks for no keys.
    """

    def __init__(self, address: str, keys: ClientKeys | None = None) -> None:
        self._keys = keys
        self.moments: list[Heard] = []
        self.statuses: list[Heard] = []
        self.nonfinite = 0
        """Messages with a number that is not finite."""
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._listen, args=(address,))
        self._thread.start()

    def _listen(self, address: str) -> None:
        with zmq.Context() as context, context.socket(zmq.SUB) as subscriber:
            subscriber.setsockopt(zmq.LINGER, 0)
            subscriber.setsockopt(zmq.SUBSCRIBE, b"")
            be_client(subscriber, self._keys)
            subscriber.connect(address)
            while not self._end.is_set():
                if subscriber.poll(50):
                    self._hear(clock.now(), subscriber.recv())

    def _hear(self, at: float, frame: bytes) -> None:
        topic, _, packed = frame.partition(b" ")
        body = msgpack.unpackb(packed)
        self.nonfinite += not _finite(body)
        if topic == b"moment":
            self.moments.append(Heard(at, body))
        elif topic == b"status":
            self.statuses.append(Heard(at, body))

    def close(self) -> None:
        """End the thread."""
        self._end.set()
        self._thread.join()


def _finite(value: object) -> bool:
    if isinstance(value, Mapping):
        return all(map(_finite, value.values()))
    if isinstance(value, list):
        return all(map(_finite, value))
    return not isinstance(value, float) or math.isfinite(value)
