"""How a process computes with torch."""

from __future__ import annotations

import torch


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
