"""The latency bench: from the newest EMG sample to its published moment, at full load."""

from __future__ import annotations

import json
import os
import platform
import threading
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from daemon.bench.latency.setup import EMG_RATE_HZ, MODEL_RATE_HZ, Size, bench_config
from daemon.host.machine import Usage, named_children, percent, processor, usage
from daemon.live.stages import SETTLING_S, STAGES
from daemon.processes import supervisor
from daemon.processes.nursery import Nursery
from daemon.processes.worker import Worker
from pipeline.errors import UserError
from pipeline.output.message import StatusMessage, Ticks

SIZES: tuple[Size, ...] = (Size(16, 16), Size(64, 40))
WANTED_MS = {"p50": 1.0, "p99": 4.0}
PATIENCE_S = 120.0
"""How much longer than what is measured a run may take, for its start and end, s."""
QUANTILES = {"p50": 50.0, "p99": 99.0, "p999": 99.9, "max": 100.0}
Progress = Callable[[float], None]


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
    runs = []
    for number, size in enumerate(sizes):

        def tell(done: float, number: int = number) -> None:
            on_progress((number + done) / len(sizes))

        runs.append(measure(size, seconds, realtime, tell))
    return {
        "machine": f"{processor()}, {platform.system()} {platform.release()}",
        "cores": os.cpu_count(),
        "seconds": seconds,
        "runs": runs,
    }


def measure(
    size: Size, seconds: float, realtime: dict[str, object] | None, on_progress: Progress
) -> dict[str, Any]:
    """Run daemon, sender and subscriber, each in processes of its own, and take their figures.

    Returns
    -------
    dict
        ``channels``, ``muscles``, ``emg_rate_hz``, ``model_rate_hz``; ``ticks`` {expected,
        published, lost_on_the_way, missed, late}; ``latency_ms`` from the newest EMG's time stamp
        until its moment was handed to all ways out, ``reception_ms`` until the subscriber had it
        {p50, p99, p999, max}; ``stages_ms`` {stage: {p50, p99, p999, max, mean}};
        ``cpu_percent`` of one processor by process; ``sender_late_ms``; ``updates`` of the
        calibrator; ``reached``; ``in_the_way``, a sentence, empty where all is reached.
    """
    with TemporaryDirectory(prefix="hillstream-bench-") as name, Nursery() as nursery:
        folder = Path(name)
        config = bench_config(size, folder, realtime)
        sent, heard = folder / "sent.json", folder / "heard.npy"
        helpers = [
            Worker(nursery, "sender", "daemon.bench.latency.sender:send"),
            Worker(nursery, "subscriber", "daemon.bench.latency.subscriber:hear"),
        ]
        helpers[0].start(config, sent)
        helpers[1].start(config.output.zmq, config.realtime.priority, heard)
        watch = _Watch(seconds, on_progress)
        deadline = threading.Timer(SETTLING_S + seconds + PATIENCE_S, watch.done.set)
        deadline.daemon = True
        deadline.start()
        try:
            summary = supervisor.run(
                config,
                folder,
                seconds=None,
                stop=watch.done,
                on_status=watch.see,
                nursery=nursery,
            )
        finally:
            deadline.cancel()
            for helper in helpers:
                helper.ask_to_stop()
                helper.join()
                helper.check()
        return _figures(size, summary, watch, heard, sent)


class _Watch:
    """Follows the daemon by its status messages and ends it when enough has been measured."""

    def __init__(self, seconds: float, on_progress: Progress) -> None:
        self._seconds = seconds
        self._on_progress = on_progress
        self._seen: list[tuple[Ticks, Usage]] = []
        self.done = threading.Event()

    def see(self, status: StatusMessage) -> None:
        """Take a status message."""
        ticks = status.ticks
        gone_s = ticks.expected / MODEL_RATE_HZ - SETTLING_S
        if gone_s >= 0 and not self.done.is_set():
            pids = named_children(os.getpid()) | {"supervisor": os.getpid()}
            self._seen.append((ticks, usage(pids)))
            self._on_progress(min(1.0, gone_s / self._seconds))
        if gone_s >= self._seconds:
            self.done.set()

    @property
    def published(self) -> tuple[int, int]:
        """Ticks that were due and that were published while it was measured."""
        (first, _), (last, _) = self._first_and_last()
        return last.expected - first.expected, last.published - first.published

    @property
    def cpu_percent(self) -> dict[str, float]:
        """Share of one processor by process while it was measured."""
        (_, first), (_, last) = self._first_and_last()
        return percent(first, last)

    def _first_and_last(self) -> tuple[tuple[Ticks, Usage], tuple[Ticks, Usage]]:
        if len(self._seen) < 2:
            raise UserError(
                "The bench heard no moments; 'hillstream doctor' says whether LSL and ZeroMQ work."
            )
        return self._seen[0], self._seen[-1]


def _figures(
    size: Size, summary: Mapping[str, Any], watch: _Watch, heard: Path, sent: Path
) -> dict[str, Any]:
    """Return what `measure` returns."""
    expected, published = watch.published
    notes = np.load(heard)
    seq, t, received = notes[notes[:, 1] >= notes[0, 1] + SETTLING_S].T
    ages_ms = 1e3 * (received - t)
    lost = int(seq[-1] - seq[0]) + 1 - len(seq)
    stages = dict(summary["stages_ms"])
    latency = stages.pop("total")
    missed = expected - published + lost
    return {
        "channels": size.channels,
        "muscles": size.muscles,
        "emg_rate_hz": EMG_RATE_HZ,
        "model_rate_hz": MODEL_RATE_HZ,
        "ticks": {
            "expected": expected,
            "published": published,
            "lost_on_the_way": lost,
            "missed": missed,
            "late": int(np.count_nonzero(ages_ms > 1e3 / MODEL_RATE_HZ)),
        },
        "latency_ms": latency,
        "reception_ms": {name: float(np.percentile(ages_ms, q)) for name, q in QUANTILES.items()},
        "stages_ms": stages,
        "cpu_percent": watch.cpu_percent,
        "sender_late_ms": json.loads(sent.read_text(encoding="utf-8")),
        "updates": summary["parameter_version"],
        **verdict(latency, stages, missed),
    }


def verdict(
    latency: Mapping[str, float], stages: Mapping[str, Mapping[str, float]], missed: int
) -> dict[str, Any]:
    """Say whether what is wanted was reached, and if not, what stands in the way."""
    obstacles = [f"{missed} ticks were missed"] if missed else []
    for figure, wanted in WANTED_MS.items():
        if latency[figure] > wanted:
            stage = max(STAGES, key=lambda name: stages[name][figure])
            obstacles.append(
                f"{figure} is {latency[figure]:.2f} ms, not {wanted:g}; most of it is "
                f"{stage} with {stages[stage][figure]:.2f} ms"
            )
    return {"reached": not obstacles, "in_the_way": "; ".join(obstacles)}
