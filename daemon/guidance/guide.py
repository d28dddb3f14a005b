"""Leads through the steps of a recording by the time stamps of the EMG, and takes the levels."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from daemon.guidance.steps import Kind, Step
from pipeline.emg.envelope import Envelope
from pipeline.emg.levels import Levels
from pipeline.streams.base import Array, Chunk


@dataclass(frozen=True)
class Take:
    """A step that was recorded, and its levels in the unit of the envelope."""

    step: Step
    levels: Levels


class Guide:
    """A state machine whose clock is the samples' own.

    Parameters
    ----------
    steps
        What to do, in order, ending with `Kind.END`.
    envelope
        With an MVC of 1 and no resting level, so that what comes out is the envelope itself.
    by_time
        Whether pauses end by themselves; otherwise at `go_on`.
    """

    def __init__(self, steps: Sequence[Step], envelope: Envelope, *, by_time: bool) -> None:
        self._steps, self._envelope, self._by_time = steps, envelope, by_time
        self._at = 0
        self._begun: float | None = None
        self._now = 0.0
        self.takes: list[Take] = []
        """What has been recorded."""
        self.missed: list[Step] = []
        """Steps in which there was too little EMG for a level."""
        self.level: Array = np.zeros(len(envelope.scale.mvc))
        """The newest envelope, shape [channel]."""
        self.best: Array = np.zeros(len(envelope.scale.mvc))
        """Highest level that was held in any contraction, shape [channel]."""

    @property
    def step(self) -> Step:
        """The step at which it is."""
        return self._steps[self._at]

    @property
    def number(self) -> int:
        """Which step that is, from 0."""
        return self._at

    @property
    def done(self) -> bool:
        """Whether nothing is left to do or to decide."""
        return self._at == len(self._steps)

    @property
    def waits(self) -> bool:
        """Whether `go_on` is waited for."""
        return not self._by_time and not self.done and not self.step.is_recorded

    @property
    def left_s(self) -> float:
        """How long the step goes on, s."""
        gone_s = 0.0 if self._begun is None else self._now - self._begun
        return max(0.0, self.step.seconds - gone_s)

    def take(self, chunk: Chunk) -> None:
        """Take in the next samples of the EMG; steps begin and end at samples."""
        while len(chunk.t) and not self.done:
            if self._begun is None:
                self._begin(float(chunk.t[0]))
            n = len(chunk.t) if self.waits else self._samples_of_step(chunk.t)
            self._process(Chunk(chunk.stream, chunk.t[:n], chunk.x[:n]))
            if n == len(chunk.t):
                break
            chunk = Chunk(chunk.stream, chunk.t[n:], chunk.x[n:])
            self._end()
        if not self.done and self._by_time and self.step.kind is Kind.END:
            self._at += 1

    def go_on(self) -> None:
        """End a pause that waits, or the whole at its end."""
        if self.waits:
            self._end()

    def again(self) -> None:
        """Drop the last take and go back to the pause before it, if a pause waits."""
        if not self.waits or self._at < 2:
            return
        self._at -= 2
        dropped = self._steps[self._at + 1]
        self.takes = [take for take in self.takes if take.step is not dropped]
        self.missed = [step for step in self.missed if step is not dropped]
        self._begun = None
        self._find_best()

    def _samples_of_step(self, t: Array) -> int:
        end = (self._begun or 0.0) + self.step.seconds
        return int(np.searchsorted(t, end, side="left"))

    def _begin(self, now: float) -> None:
        self._begun = self._now = now
        if self.step.is_recorded:
            self._envelope.record()

    def _process(self, chunk: Chunk) -> None:
        if len(chunk.t) == 0:
            return
        self._now = float(chunk.t[-1])
        envelope = self._envelope.process(chunk)
        if len(envelope.x):
            self.level = envelope.x[-1]

    def _end(self) -> None:
        if self.step.is_recorded:
            levels = self._envelope.recorded()
            if levels is None:
                self.missed.append(self.step)
            else:
                self.takes.append(Take(self.step, levels))
                self._find_best()
        self._at += 1
        self._begun = None

    def _find_best(self) -> None:
        efforts = [t.levels.highest for t in self.takes if t.step.kind is Kind.EFFORT]
        self.best = np.max([np.zeros_like(self.best), *efforts], axis=0)
