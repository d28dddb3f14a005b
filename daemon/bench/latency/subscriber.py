"""The controller of the bench: a process that hears every moment and notes when."""

from __future__ import annotations

from pathlib import Path

import msgpack
import numpy as np
import zmq

from daemon.host.realtime import claim_priority
from daemon.processes.signs import Stop
from pipeline.output.message import MomentMessage
from pipeline.streams import clock

WAIT_MS = 100
COLUMNS = ("seq", "t", "received")


def hear(address: str, priority: int, result: Path, stop: Stop) -> None:
    """Note number, EMG time and time of reception of every moment that uses any EMG.

    Parameters
    ----------
    address
        Where the moments are published.
    priority
        Real-time priority, as a controller has; 0 for none.
    result
        File for the notes: a NumPy array with the `COLUMNS`.
    stop
        Tells when to end.
    """
    claim_priority(priority)
    prefix = f"{MomentMessage.topic} ".encode("ascii")
    rows: list[tuple[float, float, float]] = []
    with zmq.Context() as context, context.socket(zmq.SUB) as subscriber:
        subscriber.setsockopt(zmq.LINGER, 0)
        subscriber.setsockopt(zmq.SUBSCRIBE, prefix)
        subscriber.connect(address)
        stop.announce_ready()
        while not stop.requested():
            if subscriber.poll(WAIT_MS):
                frame, now = subscriber.recv(), clock.now()
                message = msgpack.unpackb(frame.removeprefix(prefix))
                if message["t"] is not None:
                    rows.append((message["seq"], message["t"], now))
    np.save(result, np.array(rows).reshape(-1, len(COLUMNS)))
