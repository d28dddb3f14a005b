"""How fast a recording is scored, and an update of the calibrator with it."""

from __future__ import annotations

import os
import time
from multiprocessing import get_context
from multiprocessing.connection import Connection
from pathlib import Path
from statistics import median

from daemon.assembly.recordings import known_streams
from daemon.bench.footprint.figures import Figure, Given, Part
from daemon.bench.footprint.walking import walking, with_22_muscles
from daemon.bench.watch import Progress
from daemon.config import Config
from daemon.offline.score import score
from pipeline.streams.recordings.load import load_recording
from pipeline.update import Result, Update

LEAST_TIMES = 6.0
MOST_UPDATE_S = 0.25
_NO_WORK = {Result.TOO_FEW_SAMPLES, Result.PAUSED}


def speed(given: Given, on_progress: Progress) -> Part:
    """Score a recording of walking with 22 muscles on one processor."""
    folder = given.folder / "speed"
    folder.mkdir()
    context = get_context("spawn")
    here, there = context.Pipe(duplex=False)
    config = with_22_muscles(walking(folder))
    process = context.Process(target=_score, args=(config, given.recording, there), daemon=True)
    process.start()
    there.close()
    while isinstance(told := here.recv(), float):
        on_progress(told)
    process.join()
    updates: list[float] = told["updates_s"]
    learnt = sum(updates) / told["wall_s"]
    way = f"updates take {100 * learnt:.0f} %, the replay {100 * (1 - learnt):.0f} %"
    figures = [
        Figure(
            "score, 22 muscles, one processor",
            told["seconds"] / told["wall_s"],
            "times real time",
            LEAST_TIMES,
            at_least=True,
            in_the_way=way,
        ),
        Figure("an update of it", median(updates), "s", MOST_UPDATE_S),
    ]
    return Part(figures, told)


def _score(config: Config, file: Path, answer: Connection) -> None:
    """Score in a process of one processor; tell how far it is, then what it came to."""
    os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    updates: list[float] = []

    def note(update: Update) -> None:
        if update.result not in _NO_WORK:
            updates.append(update.seconds)

    recording = load_recording(file, known_streams(config))
    before = time.process_time()
    result = score(config, recording, answer.send, on_update=note)
    keys = ("seconds", "wall_s", "rmse_overall")
    answer.send(
        {key: result[key] for key in keys}
        | {"cpu_s": time.process_time() - before, "updates_s": updates}
    )
