"""The processes of a running daemon, as the system shows them."""

from __future__ import annotations

import psutil


def memory_mb(pid: int) -> float:
    """Return the resident memory of a process, MB."""
    return psutil.Process(pid).memory_info().rss / 1e6


def open_files(pid: int) -> int:
    """Return how many files a process holds open."""
    return psutil.Process(pid).num_fds()
