"""Many daemons on one calibrator: ``python -m tools.robustness.many --daemons 16 --seconds 60``.

Starts `hillstream calibrator` as it is started for a laboratory, and sends it the rows of that many
simulated arms in real time, each over a link as a daemon's. Says how many updates a second each
gets, what the calibrator's processes take of the machine, and what an update is made of, which one
calibrator in this process shows beforehand. The search for a start, which a daemon of a person
of whom nothing is known asks for at first, is left out. On a machine on which nothing else runs.
"""

from __future__ import annotations

import os
import signal
import statistics
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path
from typing import Any
from unittest.mock import patch

import click
import psutil

from daemon.assembly.calibrator import build_calibrator
from daemon.assembly.model import model_in_use
from daemon.assembly.subject import starting_subject
from daemon.bench.latency.setup import free_port
from daemon.bench.scale_update import paired_rows
from daemon.calibration.link import CalibratorLink, Standing, configured_link
from daemon.config import Config, load_config
from daemon.host.machine import processor
from daemon.ipc.messages import UpdateMessage
from daemon.terminal.command import Command
from daemon.terminal.console import json_option, progress_bar, say, write_json
from pipeline.calibrate import calibrator as whole
from pipeline.calibrate.descent import Descent
from pipeline.calibrate.gate import Judge
from pipeline.calibrate.search import StartSearch
from pipeline.calibrate.synergy.online import OnlineSynergies
from pipeline.model.arithmetic import set_up_arithmetic
from pipeline.timebase.rows import PairedRows

ROOT = Path(__file__).resolve().parents[2]
FIRST_S = 1.0
"""Rows that are sent at once, so that all processes are at work before the warm-up begins, s."""
WARM_UP_S = 15.0
"""The windows are full by then, s."""
BATCH_S = 0.1
"""So much is sent at once, as a daemon does, s."""
PATIENCE_S = 300.0
UPDATES = 12
"""Of the calibrator that shows what they are made of, after its window has been filled."""


class Client:
    """One daemon's link, and the updates that came by it.

    Parameters
    ----------
    config
        The set-up, which says where the calibrator is.
    number
        Of the daemon.
    """

    def __init__(self, config: Config, number: int) -> None:
        start = starting_subject(config, model_in_use(config))
        self._link: CalibratorLink = configured_link(config, f"arm {number}")
        self._standing = Standing(start, 0, False)
        self.updates: list[UpdateMessage] = []

    def turn(self, rows: PairedRows | None = None) -> None:
        """Send rows, and take what has come."""
        if rows is not None:
            self._link.add(rows)
        for message in self._link.turn(self._standing):
            if isinstance(message, UpdateMessage):
                self.updates.append(message)

    def close(self) -> None:
        """Take leave."""
        self._link.close()


@contextmanager
def _calibrator(address: str, most: int, processes: int | None) -> Iterator[psutil.Process]:
    command = [sys.executable, "-m", "daemon.cli", "calibrator", "arm", "--listen", address]
    command += ["--most", str(most)]
    command += ["--processes", str(processes)] if processes else []
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL)
    try:
        yield psutil.Process(process.pid)
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(PATIENCE_S)


def measure(daemons: int, seconds: float, processes: int | None) -> dict[str, Any]:
    """Serve many daemons for some seconds, after a warm-up, and return how it went."""
    config = load_config("arm")
    rows = paired_rows(config, FIRST_S + WARM_UP_S + seconds + 2.0)
    address = f"tcp://127.0.0.1:{free_port()}"
    section = config.calibrator.model_copy(update={"where": address})
    config = config.model_copy(update={"calibrator": section})
    with ExitStack() as stack:
        served = stack.enter_context(_calibrator(address, daemons, processes))
        clients = [Client(config, number) for number in range(daemons)]
        for client in clients:
            stack.callback(client.close)
        first = round(FIRST_S * config.model.rate_hz)
        _begin(clients, rows.part(slice(first)))
        feed = _feed(clients, rows.part(slice(first, None)), config.model.rate_hz)
        with progress_bar("Serving") as told:
            share = WARM_UP_S / (WARM_UP_S + seconds)
            feed(WARM_UP_S, lambda done: told(share * done))
            counts = [len(client.updates) for client in clients]
            before, began = _processor_s(served), time.monotonic()
            feed(seconds, lambda done: told(share + (1 - share) * done))
            took = time.monotonic() - began
            after = _processor_s(served)
        new = [one.updates[count:] for one, count in zip(clients, counts, strict=True)]
        memory = [one.memory_info().rss for one in _family(served)]
    return _found(new, took, after - before) | {
        "processes": len(memory),
        "memory_mb": [1e-6 * one for one in memory],
        "wanted_per_s": 1.0 / section.stride_s,
    }


def _begin(clients: list[Client], first: PairedRows) -> None:
    """Send the first rows, and wait until each client has been told what came of them."""
    until = time.monotonic() + PATIENCE_S
    for client in clients:
        client.turn(first)
    while not all(client.updates for client in clients):
        for client in clients:
            client.turn()
        if time.monotonic() > until:
            raise click.ClickException(f"Not all were served within {PATIENCE_S:g} s.")
        time.sleep(0.01)


