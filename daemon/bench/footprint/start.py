"""How long commands take from the shell, and the first moment after the streams are there."""

from __future__ import annotations

import re
import subprocess
import sys
import time
from pathlib import Path
from statistics import median

from daemon.bench.footprint.figures import Figure, Given, Part
from daemon.bench.footprint.walking import played, walking
from daemon.bench.running import RunningDaemon, environment
from daemon.bench.watch import PATIENCE_S, Progress
from pipeline.errors import UserError
from pipeline.output.message import Message, MomentMessage

TIMES = 5
"""The median of so many runs counts, after one that warms up the disk."""
CYCLES = "2:5"
MOST_FIRST_S = 1.5
_IMPORT = re.compile(r"import time:\s+\d+ \|\s+(\d+) \| ( *)([\w.]+)")
"""A line of ``python -X importtime``: cumulative time in us, depth, module."""


def start(given: Given, on_progress: Progress) -> Part:
    """Measure commands from the shell, then a daemon's start on streams that are there."""
    commands = {
        "--help": (["--help"], 0.15),
        "check walking": (["check", "walking"], 0.5),
        "calibrate, three cycles of walking": (
            ["calibrate", "walking", str(given.recording), "--cycles", CYCLES],
            2.5,
        ),
    }
    figures, details, parts = [], {}, len(commands) + 1
    for number, (name, (arguments, target)) in enumerate(commands.items()):
        times = [_wall_s(arguments, given.folder) for _ in range(1 + TIMES)][1:]
        details[name] = times
        seconds = median(times)
        obstacle = _longest_import(arguments, given.folder) if seconds > target else ""
        figures.append(Figure(f"hillstream {name}", seconds, "s", target, in_the_way=obstacle))
        on_progress((number + 1) / parts)
    first = [_first_moment_s(given, given.folder / f"first{i}") for i in range(3)]
    details["first moment"] = first
    figures.append(Figure("first moment, streams there", median(first), "s", MOST_FIRST_S))
    return Part(figures, details)


def _command(*options: str) -> list[str]:
    """Return what the shell would start: the script beside this Python, if it is there."""
    script = Path(sys.executable).with_name("hillstream")
    if script.exists() and not options:
        return [str(script)]
    return [sys.executable, *options, "-m", "daemon.cli"]


def _run(command: list[str], folder: Path) -> subprocess.CompletedProcess[str]:
    done = subprocess.run(
        command, cwd=folder, env=environment(), capture_output=True, text=True, check=False
    )
    if done.returncode:
        lines = done.stderr.strip().splitlines() or ["it said nothing"]
        raise UserError(f"'{' '.join(command[1:])}' failed: {lines[-1]}")
    return done


def _wall_s(arguments: list[str], folder: Path) -> float:
    begun = time.perf_counter()
    _run([*_command(), *arguments], folder)
    return time.perf_counter() - begun


def _longest_import(arguments: list[str], folder: Path) -> str:
    """Return which import from outside hillstream takes longest, itself and all it imports."""
    told = _run([*_command("-X", "importtime"), *arguments], folder).stderr
    found = {name: int(us) for us, _, name in _IMPORT.findall(told) if _is_foreign(name)}
    name = max(found, key=lambda one: found[one])
    return f"most of its imports is {name} with {1e-6 * found[name]:.2f} s"


def _is_foreign(module: str) -> bool:
    return "." not in module and module not in {"daemon", "pipeline", "runpy", "site"}


def _first_moment_s(given: Given, folder: Path) -> float:
    """Return the time from a daemon's start until its first moment that comes from EMG, s."""
    folder.mkdir()
    config, published = walking(folder), []

    def hear(message: Message) -> None:
        if isinstance(message, MomentMessage) and message.t is not None:
            published.append(message.t_published)

    with played(given.recording, config), RunningDaemon(config, folder) as running:
        running.follow(hear, lambda: bool(published), PATIENCE_S)
        running.end()
    return published[0] - running.started
