"""How a process computes with torch."""

from __future__ import annotations

import ctypes

import torch

_TRIM_THRESHOLD, _MMAP_THRESHOLD = -1, -3
"""Settings of glibc's mallopt."""
_LARGEST_KEPT = 32 * 2**20
"""Bytes from which on a tensor has memory of its own from the system; glibc allows no more."""
_MOST_KEPT = 256 * 2**20
"""Free bytes at the end of the heap that are kept."""


def set_up_arithmetic(threads: int) -> None:
    """Let this thread, and those that torch starts for it, compute fast.

    Products along a recurrence and the tails of bell curves run through numbers too small to be
    normal, each of which costs a processor some hundred times as much as any other. They are zero
    beside whatever they are added to, and so are taken for zero.

    Parameters
    ----------
    threads
        Processor threads that torch may use; they take the setting over from this one.
    """
    torch.set_flush_denormal(True)
    torch.set_num_threads(threads)
    _keep_memory()


def _keep_memory() -> None:
    """Let the allocator keep what is freed between two operations on tensors.

    As glibc has it from the start, a tensor of a window goes back to the system as soon as it is
    freed, and the next one costs a page fault for each of its pages. Other allocators stay as
    they are.
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        mallopt(_MMAP_THRESHOLD, _LARGEST_KEPT)
        mallopt(_TRIM_THRESHOLD, _MOST_KEPT)
