"""Claims of a process on the machine: processors, priority, memory that stays."""

from __future__ import annotations

import ctypes
import gc
import logging
import os
from collections.abc import Callable, Sequence
from functools import partial

from daemon.config import RealtimeConfig

Claim = tuple[str, Callable[[], object]]
"""What it is called, and how it is made; OSError where it is refused."""
POLICIES = {"other": os.SCHED_OTHER, "batch": os.SCHED_BATCH, "idle": os.SCHED_IDLE}
MCL_CURRENT, MCL_FUTURE = 1, 2
"""Of mlockall(2): what is mapped now, and what will be."""

logger = logging.getLogger(__name__)


def claim_for_predictor(settings: RealtimeConfig) -> list[str]:
    """Claim what the predictor may have; return what the system refused, a sentence each.

    Called before it starts threads: these inherit processors and priority.
    """
    claims = [_cores(settings.predictor_cores)]
    if settings.lock_memory:
        claims.append(("memory that stays", _lock_memory))
    return _refused("predictor", claims) + claim_priority(settings.priority, "predictor")


def claim_for_calibrator(settings: RealtimeConfig) -> list[str]:
    """Keep the calibrator out of the predictor's way; return what was refused as above.

    Called before it starts threads: these inherit processors, niceness and policy.
    """
    policy = settings.calibrator_policy
    claims: list[Claim] = [
        _cores(settings.calibrator_cores),
        ("niceness", partial(os.nice, settings.calibrator_niceness)),
        (
            f"the policy '{policy}'",
            partial(os.sched_setscheduler, 0, POLICIES[policy], os.sched_param(0)),
        ),
    ]
    return _refused("calibrator", claims)


def claim_priority(priority: int, who: str = "helper") -> list[str]:
    """Claim a real-time priority, 0 for none; return what was refused as above."""
    if not priority:
        return []
    claim = partial(os.sched_setscheduler, 0, os.SCHED_FIFO, os.sched_param(priority))
    return _refused(who, [(f"real-time priority {priority}", claim)])


def may_claim_priority() -> bool:
    """Tell whether this process may claim a real-time priority, by claiming one for a moment."""
    before, priority = os.sched_getscheduler(0), os.sched_getparam(0)
    try:
        os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(1))
    except OSError:
        return False
    os.sched_setscheduler(0, before, priority)
    return True


def _cores(cores: Sequence[int]) -> Claim:
    if not cores:
        return "any processor", lambda: None
    return f"processors {list(cores)}", partial(os.sched_setaffinity, 0, cores)


def _lock_memory() -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.mlockall(MCL_CURRENT | MCL_FUTURE):
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))


def _refused(who: str, claims: Sequence[Claim]) -> list[str]:
    """Make each claim; tell once what is refused."""
    notes = []
    for name, claim in claims:
        try:
            claim()
        except OSError as error:
            notes.append(f"The {who} runs without {name}: {error.strerror}; see docs/latency.md.")
            logger.warning("%s", notes[-1])
    return notes


class GarbageCollector:
    """Python's garbage collection at moments of the program's own choosing.

    Left alone it runs in the middle of a tick, and takes longest when it looks at everything that
    was ever built.
    """

    def __init__(self, every_s: float, now: float) -> None:
        gc.collect()
        gc.freeze()  # what has been built stays: later collections need not look at it
        gc.disable()
        self._every_s = every_s
        self._due = now + every_s

    def turn(self, now: float) -> None:
        """Collect if it is time; to be called when there is nothing more urgent."""
        if now >= self._due:
            self._due = now + self._every_s
            gc.collect()
