"""How old the moments were when they were published, over the last minute."""

from __future__ import annotations

from collections import deque
from typing import Any

import numpy as np

KEPT_S = 60
MOST_PER_S = 2000
"""Of each second no more are kept; the daemon sends 1000 at most."""
BINS = 40
_WIDTHS_MS = (0.25, 0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0)


class LatencyWindow:
    """Keeps the latencies of the last minute, second by second."""

    def __init__(self) -> None:
        self._now: list[float] = []
        self._seconds: deque[list[float]] = deque(maxlen=KEPT_S)

    def add(self, latency_s: float) -> None:
        """Take the time from the newest EMG of a moment to its publication, s."""
        if len(self._now) < MOST_PER_S:
            self._now.append(1e3 * latency_s)

    def turn(self) -> dict[str, Any]:
        """End a second; return the histogram of the last minute.

        Returns
        -------
        dict
            ``edges_ms`` (one more than ``counts``), ``counts`` (the last bin has all that is
            larger), ``p50``, ``p99``, ``max`` (ms; None without a moment).
        """
        self._seconds.append(self._now)
        self._now = []
        values = np.array([value for second in self._seconds for value in second])
        if not len(values):
            return {"edges_ms": [], "counts": [], "p50": None, "p99": None, "max": None}
        p50, p99, largest = map(float, np.percentile(values, [50, 99, 100]))
        width = next((w for w in _WIDTHS_MS if p99 <= 0.75 * BINS * w), _WIDTHS_MS[-1])
        edges = width * np.arange(BINS + 1)
        counts, _ = np.histogram(np.clip(values, 0.0, edges[-1]), edges)
        return {
            "edges_ms": edges.tolist(),
            "counts": counts.tolist(),
            "p50": p50,
            "p99": p99,
            "max": largest,
        }
