"""A cohort whose processes are killed: ``python -m tools.robustness.kill_cohort --people 200``.

`hillstream cohort` runs with three processes, of which one is killed with SIGKILL every so often,
and the study itself once, when a third of it is kept; then the same command goes on. In the end
everybody has to be in the table, nobody twice, and of what was kept nothing may have been computed
again.
"""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

import click
import psutil

from daemon.cohort.plan import Plan, planned
from daemon.cohort.store import Store, read_table
from daemon.terminal.command import Command
from daemon.terminal.console import json_option, progress_bar, say, write_json
from pipeline.errors import UserError
from tools.studies.people_table import folder_option, recorded_study

WORKERS = 3
MOST_STARTS = 5
"""How often the study is started at most: once, after it is killed, and for what was lost then."""
_LOOK_S = 0.2
_LOG = "cohort.log"
_BEGUN = re.compile(r"Process (\d+) calibrates (\S+)$", re.MULTILINE)
_TELL = {"DASK_LOGGING": "{'daemon.cohort.work': 'info'}"}
"""What lets the processes tell on stderr what they begin."""


@dataclass
class Kills:
    """What was killed, and what had been kept by then."""

    workers: int = 0
    studies: int = 0
    starts: int = 0
    kept: list[tuple[int, set[str]]] = field(default_factory=list)
    """At some moments: calibrations begun, as the log has them, and those of them that are kept."""


class Run:
    """A study that is killed and started again.

    Parameters
    ----------
    study
        Its file.
    every_s
        Time between two kills of a process, s.
    most
        Kills of processes at most.
    """

    def __init__(self, study: Path, every_s: float, most: int) -> None:
        self.plan: Plan = planned(study)
        self.store = Store(self.plan.study.output)
        self.kills = Kills()
        self._study, self._every_s, self._most = study, every_s, most
        self._log = study.with_name(_LOG)

    def through(self, on_progress: Callable[[float], None]) -> None:
        """Start the study until all of it is finished, and kill meanwhile."""
        self._log.unlink(missing_ok=True)
        while len(self.store.finished()) < len(self.plan.cases):
            if self.kills.starts == MOST_STARTS:
                return
            self.kills.starts += 1
            with self._log.open("a", encoding="utf-8") as log, self._started(log) as process:
                self._watch(process, on_progress)

    def _started(self, log: IO[str]) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, "-m", "daemon.cli", "cohort", str(self._study)],
            stdout=log,
            stderr=log,
            text=True,
            env={**os.environ, **_TELL},
        )

    def _watch(self, process: subprocess.Popen[str], on_progress: Callable[[float], None]) -> None:
        """Kill processes of a running study in turn, and itself once, until it ends."""
        due = time.monotonic() + self._every_s
        while process.poll() is None:
            time.sleep(_LOOK_S)  # nobody tells of a file in a folder or of the time to kill
            done = self.store.finished()
            on_progress(len(done) / len(self.plan.cases))
            if not self.kills.studies and 3 * len(done) >= len(self.plan.cases):
                self._kill_study(process)
            elif time.monotonic() >= due and self._kill_worker(process):
                due = time.monotonic() + self._every_s

    def _kill_worker(self, process: subprocess.Popen[str]) -> bool:
        """Kill one of the processes that have begun to compute; tell whether there was one."""
        if self.kills.workers == self._most:
            return False
        at_work = {int(pid) for pid, _ in self._told_of_batches()}
        if victims := [one for one in workers(process.pid) if one.pid in at_work]:
            victims[self.kills.workers % len(victims)].send_signal(signal.SIGKILL)
            self.kills.workers += 1
            self._note()
        return bool(victims)

    def _kill_study(self, process: subprocess.Popen[str]) -> None:
        orphans = workers(process.pid)
        process.send_signal(signal.SIGKILL)
        process.wait()
        psutil.wait_procs(orphans, timeout=60)
        self.kills.studies += 1
        self._note()

    def _note(self) -> None:
        """Note what is kept now, of which nothing may be begun from now on."""
        kept = set(self.store.finished())  # before the log is read: all of it is begun there
        self.kills.kept.append((len(self.begun()), kept))

    def begun(self) -> list[list[str]]:
        """Return what has been begun: the calibrations of each batch, in order."""
        return [cases.split(",") for _, cases in self._told_of_batches()]

    def _told_of_batches(self) -> list[tuple[str, str]]:
        """Return the process and the calibrations of each batch that has been begun."""
        return _BEGUN.findall(self._log.read_text(encoding="utf-8", errors="replace"))

    def told(self) -> dict[str, Any]:
        """Return what became of everybody, and what was computed more than once."""
        begun, table = self.begun(), read_table(self.store.table)[0]
        times = Counter(case for batch in begun for case in batch)
        in_vain = {
            case
            for before, kept in self.kills.kept
            for batch in begun[before:]
            for case in batch
            if case in kept
        }
        rows = Counter(zip(*(table[n].to_pylist() for n in _A_NUMBER), strict=True))
        results = set(table["case"].to_pylist())
        return {
            "people": len(self.plan.cases),
            "in_table": len({case.id for case in self.plan.cases} & results),
            "failed": sum(error is not None for error in table["error"].to_pylist()),
            "twice_in_table": sum(count > 1 for count in rows.values()),
            "workers_killed": self.kills.workers,
            "studies_killed": self.kills.studies,
            "starts": self.kills.starts,
            "batches_begun": len(begun),
            "computed_again": sum(count > 1 for count in times.values()),
            "computed_again_though_kept": len(in_vain),
        }


