"""The machine and who uses its processors, as Linux tells."""

from __future__ import annotations

import os
import platform
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from pipeline.streams import clock

_TICK_S = 1.0 / os.sysconf("SC_CLK_TCK")
_PROC = Path("/proc")
_STEAL = 7
_IDLE = (3, 4)


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
    info = _PROC / "cpuinfo"
    lines = info.read_text(encoding="utf-8").splitlines() if info.exists() else []
    names = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor() or platform.machine()


def usage(pids: Mapping[str, int]) -> Usage:
    """Return what has been used so far by these processes, and in all."""
    counts = [float(n) for n in _lines("stat")[0].split()[1:9]]
    busy = sum(counts) - counts[_STEAL] - sum(counts[i] for i in _IDLE)
    processes = {name: _of_process(pid) for name, pid in pids.items()}
    return Usage(clock.now(), processes, busy * _TICK_S, counts[_STEAL] * _TICK_S)


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


def _of_process(pid: int) -> float:
    """Return user and system time of a process, s; its name may hold blanks and brackets."""
    fields = _lines(f"{pid}/stat")[0].rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) * _TICK_S


def _lines(name: str) -> list[str]:
    return (_PROC / name).read_text(encoding="ascii", errors="replace").splitlines()
