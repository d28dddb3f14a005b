"""What a running daemon takes and does, from one of its status messages to the next."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass

from daemon.bench.running import RunningDaemon
from daemon.host.machine import Usage, family, memory_mb, percent, threads_s, usage
from daemon.live.stages import SETTLING_S
from pipeline.errors import UserError
from pipeline.output.message import Message, StatusMessage, Ticks
from pipeline.streams import clock

Progress = Callable[[float], None]
PATIENCE_S = 120.0
"""How much longer than what is measured a run may take, for its start and end, s."""


def part_of(on_progress: Progress, number: int, count: int) -> Progress:
    """Return what tells of one of some parts, as long as each other, as a share of them all."""
    return lambda done: on_progress((number + done) / count)


@dataclass(frozen=True)
class _Look:
    """A daemon at one time."""

    at: float
    ticks: Ticks
    usage: Usage
    threads: dict[str, float]


class Watch:
    """Follows a daemon until it has run for long enough after it has settled.

    Parameters
    ----------
    running
        The daemon.
    rate_hz
        Rate of its ticks, Hz.
    seconds
        How long to watch, s.
    on_progress
        Called with the share that is done.
    memory
        Whether to look at the memory too.
    """

    def __init__(
        self,
        running: RunningDaemon,
        rate_hz: float,
        seconds: float,
        on_progress: Progress,
        *,
        memory: bool = False,
    ) -> None:
        self._running, self._rate_hz, self._seconds = running, rate_hz, seconds
        self._on_progress = on_progress
        self._memory = memory
        self._looks: list[_Look] = []
        self._done = False
        self.memory_mb: list[tuple[str, float]] = []
        """Of each process at the last look; see `daemon.host.machine.memory_mb`."""
        self.peak_mb = 0.0
        """The most that all had together, of proportional set size."""

    def until_done(self) -> None:
        """Watch the daemon for long enough; raises a UserError as `RunningDaemon.follow`."""
        self._running.follow(
            self._hear, lambda: self._done, SETTLING_S + self._seconds + PATIENCE_S
        )

    def _hear(self, message: Message) -> None:
        if not isinstance(message, StatusMessage) or self._done:
            return
        expected = message.ticks.expected
        if expected < SETTLING_S * self._rate_hz:
            return
        self._look(message.ticks)
        if not self._looks:
            return
        # From the first look on: on a busy machine it comes late, or the predictor is not found.
        gone_s = (expected - self._looks[0].ticks.expected) / self._rate_hz
        self._on_progress(min(1.0, gone_s / self._seconds))
        self._done = gone_s >= self._seconds

    def _look(self, ticks: Ticks) -> None:
        pids = family(os.getpid()) | {"supervisor": self._running.pid}
        if "predictor" in pids:
            look = _Look(clock.now(), ticks, usage(pids), threads_s(pids["predictor"]))
            self._looks.append(look)
        if self._memory:
            self.memory_mb = memory_mb(self._running.pid)
            self.peak_mb = max(self.peak_mb, sum(mb for _, mb in self.memory_mb))

    @property
    def ticks(self) -> tuple[int, int]:
        """Ticks that were due and that were published."""
        first, last = self._ends()
        return (
            last.ticks.expected - first.ticks.expected,
            last.ticks.published - first.ticks.published,
        )

    @property
    def cpu_percent(self) -> dict[str, float]:
        """Share of one processor by process."""
        first, last = self._ends()
        return percent(first.usage, last.usage)

    @property
    def predictor_threads_percent(self) -> dict[str, float]:
        """Share of one processor by kind of the predictor's threads."""
        first, last = self._ends()
        return {
            kind: 100.0 * (used - first.threads[kind]) / (last.at - first.at)
            for kind, used in last.threads.items()
        }

    def _ends(self) -> tuple[_Look, _Look]:
        if len(self._looks) < 2:
            raise UserError("The bench saw too little of the daemon; let it measure for longer.")
        return self._looks[0], self._looks[-1]
