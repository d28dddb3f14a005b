"""The scale bench: what each thing that there may be more of costs, as measured here."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from functools import partial
from typing import Any

import psutil
import torch

from daemon.bench.scale_bytes import link_growth, session_growth
from daemon.bench.scale_solver import Load, clock_of, slopes
from daemon.bench.scale_update import update_growth
from daemon.bench.solver import chosen_device, computing_with
from daemon.bench.solver import described as place_of
from daemon.config import load_config

Progress = Callable[[str, float], None]

SESSION_S = 30.0
_SOLVER, _UPDATE = 0.5, 0.7
"""Fractions of the time after which a part is over."""


def bench_scale(
    device: str = "auto",
    threads: int = 1,
    session_s: float = SESSION_S,
    on_progress: Progress | None = None,
) -> dict[str, Any]:
    """Measure how costs grow with people, muscles, window, joints, steps and time.

    Parameters
    ----------
    device
        ``cpu``, ``cuda``, or ``auto`` for CUDA where there is one.
    threads
        Processor threads.
    session_s
        How long a live run is watched for the growth of its session, s; 0 for none.
    on_progress
        Called with what is measured next and the fraction done.

    Returns
    -------
    dict
        ``load`` that does not grow; ``slopes`` as `scale_solver.slopes`; ``update`` as
        `update_growth`; ``link`` as `link_growth`; ``session`` as `session_growth` or None;
        and where it was measured: ``device``, ``machine``, ``cores``, ``memory_gb``, ``threads``,
        ``torch``, ``clock`` ("processor" or "wall"; see `clock_of`), and ``share``, processors
        that it had on average: where others were at work, fewer than ``threads``.
    """
    tell, place = on_progress or (lambda what, done: None), torch.device(chosen_device(device))
    config = load_config("arm")
    calibrator = config.calibrator.model_copy(update={"device": place.type, "threads": threads})
    config = config.model_copy(update={"calibrator": calibrator})
    began = time.process_time(), time.perf_counter()
    with computing_with(threads):
        found = {
            "clock": "processor" if clock_of(place) is time.process_time else "wall",
            "load": vars(Load()),
            "slopes": slopes(config, place, partial(_part, tell, 0.0, _SOLVER)),
            "update": update_growth(config, partial(_part, tell, _SOLVER, _UPDATE)),
            **place_of(place),
        }
    found["share"] = (time.process_time() - began[0]) / (time.perf_counter() - began[1])
    tell("bytes on the link", _UPDATE)
    found["link"] = link_growth()
    tell("a session", _UPDATE)
    found["session"] = session_growth(config, session_s) if session_s else None
    return found | {
        "cores": os.cpu_count(),
        "memory_gb": 1e-9 * psutil.virtual_memory().total,
    }


def _part(tell: Progress, begin: float, end: float, what: str, done: float) -> None:
    tell(what, begin + (end - begin) * done)