_A_NUMBER = ("case", "quantity", "of")


def workers(pid: int) -> list[psutil.Process]:
    """Return the processes that compute for a study."""
    found = []
    with suppress(psutil.NoSuchProcess):  # the study ends just now
        for child in psutil.Process(pid).children(recursive=True):
            with suppress(psutil.NoSuchProcess):  # this one does
                if "spawn_main" in " ".join(child.cmdline()):
                    found.append(child)
    return found


def is_whole(told: dict[str, Any]) -> bool:
    """Tell whether everybody is there once, and nothing that was kept was computed again."""
    all_there = told["in_table"] == told["people"] and told["failed"] == 0
    return all_there and not (told["twice_in_table"] or told["computed_again_though_kept"])


def sentence(told: dict[str, Any]) -> str:
    """Return what there is to say."""
    return (
        f"{told['workers_killed']} processes killed and {told['studies_killed']} study, started "
        f"{told['starts']} times: {told['in_table']} of {told['people']} people in the table, "
        f"{told['failed']} without a result, {told['twice_in_table']} numbers twice. Done again "
        f"were {told['computed_again']} that were in flight, and "
        f"{told['computed_again_though_kept']} that were kept."
    )


@click.command(cls=Command)
@click.option("--people", type=click.IntRange(1), default=200, show_default=True, help="How many.")
@click.option("--every", default=20.0, show_default=True, help="Time between two kills, s.")
@click.option("--most", default=1000, show_default=True, help="Kills of processes at most.")
@click.option("--seed", default=3000, show_default=True, help="Seed of the first person.")
@folder_option
@json_option()
def main(
    people: int, every: float, most: int, seed: int, folder: Path | None, json_file: str | None
) -> None:
    """Kill a cohort's processes while it works, and look at what comes of it."""
    with recorded_study(folder, range(seed, seed + people), WORKERS) as file:
        run = Run(file, every, most)
        run.store.clear()
        with progress_bar("Calibrating") as progress:
            run.through(progress)
        told = run.told()
    say(sentence(told), json_file)
    write_json(json_file, told)
    if not is_whole(told):
        raise UserError("Not everybody is there once.")


if __name__ == "__main__":
    main()
