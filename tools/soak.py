"""Run the daemon for long and watch what grows: ``python -m tools.soak --minutes 120``.

Runs `hillstream demo` and samples, for each of its processes, resident memory, open files and
processor time; and from the session log its size and the latency. What should be flat is compared
between the first and the last quarter, the first minute left out.
"""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections import defaultdict
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import click
import numpy as np

from daemon.commands.common import json_option, progress_bar, say, write_json

SAMPLE_S = 5.0
WARM_UP_S = 60.0
PAGE_MB = os.sysconf("SC_PAGE_SIZE") / 1e6
ORDER = ("supervisor", "simulated lab", "recorder", "predictor", "calibrator")
"""The processes as they are started."""
_LATEST = "SELECT p50_ms, p99_ms FROM latency WHERE p50_ms IS NOT NULL ORDER BY t DESC LIMIT 5"
Samples = dict[str, list[float]]


def processes(root: int) -> dict[str, int]:
    """Return the process ids of the daemon by name: itself, then its workers in their order."""
    children = Path(f"/proc/{root}/task/{root}/children").read_text(encoding="ascii").split()
    workers = [pid for pid in map(int, children) if "spawn_main" in _command(pid)]
    return dict(zip(ORDER, [root, *sorted(workers)], strict=False))


def _command(pid: int) -> str:
    return Path(f"/proc/{pid}/cmdline").read_text(encoding="utf-8")


def sample(pids: dict[str, int], session: Path, into: Samples) -> None:
    """Add one sample of everything."""
    for name, pid in pids.items():
        pages = Path(f"/proc/{pid}/statm").read_text(encoding="ascii").split()[1]
        into[f"{name}, memory, MB"].append(int(pages) * PAGE_MB)
        into[f"{name}, open files"].append(len(os.listdir(f"/proc/{pid}/fd")))
    with closing(sqlite3.connect(f"file:{session}?mode=ro", uri=True)) as database:
        query = (
            "SELECT p50_ms, p99_ms FROM latency WHERE p50_ms IS NOT NULL ORDER BY t DESC LIMIT 5"
        )
        latest = np.array(database.execute(query).fetchall(), dtype=np.float64).reshape(-1, 2)
    if len(latest):
        into["latency p50, ms"].append(float(np.median(latest[:, 0])))
        into["latency p99, ms"].append(float(np.median(latest[:, 1])))
    written = session.parent.glob(f"{session.name}*")  # the file and what is not yet merged into it
    into["log, MB"].append(sum(file.stat().st_size for file in written) / 1e6)


def trend(values: list[float]) -> dict[str, float]:
    """Return means over the first and the last quarter, and their ratio."""
    quarter = max(1, len(values) // 4)
    first, last = float(np.mean(values[:quarter])), float(np.mean(values[-quarter:]))
    return {"first": first, "last": last, "ratio": last / first if first else 1.0}


def soak(config: str, minutes: float, session: Path, result: Path, progress: Any) -> Samples:
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
                sample(processes(daemon.pid), session, samples)
    finally:
        if daemon.poll() is None:
            daemon.send_signal(signal.SIGINT)
        daemon.wait()
    return samples


@click.command()
@click.argument("config", default="arm")
@click.option("--minutes", default=120.0, show_default=True, help="How long to run.")
@json_option()
def main(config: str, minutes: float, json_file: str | None) -> None:
    """Run the demo of CONFIG for long and say what grows."""
    with TemporaryDirectory() as folder:
        session, result = Path(folder) / "soak.db", Path(folder) / "result.json"
        with progress_bar("Soaking") as progress:
            samples = soak(config, minutes, session, result, progress)
        told = result.read_text(encoding="utf-8")
    found = {name: trend(values) for name, values in samples.items()}
    for name, one in found.items():
        say(
            f"{name:28} {one['first']:9.2f} -> {one['last']:9.2f}   x {one['ratio']:.3f}", json_file
        )
    log = samples["log, MB"]
    say(f"log growth {(log[-1] - log[0]) / (len(log) * SAMPLE_S) * 3600:.0f} MB/h", json_file)
    write_json(json_file, {"minutes": minutes, "trends": found, "run": told})


if __name__ == "__main__":
    main()
