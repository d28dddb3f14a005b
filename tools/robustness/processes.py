"""The processes of a running daemon, as the system shows them."""

from __future__ import annotations

import psutil


def workers(root: int) -> dict[str, int]:
    """Return the process ids of a daemon's workers by name; `root` is its supervisor's."""
    named = {child.name(): child.pid for child in psutil.Process(root).children()}
    return {name: pid for name, pid in named.items() if not name.startswith("python")}


def memory_mb(pid: int) -> float:
    """Return the resident memory of a process, MB."""
    return psutil.Process(pid).memory_info().rss / 1e6


def open_files(pid: int) -> int:
    """Return how many files a process holds open."""
    return psutil.Process(pid).num_fds()
