"""All parts of the footprint, one after the other."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from daemon.bench.footprint.figures import Given, Part
from daemon.bench.footprint.latency import latency
from daemon.bench.footprint.load import load
from daemon.bench.footprint.memory import memory
from daemon.bench.footprint.one_core import one_core
from daemon.bench.footprint.speed import speed
from daemon.bench.footprint.start import start
from daemon.bench.footprint.walking import write_walking
from daemon.bench.latency.measure import machine
from daemon.bench.watch import Progress

PARTS: dict[str, Callable[[Given, Progress], Part]] = {
    "start": start,
    "load": load,
    "latency": latency,
    "speed": speed,
    "memory": memory,
    "one-core": one_core,
}
SIMULATED_S = 60.0


def footprint(
    seconds: float,
    minutes: float,
    only: Sequence[str] = (),
    recording: Path | None = None,
    on_progress: Callable[[str, float], None] = lambda part, done: None,
) -> dict[str, Any]:
    """Measure what hillstream takes of this machine.

    Parameters
    ----------
    seconds
        Length of each measurement of latency and load, s.
    minutes
        Length of the measurements of memory and on one processor, min.
    only
        Names of `PARTS`; all where there are none.
    recording
        Of walking, for the shipped set-up; a simulated one where None.
    on_progress
        Called with a part's name and the share of it that is done.

    Returns
    -------
    dict
        ``machine``, ``cores``, ``seconds``, ``minutes``, ``recording``, ``parts`` {name: {figures,
        details}} and ``reached``, whether all figures are as wanted.

    Raises
    ------
    UserError
        If a part cannot be measured.
    """
    parts = {}
    with TemporaryDirectory(prefix="hillstream-bench-") as name:
        folder = Path(name)
        file = recording.absolute() if recording else folder / "walking.npz"
        if recording is None:
            write_walking(file, SIMULATED_S)
        given = Given(seconds, minutes, folder, file)
        for part in only or PARTS:
            parts[part] = PARTS[part](given, partial(on_progress, part))
    return {
        **machine(),
        "seconds": seconds,
        "minutes": minutes,
        "recording": str(recording) if recording else "simulated",
        "parts": {name: part.result() for name, part in parts.items()},
        "reached": all(one.reached for part in parts.values() for one in part.figures),
    }
