"""Stands between a stream's sender and the daemon, and spoils what passes."""

from __future__ import annotations

import heapq
import random
import threading
from collections.abc import Callable
from dataclasses import replace
from itertools import count

import numpy as np
import zmq

from pipeline.streams import clock
from pipeline.streams.zeromq import wire

Spoilt = list[tuple[float, bytes]]
"""What becomes of a frame: frames, each with the time at which it goes on, s."""
Spoil = Callable[[bytes, float], Spoilt]
"""Given a frame and the time it came, s."""
Change = Callable[[wire.Samples], wire.Samples | None]


def untouched(frame: bytes, now: float) -> Spoilt:
    """Pass a frame on."""
    return [(now, frame)]


class Proxy:
    """One ZeroMQ stream on its way, in a thread.

    Parameters
    ----------
    source, target
        Where the sender publishes, and where the daemon listens.
    """

    def __init__(self, source: str, target: str) -> None:
        self.spoil: Spoil = untouched
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._work, args=(source, target))
        self._thread.start()

    def _work(self, source: str, target: str) -> None:
        numbers, waiting = count(), list[tuple[float, int, bytes]]()
        with (
            zmq.Context() as context,
            context.socket(zmq.SUB) as come,
            context.socket(zmq.PUB) as go,
        ):
            come.setsockopt(zmq.SUBSCRIBE, b"")
            go.setsockopt(zmq.LINGER, 0)
            come.connect(source)
            go.bind(target)
            while not self._end.is_set():
                if come.poll(2 if waiting else 50):
                    for due, frame in self.spoil(come.recv(), clock.now()):
                        heapq.heappush(waiting, (due, next(numbers), frame))
                while waiting and waiting[0][0] <= clock.now():
                    go.send(heapq.heappop(waiting)[2])

    def close(self) -> None:
        """End the thread."""
        self._end.set()
        self._thread.join()


def dropping(share: float) -> Spoil:
    """Lose a share of all frames."""
    chance = random.Random(1)
    return lambda frame, now: [] if chance.random() < share else [(now, frame)]


def delaying(least_s: float, most_s: float) -> Spoil:
    """Hold each frame back for a time drawn anew, and keep their order."""
    chance, last = random.Random(1), 0.0

    def spoil(frame: bytes, now: float) -> Spoilt:
        nonlocal last
        last = max(last, now + chance.uniform(least_s, most_s))
        return [(last, frame)]

    return spoil


def duplicating(share: float) -> Spoil:
    """Send a share of all frames twice."""
    chance = random.Random(1)
    return lambda frame, now: [(now, frame)] * (2 if chance.random() < share else 1)


def reordering(share: float, by_s: float) -> Spoil:
    """Let a share of all frames be overtaken by what comes within `by_s`."""
    chance = random.Random(1)
    return lambda frame, now: [(now + (by_s if chance.random() < share else 0.0), frame)]


def corrupting(share: float) -> Spoil:
    """Overwrite some bytes of a share of all frames, anywhere behind the topic."""
    chance = random.Random(1)

    def spoil(frame: bytes, now: float) -> Spoilt:
        if chance.random() < share:
            damaged = bytearray(frame)
            for _ in range(chance.randint(1, 8)):
                damaged[chance.randrange(frame.index(b" ") + 1, len(frame))] = chance.randrange(256)
            frame = bytes(damaged)
        return [(now, frame)]

    return spoil


def silence(frame: bytes, now: float) -> Spoilt:
    """Let nothing pass."""
    return []


def changing(change: Change) -> Spoil:
    """Pass on what `change` makes of the samples."""

    def spoil(frame: bytes, now: float) -> Spoilt:
        changed = change(wire.decode(frame))
        return [] if changed is None else [(now, wire.encode(changed))]

    return spoil


def shifted(by_s: float) -> Spoil:
    """Let the sender's clock be wrong."""
    return changing(lambda s: replace(s, t=None if s.t is None else s.t + by_s))


def trembling(by_s: float) -> Spoil:
    """Stamp each message as a whole, off by a normal deviation of `by_s`."""
    chance = np.random.default_rng(1)
    return changing(lambda s: replace(s, t=None if s.t is None else s.t + chance.normal(0.0, by_s)))


def stamped_once() -> Spoil:
    """Give all samples of a message the stamp of the last."""
    return changing(lambda s: replace(s, t=None if s.t is None else np.full_like(s.t, s.t[-1])))


def scaled(factor: float) -> Spoil:
    """Send values in another unit, or of another sign, than stated."""
    return changing(lambda s: replace(s, x=factor * s.x))


def running_at(pace: float) -> Spoil:
    """Let the sender's clock run at another pace from now on."""
    start = clock.now()
    return changing(lambda s: replace(s, t=None if s.t is None else start + pace * (s.t - start)))


def claiming(rate_hz: float) -> Spoil:
    """Let the sender state a rate that is not its own."""
    return changing(lambda s: replace(s, rate_hz=rate_hz))


def thinned(by: int) -> Spoil:
    """Let the sender leave out all samples but one in `by`, and keep its stated rate."""

    def change(samples: wire.Samples) -> wire.Samples | None:
        assert samples.t is not None
        kept = np.rint(samples.t * samples.rate_hz).astype(int) % by == 0
        return replace(samples, t=samples.t[kept], x=samples.x[kept]) if kept.any() else None

    return changing(change)


def spiking(share: float, value: float) -> Spoil:
    """Replace a share of all samples by a value or its opposite."""
    chance = np.random.default_rng(1)

    def change(samples: wire.Samples) -> wire.Samples:
        hit = chance.random(len(samples.x)) < share
        return replace(samples, x=np.where(hit[:, None], chance.choice((-value, value)), samples.x))

    return changing(change)


def all_equal_to(value: float) -> Spoil:
    """Replace every sample's values by one."""
    return changing(lambda s: replace(s, x=np.full_like(s.x, value)))
