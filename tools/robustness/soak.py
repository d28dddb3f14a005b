"""A long run, and what grows in it: ``python -m tools.robustness.soak --minutes 120``.

Runs `hillstream demo` and samples, for each of its processes, resident memory and open files; and
from the session log its size and the latency. The first and the last quarter of the samples are
compared, the first minute left out. Exits with 1 where something grows or a process was restarted.
"""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Callable
from contextlib import closing, suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import click
import numpy as np
import psutil

from daemon.host.machine import family
from daemon.terminal.command import Command
from daemon.terminal.console import json_option, progress_bar, say, write_json
from tools.robustness.processes import memory_mb, open_files

SAMPLE_S = 5.0
WARM_UP_S = 60.0
MEMORY_SHARE, MEMORY_MB = 0.1, 5.0
"""Memory grows when the last quarter exceeds the first by more than this share and this much."""
MORE_FILES = 10
SLOWER = 2.0
"""Latency grows when its best seconds at the end take this many times those at the start."""
BUSY = 2.0
"""With a load of more than this for each processor, other programs decide on the latency."""
FASTER_LOG = 1.3
"""The log grows more and more when it grows so many times as fast in the second half."""
_LATEST = "SELECT p50_ms FROM latency WHERE p50_ms IS NOT NULL ORDER BY t DESC LIMIT 5"
Samples = dict[str, list[float]]


@dataclass(frozen=True)
class Trend:
    """How something was at the start and at the end."""

    first: float
    last: float
    limit: float
    """What `last` may be, given `first`."""

    @property
    def flat(self) -> bool:
        """Whether it does not grow."""
        return bool(self.last <= self.limit)


def sample(root: int, session: Path, into: Samples) -> None:
    """Add one sample of everything."""
    for name, pid in {"supervisor": root, **family(root)}.items():
        with suppress(psutil.NoSuchProcess):  # it has been replaced in between
            memory, files = memory_mb(pid), open_files(pid)
            into[f"{name}, memory, MB"].append(memory)
            into[f"{name}, open files"].append(files)
    with closing(sqlite3.connect(f"file:{session}?mode=ro", uri=True)) as database:
        latest = [p50 for (p50,) in database.execute(_LATEST)]
        pages, size = (
            database.execute(f"PRAGMA {what}").fetchone()[0] for what in ("page_count", "page_size")
        )
    if latest and os.getloadavg()[0] <= BUSY * len(os.sched_getaffinity(0)):
        into["latency p50, ms"].append(min(latest))
    into["log, MB"].append(pages * size / 1e6)


def trend(name: str, values: list[float]) -> Trend:
    """Return how a series of samples has developed."""
    if name == "log, MB":
        half = len(values) // 2
        first, last = values[half] - values[0], values[-1] - values[half]
        return Trend(first, last, FASTER_LOG * first)
    quarter = max(1, len(values) // 4)
    parts = values[:quarter], values[-quarter:]
    if name.startswith("latency"):
        first, last = (float(np.quantile(part, 0.1)) for part in parts)
        return Trend(first, last, SLOWER * first)
    first, last = (float(np.mean(part)) for part in parts)
    if name.endswith("files"):
        return Trend(first, last, first + MORE_FILES)
    return Trend(first, last, first + max(MEMORY_MB, MEMORY_SHARE * first))


def soak(
    config: str, minutes: float, session: Path, result: Path, progress: Callable[[float], None]
) -> Samples:
    """Run the demo and return the samples."""
    seconds = 60.0 * minutes
    command = [sys.executable, "-m", "daemon.cli", "demo", config, "--headless"]
    options = ["--seconds", str(seconds), "--session", str(session), "--json", str(result)]
    daemon = subprocess.Popen([*command, *options], stdout=subprocess.DEVNULL)
    samples: Samples = defaultdict(list)
    started = time.monotonic()
    try:
        while daemon.poll() is None:
            time.sleep(SAMPLE_S)
            passed = time.monotonic() - started
            progress(min(1.0, passed / seconds))
            if min(WARM_UP_S, 0.2 * seconds) < passed < seconds and session.exists():
                sample(daemon.pid, session, samples)
    finally:
        if daemon.poll() is None:
            daemon.send_signal(signal.SIGINT)
        daemon.wait()
    return samples


def _judged(samples: Samples, run: dict[str, Any], json_file: str | None) -> bool:
    """Say how everything has developed; return whether nothing grows."""
    trends = {name: trend(name, values) for name, values in samples.items()}
    for name, one in trends.items():
        word = "flat" if one.flat else f"GROWS, more than {one.limit:.2f}"
        say(f"{name:30} {one.first:9.2f} -> {one.last:9.2f}   {word}", json_file)
    if "latency p50, ms" not in trends:
        say("latency is not judged: other programs kept the machine busy", json_file)
    growth = samples["log, MB"]
    hours = (len(growth) - 1) * SAMPLE_S / 3600
    say(f"log growth {(growth[-1] - growth[0]) / hours:.0f} MB/h", json_file)
    say(
        f"{run['ticks_published']} of {run['ticks_expected']} ticks, {run['seq_gaps']} gaps, "
        f"{run['nonfinite']} not finite, restarts {run['restarts']}",
        json_file,
    )
    flat = all(one.flat for one in trends.values()) and not any(run["restarts"].values())
    told = {name: asdict(one) for name, one in trends.items()}
    write_json(json_file, {"flat": flat, "trends": told, "run": run})
    return flat


@click.command(cls=Command)
@click.argument("config", default="arm")
@click.option("--minutes", default=120.0, show_default=True, help="How long to run.")
@json_option()
def main(config: str, minutes: float, json_file: str | None) -> None:
    """Run the demo of CONFIG for long and say what grows."""
    with TemporaryDirectory() as folder:
        session, result = Path(folder) / "soak.db", Path(folder) / "result.json"
        with progress_bar("Soaking") as progress:
            samples = soak(config, minutes, session, result, progress)
        if not result.exists():
            raise click.ClickException("The daemon left no result.")
        run = json.loads(result.read_text(encoding="utf-8"))
    if not _judged(samples, run, json_file):
        raise SystemExit(1)


if __name__ == "__main__":
    main()
