"""The processes of a running daemon, as the system shows them."""

from __future__ import annotations

import os
from pathlib import Path

PAGE_MB = os.sysconf("SC_PAGE_SIZE") / 1e6


def workers(root: int) -> dict[str, int]:
    """Return the process ids of a daemon's workers by name; `root` is its supervisor's."""
    children = Path(f"/proc/{root}/task/{root}/children").read_text(encoding="ascii").split()
    named = {Path(f"/proc/{pid}/comm").read_text().strip(): int(pid) for pid in children}
    return {name: pid for name, pid in named.items() if not name.startswith("python")}


def memory_mb(pid: int) -> float:
    """Return the resident memory of a process, MB."""
    return int(Path(f"/proc/{pid}/statm").read_text(encoding="ascii").split()[1]) * PAGE_MB


def open_files(pid: int) -> int:
    """Return how many files a process holds open."""
    return len(os.listdir(f"/proc/{pid}/fd"))


def processor_s(pid: int) -> float:
    """Return the processor time a process has used, s."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
