"""The latency bench: from the newest EMG sample to its published moment, at full load."""

from __future__ import annotations

import json
import os
import platform
from collections.abc import Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from daemon.bench.latency.setup import EMG_RATE_HZ, Size, bench_config
from daemon.bench.running import RunningDaemon, beside
from daemon.bench.watch import Progress, Watch, part_of
from daemon.host.machine import processor
from daemon.live.stages import SETTLING_S, STAGES
from daemon.processes.nursery import Nursery
from daemon.processes.worker import Worker

SIZES: tuple[Size, ...] = (Size(16, 16), Size(64, 40))
WANTED_MS = {"p50": 0.6, "p99": 1.5}
"""With a real-time priority."""
WANTED_WITHOUT_MS = {"p99": 5.0}
"""Without one: a tick."""
QUANTILES = {"p50": 50.0, "p99": 99.0, "p999": 99.9, "max": 100.0}


def bench_latency(
    sizes: Sequence[Size] = SIZES,
    seconds: float = 60.0,
    realtime: dict[str, object] | None = None,
    on_progress: Progress = lambda done: None,
) -> dict[str, Any]:
    """Measure the latency of the daemon on one set-up after the other.

    Parameters
    ----------
    sizes
        The set-ups.
    seconds
        How long each is measured, s; the start comes on top.
    realtime
        The section ``realtime`` of the configuration.
    on_progress
        Called with the share that is done.

    Returns
    -------
    dict
        ``machine``, ``cores``, ``seconds``, and ``runs``, one per size as from `measure`.

    Raises
    ------
    UserError
        If liblsl is missing, or no moment comes.
    """
    runs = [
        measure(size, seconds, realtime, part_of(on_progress, number, len(sizes)))
        for number, size in enumerate(sizes)
    ]
    return {**machine(), "seconds": seconds, "runs": runs}


def machine() -> dict[str, Any]:
    """Return what a figure is worth nothing without: ``machine`` and its ``cores``."""
    return {
        "machine": f"{processor()}, {platform.system()} {platform.release()}",
        "cores": os.cpu_count(),
    }


def measure(
    size: Size, seconds: float, realtime: dict[str, object] | None, on_progress: Progress
) -> dict[str, Any]:
    """Run daemon, sender and subscriber, each in processes of its own, and take their figures.

    Returns
    -------
    dict
        ``channels``, ``muscles``, ``emg_rate_hz``, ``model_rate_hz``; ``ticks`` {expected,
        published, heard, lost_on_the_way, missed, late}, late of those heard; ``latency_ms`` from
        the newest EMG's time stamp until its moment was handed to all ways out, ``reception_ms``
        until the subscriber had it {p50, p99, p999, max}; ``stages_ms`` {stage: {p50, p99, p999,
        max, mean}}; ``cpu_percent`` of one processor by process, ``predictor_threads_percent`` by
        kind of the predictor's threads; ``sender_late_ms``; ``updates`` of the calibrator;
        ``reached``; ``in_the_way``, a sentence, empty where all is reached.
    """
    with TemporaryDirectory(prefix="hillstream-bench-") as name, Nursery() as nursery:
        folder = Path(name)
        config = bench_config(size, folder, realtime)
        sent, heard = folder / "sent.json", folder / "heard.npy"
        sender = Worker(nursery, "sender", "daemon.bench.latency.sender:send")
        subscriber = Worker(nursery, "subscriber", "daemon.bench.latency.subscriber:hear")
        sender.start(config, sent)
        subscriber.start(config.output.zmq, config.realtime.priority, heard)
        with beside(sender, subscriber), RunningDaemon(config, folder) as running:
            watch = Watch(running, size.rate_hz, seconds, on_progress)
            watch.until_done()
            summary = running.end()
        return _figures(size, summary, watch, heard, sent, config.realtime.priority)


def _figures(
    size: Size, summary: Mapping[str, Any], watch: Watch, heard: Path, sent: Path, priority: int
) -> dict[str, Any]:
    """Return what `measure` returns."""
    expected, published = watch.ticks
    notes = np.load(heard)
    seq, t, received = notes[notes[:, 1] >= notes[0, 1] + SETTLING_S].T
    ages_ms = 1e3 * (received - t)
    lost = int(seq[-1] - seq[0]) + 1 - len(seq)
    stages = dict(summary["stages_ms"])
    latency = stages.pop("total")
    missed = expected - published + lost
    wanted = WANTED_MS if priority else WANTED_WITHOUT_MS
    return {
        "channels": size.channels,
        "muscles": size.muscles,
        "emg_rate_hz": EMG_RATE_HZ,
        "model_rate_hz": size.rate_hz,
        "ticks": {
            "expected": expected,
            "published": published,
            "heard": len(seq),
            "lost_on_the_way": lost,
            "missed": missed,
            "late": int(np.count_nonzero(ages_ms > 1e3 / size.rate_hz)),
        },
        "latency_ms": latency,
        "reception_ms": {name: float(np.percentile(ages_ms, q)) for name, q in QUANTILES.items()},
        "stages_ms": stages,
        "cpu_percent": watch.cpu_percent,
        "predictor_threads_percent": watch.predictor_threads_percent,
        "sender_late_ms": json.loads(sent.read_text(encoding="utf-8")),
        "updates": summary["parameter_version"],
        **verdict(latency, stages, missed, wanted),
    }


def verdict(
    latency: Mapping[str, float],
    stages: Mapping[str, Mapping[str, float]],
    missed: int,
    wanted: Mapping[str, float] = WANTED_MS,
) -> dict[str, Any]:
    """Say whether what is wanted was reached, and if not, what stands in the way."""
    obstacles = [f"{missed} ticks were missed"] if missed else []
    for figure, most in wanted.items():
        if latency[figure] > most:
            obstacles.append(
                f"{figure} is {latency[figure]:.2f} ms, not {most:g}; most of it is "
                f"{slowest(stages, figure)}"
            )
    return {"reached": not obstacles, "in_the_way": "; ".join(obstacles)}


def slowest(stages: Mapping[str, Mapping[str, float]], figure: str) -> str:
    """Return the stage that takes most of a figure, and how much."""
    stage = max(STAGES, key=lambda name: stages[name][figure])
    return f"{stage} with {stages[stage][figure]:.2f} ms"
