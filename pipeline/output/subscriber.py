"""A subscriber to a running daemon: every message decoded and counted."""

from __future__ import annotations

import time
from collections import Counter, deque
from collections.abc import Callable
from typing import Any

import numpy as np
import zmq

from pipeline.errors import UserError
from pipeline.output.message import (
    MAX_MESSAGE_BYTES,
    Message,
    MessageError,
    MomentMessage,
    unpack,
)
from pipeline.streams import clock
from pipeline.transport.bind import reached_from_here
from pipeline.transport.curve import ClientKeys, be_client

AGES_KEPT = 100_000
"""The newest ages the summary is made of: a quarter of an hour at 100 Hz."""
POLL_S = 0.1


def never() -> bool:
    """Return False: listen until the time is up."""
    return False


def listen(
    address: str,
    on_message: Callable[[Message], None],
    seconds: float | None = None,
    stop: Callable[[], bool] = never,
    keys: ClientKeys | None = None,
) -> dict[str, Any]:
    """Give every message published on an address to `on_message`.

    Parameters
    ----------
    address
        What the daemon publishes on, for example ``tcp://127.0.0.1:5556``. Nobody needs to be
        there yet.
    on_message
        Called with each valid message, in the order of arrival.
    seconds
        How long to listen, s; None for as long as `stop` allows.
    stop
        Asked ten times a second or more often; True ends the listening.
    keys
        What the daemon knows the listener by; None where it asks for no keys.

    Returns
    -------
    dict
        As `MessageStatistics.summary`.

    Raises
    ------
    UserError
        If the address is not one of ZeroMQ's.
    """
    deadline = float("inf") if seconds is None else time.monotonic() + seconds
    tally = MessageStatistics()
    with zmq.Context() as context, subscribed(context, address, keys) as subscriber:
        while time.monotonic() < deadline and not stop():
            wait_s = min(POLL_S, max(0.0, deadline - time.monotonic()))
            if subscriber.poll(int(1000 * wait_s) + 1):
                _hear(subscriber.recv(), tally, on_message)
    return tally.summary()


def subscribed(
    context: zmq.Context[zmq.Socket[bytes]], address: str, keys: ClientKeys | None
) -> zmq.Socket[bytes]:
    """Return a socket that hears every message published on an address; see `listen`."""
    subscriber = context.socket(zmq.SUB)
    be_client(subscriber, keys)
    subscriber.setsockopt(zmq.LINGER, 0)
    subscriber.setsockopt(zmq.MAXMSGSIZE, MAX_MESSAGE_BYTES)
    subscriber.setsockopt(zmq.SUBSCRIBE, b"")
    try:
        subscriber.connect(reached_from_here(address))
    except zmq.ZMQError as error:
        subscriber.close()
        raise UserError(
            f"'{address}' is not an address to listen on ({error.strerror}); give the one in "
            "output.zmq, such as tcp://127.0.0.1:5556."
        ) from error
    return subscriber


def _hear(frame: bytes, tally: MessageStatistics, on_message: Callable[[Message], None]) -> None:
    try:
        message = unpack(frame)
    except MessageError as error:
        tally.refuse(error)
        return
    tally.count(message, clock.now())
    on_message(message)


class MessageStatistics:
    """Counts of what has been heard."""

    def __init__(self) -> None:
        self._messages = self._invalid = self._nonfinite = 0
        self._gaps = self._missing = 0
        self._statuses: Counter[str] = Counter()
        self._ages_s: deque[float] = deque(maxlen=AGES_KEPT)
        self._previous: MomentMessage | None = None

    def refuse(self, error: MessageError) -> None:
        """Count a frame that is no valid message."""
        self._invalid += 1
        self._nonfinite += error.nonfinite

    def count(self, message: Message, now: float) -> None:
        """Count a message that came at `now`, s on the LSL clock."""
        self._messages += 1
        if isinstance(message, MomentMessage):
            self._count_moment(message, now)

    def _count_moment(self, message: MomentMessage, now: float) -> None:
        previous, self._previous = self._previous, message
        if previous and previous.session == message.session:
            missing = message.seq - previous.seq - 1
            self._gaps += missing != 0
            self._missing += max(missing, 0)
        self._statuses[message.status] += 1
        if message.t is not None:
            self._ages_s.append(now - message.t)

    def summary(self) -> dict[str, Any]:
        """Return the counts.

        Returns
        -------
        dict
            ``messages`` (valid, of all kinds), ``moments``, ``seq_gaps`` (how often the number
            did not follow the last one), ``missing`` (messages skipped that way), ``invalid``
            (frames refused), ``nonfinite`` (of these, for a NaN or an infinity), ``statuses``
            (moments per status), ``age_ms`` (p50, p99 and max from the newest EMG to hearing
            its moment, ms; None without any).
        """
        return {
            "messages": self._messages,
            "moments": self._statuses.total(),
            "seq_gaps": self._gaps,
            "missing": self._missing,
            "invalid": self._invalid,
            "nonfinite": self._nonfinite,
            "statuses": {str(status): n for status, n in self._statuses.items()},
            "age_ms": self._age_ms(),
        }

    def _age_ms(self) -> dict[str, float | None]:
        if not self._ages_s:
            return {"p50": None, "p99": None, "max": None}
        p50, p99, largest = 1e3 * np.percentile(np.array(self._ages_s), [50, 99, 100])
        return {"p50": float(p50), "p99": float(p99), "max": float(largest)}
