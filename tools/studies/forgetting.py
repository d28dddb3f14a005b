"""Forgetting of walking while the person runs: ``python -m tools.studies.forgetting FOLDER``.

Walking, the stances of running, and the same walking again go through one calibrator, with its
memory and without. What was forgotten shows in the first seconds of the second walk.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import click
import numpy as np

from daemon.config import Config, load_config
from daemon.offline.score import score
from daemon.offline.segments import read_cycles
from daemon.terminal.command import Command
from daemon.terminal.console import json_option, say, write_json
from pipeline.metrics import rms_of_known
from pipeline.streams.recordings.load import load_recording
from pipeline.streams.recordings.recording import Recording
from pipeline.streams.recordings.trials import joined

PAUSE_S = 1.0
COMPARED_S = 10
JOINTS = ("knee_angle_r", "ankle_angle_r")


def stances(path: Path) -> Recording:
    """Return a recording whose reference counts in its usable stances only."""
    recording = load_recording(path)
    moments = recording.streams["moments"]
    cycles = read_cycles(path, moments.t)
    if cycles is None:
        raise click.ClickException(f"'{path}' does not say where its stances are.")
    inside = np.zeros(len(moments.t), dtype=bool)
    for (start, stop), usable in zip(cycles.stances, cycles.usable_stances, strict=True):
        inside |= usable & (moments.t >= start) & (moments.t < stop)
    masked = replace(moments, x=np.where(inside[:, None], moments.x, np.nan))
    return replace(recording, streams={**recording.streams, "moments": masked})


def forgotten(config: Config, walk: Recording, run: Recording) -> dict[str, Any]:
    """Return the errors before and after running, N*m, and their ratio, per joint."""
    rmse = score(config, joined((walk, run, walk), PAUSE_S))["rmse"]
    ended = int(walk.duration_s)
    back = int(walk.duration_s + run.duration_s + 2 * PAUSE_S)
    found = {}
    for joint in JOINTS:
        seconds = rmse[joint]
        before = _pooled(seconds[ended - COMPARED_S : ended])
        after = _pooled(seconds[back : back + COMPARED_S])
        found[joint] = {"before": before, "after": after, "ratio": after / before}
    return found


def _pooled(seconds: list[float | None]) -> float:
    return rms_of_known(np.array(seconds, dtype=np.float64))


@click.command(cls=Command)
@click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path))
@json_option()
def main(folder: Path, json_file: str | None) -> None:
    """Walk, run and walk again, with the recordings walk36.npz and run81.npz in FOLDER."""
    walk, run = load_recording(folder / "walk36.npz"), stances(folder / "run81.npz")
    config, results = load_config("walking"), {}
    for name, memory in (("with memory", config.calibrator.memory), ("without", 0)):
        calibrator = config.calibrator.model_copy(update={"memory": memory})
        results[name] = forgotten(config.model_copy(update={"calibrator": calibrator}), walk, run)
        for joint, found in results[name].items():
            say(
                f"{name:12} {joint:14} {COMPARED_S} s before running {found['before']:.2f} N*m, "
                f"{COMPARED_S} s after it {found['after']:.2f} N*m, ratio {found['ratio']:.2f}",
                json_file,
            )
    write_json(json_file, results)


if __name__ == "__main__":
    main()