def _feed(
    clients: list[Client], rows: PairedRows, rate_hz: float
) -> Callable[[float, Callable[[float], None]], None]:
    """Return what sends the next seconds of rows to all, each at moments of its own."""
    size, sent, began = round(BATCH_S * rate_hz), 0, time.monotonic()

    def feed(seconds: float, told: Callable[[float], None]) -> None:
        nonlocal sent
        first, count = sent, round(seconds / BATCH_S)
        for batch in range(count):
            part = rows.part(slice(size * sent, size * (sent + 1)))
            for number, client in enumerate(clients):
                due = began + BATCH_S * (sent + number / len(clients))
                time.sleep(max(0.0, due - time.monotonic()))
                client.turn(part)
            sent = first + batch + 1
            told((batch + 1) / count)

    return feed


def _family(process: psutil.Process) -> list[psutil.Process]:
    return [process, *process.children(recursive=True)]


def _processor_s(process: psutil.Process) -> float:
    return sum(sum(one.cpu_times()[:2]) for one in _family(process))


def _found(new: list[list[UpdateMessage]], took: float, processor_s: float) -> dict[str, Any]:
    paces = [len(updates) / took for updates in new]
    within = sum(update.seconds for updates in new for update in updates)
    return {
        "updates_per_s": {
            "each": paces,
            "min": min(paces),
            "median": statistics.median(paces),
            "all": sum(paces),
        },
        "results": Counter(str(update.result) for updates in new for update in updates),
        "seconds": took,
        "processors": processor_s / took,
        "update_ms": 1e3 * within / max(1, sum(map(len, new))),
        "processor_ms_per_update": 1e3 * processor_s / max(1, sum(map(len, new))),
    }


def parts_of_an_update() -> dict[str, float]:
    """Return the mean time that an update of the simulated arm takes, by part, ms."""
    config = load_config("arm")
    section = config.calibrator
    set_up_arithmetic(section.threads)
    first = round(1.5 * section.window_s / section.stride_s)
    rows = paired_rows(config, (first + UPDATES + 1) * section.stride_s)
    calibrator = build_calibrator(config, starting_subject(config, model_in_use(config)))
    size = round(section.stride_s * config.model.rate_hz)
    taken: Counter[str] = Counter()
    with ExitStack() as stack:
        for holder, name, part in (
            (Descent, "take", "descent"),
            (Judge, "score", "judging"),
            (whole, "confidence", "confidence"),
            (whole.Calibrator, "_cut", "cutting"),
            (whole.Calibrator, "_turned", "sign"),
            (OnlineSynergies, "learn", "synergies"),
            (StartSearch, "found", "start"),
            (whole.Calibrator, "update", "all"),
        ):
            timed = partial(_timed, getattr(holder, name), taken, part)
            stack.enter_context(patch.object(holder, name, timed()))
        for number in range(first + UPDATES):
            if number == first:
                taken.clear()
            calibrator.add(rows.part(slice(size * number, size * (number + 1))))
            calibrator.update()
    told = {name: 1e3 * seconds / UPDATES for name, seconds in taken.items()}
    return told | {"rest": 2 * told["all"] - sum(told.values())}


def _timed(work: Callable[..., Any], taken: Counter[str], part: str) -> Callable[..., Any]:
    def timed(*args: Any, **named: Any) -> Any:
        began = time.process_time()
        try:
            return work(*args, **named)
        finally:
            taken[part] += time.process_time() - began  # type: ignore[assignment]

    return timed


@click.command(cls=Command)
@click.option("--daemons", type=click.IntRange(1, 256), default=16, show_default=True)
@click.option("--seconds", default=60.0, show_default=True, help="How long they are counted, s.")
@click.option("--processes", type=click.IntRange(1, 256), help="As of `hillstream calibrator`.")
@json_option()
def main(daemons: int, seconds: float, processes: int | None, json_file: str | None) -> None:
    """Serve many daemons with one calibrator, and say how often each gets an update."""
    parts = parts_of_an_update()
    found = measure(daemons, seconds, processes)
    machine = {"machine": processor(), "cores": os.cpu_count(), "load": os.getloadavg()[0]}
    write_json(json_file, found | {"daemons": daemons, "parts_ms": parts} | machine)
    pace = found["updates_per_s"]
    told = ", ".join(f"{name} {ms:.0f}" for name, ms in parts.items() if name != "all")
    say(
        f"{daemons} daemons, {found['wanted_per_s']:g} updates/s wanted: least {pace['min']:.2f}, "
        f"median {pace['median']:.2f}, together {pace['all']:.1f}.\n"
        f"{found['processors']:.2f} processors, {found['processor_ms_per_update']:.0f} ms of one "
        f"an update, of which {found['update_ms']:.0f} ms (wall) are the update itself; "
        f"{found['processes']} processes with {sum(found['memory_mb']):.0f} MB together.\n"
        f"An update alone takes {parts['all']:.0f} ms of a processor: {told}.\n"
        f"{machine['machine']}, {machine['cores']} cores, load {machine['load']:.1f}.",
        json_file,
    )


if __name__ == "__main__":
    main()
