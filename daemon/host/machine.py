"""The machine and who uses its processors."""

from __future__ import annotations

import platform
from collections.abc import Mapping
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


def named_children(root: int) -> dict[str, int]:
    """Return by name the ids of a process's children and theirs that are not just ``python``."""
    named = {child.name(): child.pid for child in psutil.Process(root).children(recursive=True)}
    return {name: pid for name, pid in named.items() if not name.startswith("python")}


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
