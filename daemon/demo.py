"""The simulated lab and the daemon together: the main job without any equipment."""

from __future__ import annotations

import threading
from pathlib import Path

from daemon import supervisor
from daemon.config import Config
from daemon.worker import Stop, Worker


def demo(
    config: Config,
    config_path: Path,
    *,
    seconds: float | None,
    stop: threading.Event,
    on_status: supervisor.OnStatus | None = None,
) -> dict[str, object]:
    """Run the daemon on the streams of a simulated lab, which is a process of its own.

    Parameters and result are those of `daemon.supervisor.run`.
    """
    lab = Worker("simulated lab", simulated_lab)
    lab.start(config)
    try:
        return supervisor.run(config, config_path, seconds=seconds, stop=stop, on_status=on_status)
    finally:
        lab.ask_to_stop()
        lab.join()


def simulated_lab(config: Config, stop: Stop) -> None:
    """Send the streams of the simulated lab until told to stop."""
    from daemon.lab import run_lab

    ended = threading.Event()
    watch = threading.Thread(target=_end_with, args=(stop, ended), daemon=True)
    watch.start()
    run_lab(config, stop=ended)


def _end_with(stop: Stop, ended: threading.Event) -> None:
    while not stop.requested():
        ended.wait(0.1)
    ended.set()
