"""`hillstream mvc` in a process of its own, and a person who does what it says."""

import os
import signal
import subprocess
import sys
from typing import Protocol

from places import ROOT

PATIENCE_S = 60


class Obedient(Protocol):
    """Whoever does what a line says."""

    def obey(self, line: str) -> None: ...


def led(person: Obedient, *arguments: object, until: str = "") -> tuple[int, str]:
    """Run the command; the person obeys its lines, and Ctrl-C comes at the line `until`.

    Returns
    -------
    int, str
        Exit status, and all that was said.
    """
    process = subprocess.Popen(
        [sys.executable, "-m", "daemon.cli", "mvc", *map(str, arguments)],
        cwd=ROOT,
        env=os.environ | {"PYTHONPATH": str(ROOT), "COLUMNS": "100"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    told = []
    with process:
        for line in process.stdout:
            told.append(line)
            person.obey(line)
            if until and line.startswith(until):
                process.send_signal(signal.SIGINT)
        return process.wait(PATIENCE_S), "".join(told)
