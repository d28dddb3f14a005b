"""The time of a row, from its EMG's time stamp to its publication, stage by stage."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

from daemon.live.histogram import Histogram
from pipeline.streams import clock

STAGES = ("transport", "envelope", "align", "predict", "publish")
"""The stages in a row's order; each lasts from the end of the one before to its own."""
SETTLING_S = 5.0
"""Rows of this time after the first one do not count: connections are being made, s."""
BIN_S, LONGEST_S = 1e-5, 1.0
_CHUNKS = 100
"""Chunks of EMG that are remembered, in which the sample a row waited for must lie."""


@dataclass
class _Passage:
    """When a chunk of EMG passed."""

    newest: float
    """Stamp of its newest sample, s."""
    arrived: float
    enveloped: float


class StageTimes:
    """Takes the time whenever a stage is done; bounded in memory, a few clock readings a row.

    A row's EMG sample has come with some chunk, maybe long before the row was complete. Its
    transport ends when that chunk was taken from the stream, its envelope when that chunk was
    filtered; all that it then waits for other samples counts as alignment. So the stages of a row
    always add up to its latency.
    """

    def __init__(self) -> None:
        self._chunks: deque[_Passage] = deque(maxlen=_CHUNKS)
        self._done = dict.fromkeys(STAGES, 0.0)
        self._counted = {name: Histogram(BIN_S, LONGEST_S) for name in (*STAGES, "total")}
        self._sums = dict.fromkeys(self._counted, 0.0)
        self._rows = 0
        self._since: float | None = None

    def arrived(self, newest: float) -> None:
        """Take note of a chunk of EMG that the transport has delivered.

        Parameters
        ----------
        newest
            Stamp of its newest sample, s.
        """
        now = clock.now()
        self._chunks.append(_Passage(newest, now, now))

    def passed(self, stage: str) -> None:
        """Take note that ``envelope``, ``align`` or ``predict`` is done with what it was given."""
        self._done[stage] = now = clock.now()
        if stage == "envelope" and self._chunks:
            self._chunks[-1].enveloped = now

    def published(self, t_emg: float) -> None:
        """Count a row that has been handed to all ways out.

        Parameters
        ----------
        t_emg
            Time of the newest EMG it used, s.
        """
        now = clock.now()
        while len(self._chunks) > 1 and self._chunks[0].newest < t_emg:
            self._chunks.popleft()
        self._since = t_emg + SETTLING_S if self._since is None else self._since
        if t_emg < self._since or not self._chunks:
            return
        chunk = self._chunks[0]
        ends = (chunk.arrived, chunk.enveloped, self._done["align"], self._done["predict"], now)
        self._rows += 1
        start = t_emg
        for stage, end in zip(STAGES, ends, strict=True):
            self._count(stage, end - start)
            start = end
        self._count("total", now - t_emg)

    def _count(self, name: str, seconds: float) -> None:
        self._counted[name].add(seconds)
        self._sums[name] += seconds

    def milliseconds(self) -> dict[str, dict[str, float | None]]:
        """Return ``p50``, ``p99``, ``p999``, ``max``, ``mean`` in ms by stage, and of ``total``.

        The means of the stages add up to that of the total.
        """
        return {
            name: {
                **counted.milliseconds(),
                "p999": counted.quantile_ms(0.999),
                "mean": 1e3 * self._sums[name] / self._rows if self._rows else None,
            }
            for name, counted in self._counted.items()
        }
