"""The simulated lab and the daemon together: the main job without any equipment."""

from __future__ import annotations

import threading
from pathlib import Path
from tempfile import TemporaryDirectory

from daemon.config import Config
from daemon.processes import supervisor
from daemon.processes.nursery import Nursery
from daemon.processes.signs import Stop
from daemon.processes.worker import Worker

LAB = "daemon.simulation.demo:simulated_lab"
"""Work of a `Worker`."""


def demo(
    config: Config,
    config_path: Path,
    *,
    seconds: float | None,
    stop: threading.Event,
    on_status: supervisor.OnStatus | None = None,
    nursery: Nursery | None = None,
) -> dict[str, object]:
    """Run the daemon on the streams of a simulated lab, which is a process of its own.

    Parameters and result are those of `daemon.processes.supervisor.run`; where a session is
    written, the result has also ``truth``: the predicted moments against those that no sensor
    shows, as `TrueMoments.against` returns it.
    """
    from daemon.simulation.truth import TrueMoments

    config = config.model_copy(update={"streams": config.streams.under_own_names()})
    with TemporaryDirectory() as folder, nursery or Nursery() as births:
        lab = Worker(births, "simulated lab", LAB)
        moments = Path(folder) / "moments.npz"
        lab.start(config, moments)
        try:
            result = supervisor.run(
                config,
                config_path,
                seconds=seconds,
                stop=stop,
                on_status=on_status,
                nursery=births,
            )
        finally:
            lab.ask_to_stop()
            lab.join()
        if result.get("session") and moments.exists():
            truth = TrueMoments.load(moments)
            result["truth"] = truth.against(Path(str(result["session"])))
    return result


def simulated_lab(config: Config, moments: Path | None, stop: Stop) -> None:
    """Send the streams of the simulated lab until told to stop; then write its true moments.

    Parameters
    ----------
    moments
        Where to; None for nowhere.
    """
    from daemon.simulation.live import run_lab

    ended = threading.Event()
    watch = threading.Thread(target=_end_with, args=(stop, ended), daemon=True)
    watch.start()
    run_lab(config, stop=ended, moments_file=moments)


def _end_with(stop: Stop, ended: threading.Event) -> None:
    while not stop.requested():
        ended.wait(0.1)
    ended.set()
