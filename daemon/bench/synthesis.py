"""The synthesis bench: the time that live synthesis takes at a tick."""

from __future__ import annotations

import platform
import time
from collections.abc import Callable

import numpy as np

from pipeline.emg.synthesis import SynergyWeights, Synthesis

CHANNELS = 16
SYNERGIES = 8
LOST = 3
"""Muscles without electrode."""
TICKS = 5000
WARM_UP = 100
SWITCHES = 50
_EVERY = 100


def bench_synthesis(on_progress: Callable[[float], None] | None = None) -> dict[str, object]:
    """Measure a tick of synthesis, and the tick at which an electrode comes off.

    Returns
    -------
    dict
        ``tick_ms`` and ``switch_ms``, each with ``p50``, ``p99`` and ``max``, of one row of
        `CHANNELS` muscles with `SYNERGIES` synergies; and what it was measured on.
    """
    rng = np.random.default_rng(1)
    weights = rng.uniform(0.0, 0.5, (CHANNELS, SYNERGIES))
    synthesis = Synthesis(SynergyWeights(weights, np.ones(CHANNELS)))
    rows = rng.uniform(0.0, 1.0, (TICKS, 1, CHANNELS))
    measured = np.arange(CHANNELS) >= LOST
    ticks = []
    for i, row in enumerate(rows):
        started = time.perf_counter()
        synthesis.fill(row, measured)
        ticks.append(time.perf_counter() - started)
        if on_progress and i % _EVERY == 0:
            on_progress(i / TICKS)
    switches = []
    for i in range(SWITCHES):
        started = time.perf_counter()
        synthesis.fill(rows[i], np.roll(measured, i))
        switches.append(time.perf_counter() - started)
    return {
        "channels": CHANNELS,
        "synergies": SYNERGIES,
        "lost": LOST,
        "tick_ms": _summary(ticks[WARM_UP:]),
        "switch_ms": _summary(switches[1:]),
        "machine": platform.processor() or platform.machine(),
        "numpy": np.__version__,
    }


def _summary(seconds: list[float]) -> dict[str, float]:
    p50, p99 = np.percentile(seconds, (50, 99))
    return {"p50": 1e3 * p50, "p99": 1e3 * p99, "max": 1e3 * max(seconds)}
