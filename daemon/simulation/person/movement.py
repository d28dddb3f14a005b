"""The simulated person's movement: reaches without end, and the excitations that go with them.

Angles are minimum-jerk reaches between random postures (Flash & Hogan 1985, J Neurosci 5:1688).
Excitations are the sum of bursts: agonists that start a reach and antagonists that brake it, bursts
of single channels, and co-contraction of all. Both are functions of time, so that no block size and
no delay changes them; what happens next is drawn from the seed as time goes on.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

import numpy as np
from numpy.random import Generator, SeedSequence
from numpy.typing import NDArray

Array = NDArray[np.float64]
Efforts = Callable[[Array, Array], Array]
Course = Callable[[Array], Array]

REST = 0.01
"""Excitation of a muscle that is not used."""
TOP = 0.9
"""Excitation that overlapping bursts approach and never reach."""
_SPEED = 2.5
"""Highest speed of a joint, rad/s."""
_PEAK_OVER_MEAN = 1.875
"""Of the speed of a minimum-jerk reach."""


@dataclass(frozen=True)
class Task:
    """What the person does from a time on."""

    since_s: float
    low: Array
    """Lowest angle of each joint, rad, shape [coordinate]."""
    high: Array
    """Highest angle of each joint, rad, shape [coordinate]."""
    pace: float = 1.0
    """Factor on the speed of the reaches."""
    effort: float = 1.0
    """Factor on the drive of the bursts that make them."""


@dataclass(frozen=True)
class Reach:
    """A minimum-jerk movement between two postures, and the stay at the second."""

    start_s: float
    duration_s: float
    stay_s: float
    origin: Array
    """rad, shape [coordinate]"""
    target: Array
    """rad, shape [coordinate]"""

    @property
    def end_s(self) -> float:
        """Time at which the next reach starts, s."""
        return self.start_s + self.duration_s + self.stay_s

    def angles(self, t: Array) -> Array:
        """Return the angles in rad at times `t` in s, shape [time, coordinate]."""
        x = np.clip((t - self.start_s) / self.duration_s, 0.0, 1.0)[:, None]
        return self.origin + (self.target - self.origin) * x**3 * (10.0 + x * (6.0 * x - 15.0))

    def rates(self, t: Array) -> Array:
        """Return velocities, rad/s, and accelerations, rad/s^2, shape [2, time, coordinate]."""
        x = np.clip((t - self.start_s) / self.duration_s, 0.0, 1.0)
        speed = 30.0 * (x * (1.0 - x)) ** 2 / self.duration_s
        change = 60.0 * x * (1.0 - x) * (1.0 - 2.0 * x) / self.duration_s**2
        return np.asarray(np.stack((speed, change))[..., None] * (self.target - self.origin))


@dataclass(frozen=True)
class Burst:
    """A rise, a plateau and a fall of excitation."""

    start_s: float
    rise_s: float
    hold_s: float
    fall_s: float
    height: Array
    """Shape [channel]."""

    @property
    def end_s(self) -> float:
        """Time at which it is over, s."""
        return self.start_s + self.rise_s + self.hold_s + self.fall_s

    def drive(self, t: Array) -> Array:
        """Return its share in the drive at times `t` in s, shape [time, channel]."""
        up = np.clip((t - self.start_s) / self.rise_s, 0.0, 1.0)
        down = np.clip((self.end_s - t) / self.fall_s, 0.0, 1.0)
        x = np.minimum(up, down)
        return (x * x * (3.0 - 2.0 * x))[:, None] * self.height


class Movement:
    """Angles and excitations of the simulated person over time.

    Parameters
    ----------
    tasks
        What the person does, one task after the other; the first from zero on.
    efforts
        Tells for a posture and a change of posture (rad, shape [coordinate] each) how much each
        channel's muscles help it: 1 the most, below zero those that brake it; shape [channel].
    synergies
        What moves together: the channels' shares in each drive of its own, shape
        [drive, channel]; the identity where every channel has its own.
    seed
        Seed of everything drawn here.
    memory_s
        How far back excitations are still asked for, s.
    drive
        Gives for times in s what the drive of each channel is multiplied by, shape [time, channel].
    """

    def __init__(
        self,
        tasks: Sequence[Task],
        efforts: Efforts,
        synergies: Array,
        seed: SeedSequence,
        memory_s: float,
        drive: Course,
    ) -> None:
        count, n_channels = synergies.shape
        of_reaches, of_efforts, of_all, *of_drives = seed.spawn(3 + count)
        bursts = [
            _bursts_of_reaches(_reaches(tasks, of_reaches), efforts, synergies, of_efforts),
            _bursts(np.ones(n_channels), (3.0, 8.0), 0.5, of_all),
        ]
        for channels, own in zip(synergies, of_drives, strict=True):
            bursts.append(_bursts(channels, (0.4, 3.0), 1.5, own))
        self._bursts = _Passing(heapq.merge(*bursts, key=lambda burst: burst.start_s), memory_s)
        self._reaches = _Passing((reach for reach, _ in _reaches(tasks, of_reaches)), 0.0)
        self._n_coordinates, self._n_channels = len(tasks[0].low), n_channels
        self._drive = drive

    def angles(self, t: Array) -> Array:
        """Return the angles in rad at rising times `t` in s, shape [time, coordinate]."""
        q = np.empty((len(t), self._n_coordinates))
        for reach in self._reaches.during(t):
            since = int(np.searchsorted(t, reach.start_s))
            q[since:] = reach.angles(t[since:])
        return q

    def rates(self, t: Array) -> Array:
        """Return the angles' velocities and accelerations, shape [2, time, coordinate]."""
        rates = np.zeros((2, len(t), self._n_coordinates))
        if len(t) == 0:
            return rates
        for reach in self._reaches.during(t):
            since = int(np.searchsorted(t, reach.start_s))
            rates[:, since:] = reach.rates(t[since:])
        return rates

    def excitations(self, t: Array) -> Array:
        """Return the excitations at rising times `t` in s, shape [time, channel]."""
        drive = np.zeros((len(t), self._n_channels))
        for burst in self._bursts.during(t):
            drive += burst.drive(t)
        return REST + (TOP - REST) * -np.expm1(-drive * self._drive(t))


