"""The machine and who uses its processors."""

from __future__ import annotations

import platform
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import psutil

from pipeline.streams import clock


@dataclass(frozen=True)
class Usage:
    """Processor time used so far, s."""

    at: float
    """When it was looked at, s."""
    processes: Mapping[str, float]
    """Of some processes, by name."""
    busy: float
    """Of all programs on the machine together."""
    stolen: float
    """What the machine was ready to use and its host gave to other machines."""


def processor() -> str:
    """Return what the processor calls itself."""
    info = Path("/proc/cpuinfo")  # psutil does not know the name
    lines = info.read_text(encoding="utf-8").splitlines() if info.exists() else []
    names = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor() or platform.machine()


def usage(pids: Mapping[str, int]) -> Usage:
    """Return what has been used so far by these processes, and in all."""
    of = psutil.cpu_times()
    busy = of.user + of.nice + of.system + of.irq + of.softirq  # guests are in user and nice
    processes = {name: process_s(pid) for name, pid in pids.items()}
    return Usage(clock.now(), processes, busy, of.steal)


def percent(before: Usage, after: Usage) -> dict[str, float]:
    """Return the share of one processor that each took between two looks, in percent.

    Besides the processes there are ``others`` (all other programs) and ``stolen``. Of a process
    that was replaced between the looks only the new one counts.
    """
    used = {}
    for name, now in after.processes.items():
        then = before.processes.get(name, 0.0)
        used[name] = now - then if now >= then else now
    others = after.busy - before.busy - sum(used.values())
    used |= {"others": max(0.0, others), "stolen": after.stolen - before.stolen}
    return {name: 100.0 * value / (after.at - before.at) for name, value in used.items()}


def process_s(pid: int) -> float:
    """Return the processor time that a process has used, s."""
    used = psutil.Process(pid).cpu_times()
    return used.user + used.system


def family(root: int) -> dict[str, int]:
    """Return the process ids of all that a process has started, and they in turn, by name.

    Those without a name of their own are left out; of several that are called alike, only the
    youngest is told.
    """
    named = {}
    for child in _descendants(root):
        with suppress(psutil.Error):  # it has ended in between
            named[child.name()] = child.pid
    return {name: pid for name, pid in named.items() if not name.startswith("python")}


def memory_mb(root: int) -> list[tuple[str, float]]:
    """Return the memory of a process, first, and of all that it has started, MB, with their names.

    It is the proportional set size: a page that several share counts once in their sum.
    """
    found = []
    for process in (psutil.Process(root), *_descendants(root)):
        with suppress(psutil.Error):  # it has ended in between
            found.append((process.name(), process.memory_full_info().pss / 1e6))
    return found


def _descendants(root: int) -> list[psutil.Process]:
    alive = []
    for child in psutil.Process(root).children(recursive=True):
        with suppress(psutil.Error):
            if child.status() != psutil.STATUS_ZOMBIE and child.name():
                alive.append(child)
    return alive


def wants_processor(pid: int) -> bool:
    """Tell whether a thread of a process computes, or waits for its turn on a processor.

    False of a process that has stopped or sleeps, and where the system has no ``/proc``.
    """
    for task in Path(f"/proc/{pid}/task").glob("*"):
        with suppress(OSError):  # the thread has ended in between
            told = (task / "stat").read_text(encoding="utf-8", errors="replace")
            if told.rpartition(")")[2].split()[:1] == ["R"]:
                return True
    return False


def threads_s(pid: int) -> dict[str, float]:
    """Return the processor time that a process has used by kind of thread, s.

    ``main`` is the one that the process began with, ``ZeroMQ`` are that library's, and ``liblsl``
    the remaining ones, which have no name of their own.
    """
    used = {"main": 0.0, "liblsl": 0.0, "ZeroMQ": 0.0}
    for task in Path(f"/proc/{pid}/task").glob("*"):
        with suppress(FileNotFoundError):  # the thread has ended in between
            zeromq = (task / "comm").read_text(encoding="utf-8").startswith("ZMQ")
            kind = "main" if task.name == str(pid) else "ZeroMQ" if zeromq else "liblsl"
            nanoseconds = (task / "schedstat").read_text(encoding="ascii").split()[0]
            used[kind] += 1e-9 * int(nanoseconds)  # psutil's come in steps of 10 ms
    return used
