"""The memory of the whole daemon, and how soon its predictor is replaced."""

from __future__ import annotations

import os
import signal

from daemon.bench.footprint.figures import Figure, Given, Part, most
from daemon.bench.footprint.walking import played, walking
from daemon.bench.running import RunningDaemon
from daemon.bench.watch import PATIENCE_S, Progress, Watch
from daemon.host.machine import family
from pipeline.output.message import Message, MomentMessage
from pipeline.streams import clock

MOST_MB = 700.0
MOST_SILENCE_S = 0.3


def memory(given: Given, on_progress: Progress) -> Part:
    """Measure the daemon on walking; at the end its predictor is killed."""
    folder = given.folder / "memory"
    folder.mkdir()
    config, seconds = walking(folder), 60.0 * given.minutes
    with played(given.recording, config), RunningDaemon(config, folder) as running:
        watch = Watch(running, config.model.rate_hz, seconds, on_progress, memory=True)
        watch.until_done()
        silence = Silence(running)
        running.follow(silence.hear, silence.over, PATIENCE_S)
        running.end()
    by_process = _by_process(watch.memory_mb)
    whole = sum(by_process.values())
    figures = [
        Figure(
            "memory of the whole daemon", whole, "MB", MOST_MB, in_the_way=most(by_process, "MB")
        ),
        Figure(
            "without moments when the predictor is killed", silence.seconds, "s", MOST_SILENCE_S
        ),
    ]
    details = {"memory_mb": by_process, "peak_mb": watch.peak_mb, "minutes": given.minutes}
    return Part(figures, details)


def _by_process(memory: list[tuple[str, float]]) -> dict[str, float]:
    """Return the memory by name; the first is the supervisor, and several alike are added up."""
    found = {"supervisor": memory[0][1]}
    for name, mb in memory[1:]:
        found[name] = found.get(name, 0.0) + mb
    return found


class Silence:
    """Kills the predictor at a moment of its, and waits for the first of the one that follows."""

    def __init__(self, running: RunningDaemon) -> None:
        self._running = running
        self._session = ""
        self._killed_at = 0.0
        self.seconds = 0.0
        """From the blow until there is a moment again, s."""

    def hear(self, message: Message) -> None:
        """Take a message of the daemon."""
        if not isinstance(message, MomentMessage) or self.seconds:
            return
        if not self._session:
            self._session = message.session
            self._killed_at = clock.now()
            os.kill(family(self._running.pid)["predictor"], signal.SIGKILL)
        elif message.session != self._session:
            self.seconds = clock.now() - self._killed_at

    def over(self) -> bool:
        """Tell whether there are moments again."""
        return self.seconds > 0.0
