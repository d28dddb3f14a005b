"""What a whole update of the live calibrator takes, and which part of it is the descent."""

from __future__ import annotations

import statistics
from collections.abc import Callable
from typing import Any

import torch

from daemon.assembly.calibrator import build_calibrator
from daemon.assembly.model import model_in_use
from daemon.assembly.pipeline import build_pipeline
from daemon.assembly.subject import generic_subject
from daemon.bench.scale_fit import growth
from daemon.bench.scale_solver import clock_of
from daemon.config import Config
from daemon.simulation.lab import Lab
from pipeline.calibrate.calibrator import Calibrator
from pipeline.streams.base import Chunk
from pipeline.timebase.rows import PairedRows

STEPS = (5, 10, 20, 40)
REPEATS = 7
WARM_UP = 2
"""The first updates search where to start, which no later one does."""
SECONDS = 16.0
_BLOCK_MS = 100


def update_growth(
    config: Config, on_progress: Callable[[str, float], None] | None = None
) -> dict[str, Any]:
    """Measure updates of the simulated person with more and more AdamW steps.

    Parameters
    ----------
    config
        A set-up with a simulated person; its `calibrator.device` is not "auto".
    on_progress
        Called with what is measured next and the fraction done.

    Returns
    -------
    dict
        ``points`` (``x`` steps, ``seconds``), the fit ``seconds``, whose ``fixed`` is what an
        update takes besides the descent (cut, judge, confidence), ``steps`` as the set-up has
        them, and ``muscles`` and ``joints``.
    """
    rows = paired_rows(config, SECONDS)
    clock = clock_of(torch.device(config.calibrator.device))
    calibrators = {steps: _calibrator(config, rows, steps) for steps in STEPS}
    taken: dict[int, list[float]] = {steps: [] for steps in STEPS}
    for number in range(WARM_UP + REPEATS):
        for steps in STEPS:  # in turns, so that each meets the same load of the machine
            if on_progress:
                on_progress(f"an update of {steps} steps", number / (WARM_UP + REPEATS))
            calibrator = calibrators[steps]
            start = clock()
            calibrator.update()
            taken[steps].append(clock() - start)
    seconds = [statistics.median(taken[steps][WARM_UP:]) for steps in STEPS]
    return {
        "points": [{"x": x, "seconds": y} for x, y in zip(STEPS, seconds, strict=True)],
        "seconds": growth(STEPS, seconds).result(),
        "steps": config.calibrator.steps,
        "muscles": len(model_in_use(config).muscles),
        "joints": len(config.model.dofs),
    }


def paired_rows(config: Config, seconds: float) -> PairedRows:
    """Return what the calibrator is given of the simulated person's first seconds."""
    lab, found = Lab(config), []
    chain = build_pipeline(config, generic_subject(model_in_use(config)))
    for _ in range(round(1000 * seconds / _BLOCK_MS)):
        block = lab.block(_BLOCK_MS)
        for key in ("emg", "angles", "moments"):
            samples = getattr(block, key)
            chain.push(Chunk(key, samples.t, samples.x))
        chain.predict()
        if (paired := chain.pair()) is not None:
            found.append(paired.rows)
    return PairedRows.joined(found)


def _calibrator(config: Config, rows: PairedRows, steps: int) -> Calibrator:
    """Return a calibrator of so many steps an update, its window full."""
    settings = config.calibrator.model_copy(update={"steps": steps})
    config = config.model_copy(update={"calibrator": settings})
    calibrator = build_calibrator(config, generic_subject(model_in_use(config)))
    calibrator.add(rows)
    return calibrator
