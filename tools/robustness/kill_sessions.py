"""Sessions of a daemon killed at random moments: ``python -m tools.robustness.kill_sessions``.

Each round starts `hillstream demo`, kills all its processes with SIGKILL, opens the session log and
compares its newest row with the moment of the kill.
"""

from __future__ import annotations

import os
import random
import signal
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import click

from daemon.terminal.command import Command
from daemon.terminal.console import json_option, say, write_json
from pipeline.streams import clock

PATIENCE_S = 60.0
_NEWEST = "SELECT max(t) FROM moment"


def killed(path: Path, after_s: float) -> dict[str, Any]:
    """Run a demo, kill it `after_s` after its first row was written, and look at what is left."""
    command = [sys.executable, "-m", "daemon.cli", "demo", "--headless", "--seconds", "600"]
    process = subprocess.Popen(
        [*command, "--session", str(path)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        _wait_for_rows(path)
        time.sleep(after_s)
    finally:
        at = clock.now()
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
    with closing(sqlite3.connect(path)) as database:
        integrity = database.execute("PRAGMA integrity_check").fetchone()[0]
        newest = database.execute(_NEWEST).fetchone()[0]
    return {"after_s": after_s, "integrity": integrity, "missing_s": at - newest}


def _wait_for_rows(path: Path) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while time.monotonic() < deadline:
        time.sleep(0.1)
        if not path.exists():
            continue
        try:
            with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as database:
                if database.execute(_NEWEST).fetchone()[0] is not None:
                    return
        except sqlite3.OperationalError:
            continue  # the tables are being made
    raise click.ClickException(f"The demo wrote nothing within {PATIENCE_S:g} s.")


@click.command(cls=Command)
@click.option("--rounds", default=20, show_default=True, help="How often to kill.")
@click.option("--longest", default=8.0, show_default=True, help="Latest kill, s after the start.")
@click.option("--seed", default=1, show_default=True, help="Seed of the moments.")
@json_option()
def main(rounds: int, longest: float, seed: int, json_file: str | None) -> None:
    """Kill the daemon at random moments and check its session log."""
    moments, found = random.Random(seed), []
    with TemporaryDirectory() as folder:
        for number in range(rounds):
            path = Path(folder) / f"{number}.db"
            one = killed(path, moments.uniform(0.0, longest))
            found.append(one)
            say(
                f"{number + 1:3}: killed after {one['after_s']:.2f} s, integrity "
                f"{one['integrity']}, {one['missing_s']:.2f} s missing",
                json_file,
            )
    sound = sum(one["integrity"] == "ok" for one in found)
    worst = max(one["missing_s"] for one in found)
    say(f"{sound} of {rounds} sound; at most {worst:.2f} s missing", json_file)
    write_json(json_file, {"rounds": found, "sound": sound, "most_missing_s": worst})


if __name__ == "__main__":
    main()