class _Event(Protocol):
    @property
    def start_s(self) -> float: ...

    @property
    def end_s(self) -> float: ...


_E = TypeVar("_E", bound=_Event)


class _Passing(Generic[_E]):
    """The events around the present, of an endless sequence ordered by start."""

    def __init__(self, events: Iterator[_E], memory_s: float) -> None:
        self._events = events
        self._memory_s = memory_s
        self._next = next(events)
        self._present: list[_E] = []

    def during(self, t: Array) -> list[_E]:
        """Return the events of the times `t` in order; those long over are forgotten."""
        self._present = [event for event in self._present if event.end_s > t[0] - self._memory_s]
        while self._next.start_s <= t[-1]:
            self._present.append(self._next)
            self._next = next(self._events)
        return self._present


def _reaches(tasks: Sequence[Task], seed: SeedSequence) -> Iterator[tuple[Reach, Task]]:
    """Yield reaches without end, each with its task; the person first waits in the middle."""
    rng = np.random.default_rng(seed)
    here = 0.5 * (tasks[0].low + tasks[0].high)
    reach, task = Reach(-1.0, 1.0, 0.5, here, here), tasks[0]
    while True:
        yield reach, task
        task = [one for one in tasks if one.since_s <= reach.end_s][-1]
        target = rng.uniform(task.low, task.high)
        fastest = _PEAK_OVER_MEAN * float(np.abs(target - reach.target).max()) / _SPEED
        duration = max(fastest, 0.5) * rng.uniform(1.0, 1.6) / task.pace
        stay = rng.uniform(0.05, 0.6) / task.pace
        reach = Reach(reach.end_s, duration, stay, reach.target, target)


def _bursts_of_reaches(
    reaches: Iterator[tuple[Reach, Task]], efforts: Efforts, synergies: Array, seed: SeedSequence
) -> Iterator[Burst]:
    """Yield for each reach the burst of its agonists and that of its antagonists."""
    rng = np.random.default_rng(seed)
    shares = synergies / synergies.sum(1, keepdims=True)
    next(reaches)
    for reach, task in reaches:
        helps = shares @ efforts(reach.origin, reach.target - reach.origin)
        strong, brake = task.effort * rng.uniform(0.2, 1.5), rng.uniform(0.3, 0.8)
        third = reach.duration_s / 3
        for start, height in (
            (reach.start_s - 0.08, np.maximum(helps, 0.0)),
            (reach.start_s + third, brake * np.maximum(-helps, 0.0)),
        ):
            yield Burst(start, max(0.5 * third, 0.1), third, third, strong * height @ synergies)


def _bursts(
    channels: Array, pauses_s: tuple[float, float], most: float, seed: SeedSequence
) -> Iterator[Burst]:
    """Yield bursts of `channels` with heights up to `most` and random pauses between them."""
    rng: Generator = np.random.default_rng(seed)
    end = 0.0
    while True:
        height = most * rng.uniform(0.05, 1.0)
        start, rise, hold = end + rng.uniform(*pauses_s), rng.uniform(0.1, 0.3), rng.uniform(0, 0.5)
        burst = Burst(start, rise, hold, rng.uniform(0.12, 0.4), height * channels)
        yield burst
        end = burst.end_s
