"""The amplifier and motion capture of the bench: a process that sends sample by sample."""

from __future__ import annotations

import gc
import json
import time
from pathlib import Path

import numpy as np

from daemon.config import Config
from daemon.host.realtime import claim_priority
from daemon.live.histogram import Histogram
from daemon.processes.signs import Stop
from daemon.simulation.lab import Lab
from daemon.simulation.sensors.sensor import Samples
from pipeline.streams import clock
from pipeline.streams.base import Array, Outlet
from pipeline.streams.lsl.outlet import LslOutlet
from pipeline.streams.roles import ROLES

CYCLE_S = 20
"""Length of the movement that is computed before the start and then sent over and over, s."""


def send(config: Config, result: Path, stop: Stop) -> None:
    """Send the simulated lab's streams over LSL, each sample when it is due, by itself.

    A sample is stamped when it is sent, as a driver does that lets liblsl stamp: what the sender
    is late by does not count as the daemon's latency. It is told beside it.

    Parameters
    ----------
    config
        The set-up.
    result
        File for how late samples were sent: ``p50``, ``p99`` and ``max`` in ms, as JSON.
    stop
        Tells when to end.
    """
    claim_priority(config.realtime.priority)
    lab = Lab(config)
    blocks = [lab.block(1000) for _ in range(CYCLE_S)]
    feeds = [
        _Feed(key, config, [getattr(block, key) for block in blocks])
        for key in ("emg", "angles", "moments")
    ]
    gc.disable()
    stop.announce_ready()
    late = Histogram()
    start, ms = clock.now(), 0
    while not stop.requested():
        due = start + 1e-3 * ms
        time.sleep(max(0.0, due - clock.now()))
        late.add(clock.now() - due)
        for feed in feeds:
            feed.send(ms)
        ms += 1
    result.write_text(json.dumps(late.milliseconds()), encoding="utf-8")
    for feed in feeds:
        feed.close()


class _Feed:
    """One stream: its samples, and what carries them."""

    def __init__(self, key: str, config: Config, samples: list[Samples]) -> None:
        stream = getattr(config.streams, key)
        self._every_ms = round(1000 / stream.rate_hz)
        self._x: Array = np.concatenate([part.x for part in samples])
        self._outlet: Outlet = LslOutlet(
            stream.name,
            ROLES[key].lsl_type,
            tuple(stream.channels),
            stream.unit,
            stream.rate_hz,
        )

    def send(self, ms: int) -> None:
        """Send the sample that is due in this millisecond, if there is one."""
        if ms % self._every_ms == 0:
            place = ms // self._every_ms % len(self._x)
            self._outlet.push(np.array([clock.now()]), self._x[place : place + 1])

    def close(self) -> None:
        """Take the stream off the network."""
        self._outlet.close()
