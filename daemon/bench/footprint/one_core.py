"""A small machine: the daemon on one processor and 2 GB."""

from __future__ import annotations

import os

from daemon.bench.footprint.figures import Figure, Given, Part, most
from daemon.bench.footprint.limit import MemoryLimit
from daemon.bench.footprint.walking import played, walking
from daemon.bench.running import RunningDaemon
from daemon.bench.watch import Progress, Watch

MOST_MB = 2000.0


def one_core(given: Given, on_progress: Progress) -> Part:
    """Run walking on one processor; its senders have the others, where there are any."""
    folder = given.folder / "one_core"
    folder.mkdir()
    config, seconds = walking(folder), 60.0 * given.minutes
    core = max(os.sched_getaffinity(0))
    limit = MemoryLimit(MOST_MB)
    with played(given.recording, config), limit, RunningDaemon(config, folder, [core]) as running:
        limit.add(running.pid)
        watch = Watch(running, config.model.rate_hz, seconds, on_progress, memory=True)
        watch.until_done()
        summary = running.end()
    expected, published = watch.ticks
    shares = watch.cpu_percent
    figures = [
        Figure(
            "ticks missed on one processor",
            expected - published,
            "",
            0,
            in_the_way=most({name: shares[name] for name in ("predictor", "calibrator")}, "%"),
        ),
        Figure("most memory on one processor", watch.peak_mb, "MB", MOST_MB),
    ]
    details = {
        "expected": expected,
        "cpu_percent": shares,
        "latency_ms": summary["latency_ms"],
        "updates": summary["parameter_version"],
        "restarts": summary["restarts"],
        "memory_limited": limit.in_force,
        "minutes": given.minutes,
    }
    return Part(figures, details)
