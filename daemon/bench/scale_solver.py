"""What an iteration of the calibration takes, in time and memory, as the problem grows."""

from __future__ import annotations

import re
import statistics
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch

from daemon.bench.scale_fit import growth
from daemon.bench.solver import DOFS, STEP_S, Problem, Size
from daemon.config import Config
from daemon.host.memory import give_back_memory
from pipeline.calibrate.loss import moment_scale

WARM_UP = 3
ROUNDS = 3
"""Turns that the sizes of an axis take, so that each meets the same load of the machine."""
REPEATS = 5

PEOPLE = (1, 2, 4, 8, 16, 32, 64)
MUSCLES = (5, 10, 20, 43)
WINDOWS_S = (5.0, 10.0, 20.0, 40.0)
JOINTS = (1, 2, 3, 6, 12)

_HIGH_WATER, _PRESENT = "VmHWM", "VmRSS"
_STATUS, _RESET = Path("/proc/self/status"), Path("/proc/self/clear_refs")


@dataclass(frozen=True)
class Load:
    """What is calibrated at once; by default one person's live window."""

    people: int = 1
    muscles: int = 16
    window_s: float = 10.0
    joints: int = DOFS


@dataclass(frozen=True)
class Cost:
    """What an iteration takes."""

    seconds: float
    """Median."""
    quartiles_s: tuple[float, float]
    mb: float
    """Memory at its peak beyond what the process had before; NaN where nobody tells."""


class Turn(NamedTuple):
    """Iterations of one load, one after the other."""

    seconds: list[float]
    mb: float


AXES: Mapping[str, Mapping[float, Load]] = {
    "people": {n: Load(people=n) for n in PEOPLE},
    "muscles": {n: Load(muscles=n) for n in MUSCLES},
    "window": {s: Load(window_s=s) for s in WINDOWS_S},
    "joints": {n: Load(joints=n) for n in JOINTS},
}
"""The loads of each slope, by what grows."""


def slopes(
    config: Config, device: torch.device, on_progress: Callable[[str, float], None]
) -> dict[str, dict[str, Any]]:
    """Measure every axis with the others as `Load` has them.

    Returns
    -------
    dict
        By axis ``points`` (``x``, ``seconds``, ``quartiles_s``, ``mb``) and the fits ``seconds``
        and ``mb`` as `Growth.result` has them; ``mb`` is None where memory is not told.
    """
    found, count = {}, ROUNDS * sum(map(len, AXES.values()))
    done = iter(range(count))
    for name, loads in AXES.items():
        turns: dict[float, list[Turn]] = {value: [] for value in loads}
        for _ in range(ROUNDS):
            for value, load in loads.items():
                on_progress(f"{value:g} {name}", next(done) / count)
                turns[value].append(turn(load, config, device))
        found[name] = described(tuple(turns), [cost_of(of) for of in turns.values()])
    return found


def turn(load: Load, config: Config, device: torch.device) -> Turn:
    """Measure a load for some iterations."""
    clock, seconds = clock_of(device), []
    with _peak_mb(device) as peak:
        problem = problem_of(load, config, device)
        for _ in range(WARM_UP):
            problem.iterate()
        for _ in range(REPEATS):
            start = clock()
            problem.iterate()
            seconds.append(clock() - start)
        return Turn(seconds, peak())


def cost_of(turns: Sequence[Turn]) -> Cost:
    """Return what some turns of one load say together."""
    seconds = [one for of in turns for one in of.seconds]
    low, high = np.quantile(seconds, (0.25, 0.75))
    mb = statistics.median(of.mb for of in turns)
    return Cost(statistics.median(seconds), (float(low), float(high)), mb)


def clock_of(device: torch.device) -> Callable[[], float]:
    """Return the clock, s: the processor's time on one thread, else the wall's.

    Processor time is what there is to buy, and other programs on the machine hardly change it.
    """
    if device.type == "cuda":
        return partial(_synchronised, device)
    return time.process_time if torch.get_num_threads() == 1 else time.perf_counter


def _synchronised(device: torch.device) -> float:
    torch.cuda.synchronize(device)
    return time.perf_counter()


def described(values: tuple[float, ...], costs: list[Cost]) -> dict[str, Any]:
    """Return the points of an axis and what is fitted through them."""
    told = min(one.mb for one in costs) > 0.0
    return {
        "points": [{"x": x, **vars(one)} for x, one in zip(values, costs, strict=True)],
        "seconds": growth(values, [one.seconds for one in costs]).result(),
        "mb": growth(values, [one.mb for one in costs]).result() if told else None,
    }


def problem_of(load: Load, config: Config, device: torch.device) -> Problem:
    """Return the problem of a load, cut into trials as the live calibrator of `config` cuts."""
    settings = config.calibrator
    fresh = max(1, int((load.window_s - settings.holdout_s) // settings.segment_s))
    size = Size(
        time=round((settings.segment_s + settings.burn_in_s) / STEP_S),
        muscles=load.muscles,
        trials=fresh + settings.replay,
        subjects=load.people,
    )
    problem = Problem(size, device)
    joints = torch.arange(load.joints, device=device) % DOFS
    problem.trials = problem.trials._replace(
        moment_arm=problem.trials.moment_arm[..., joints, :, :],
        moment=problem.trials.moment[..., joints, :],
        weight=problem.trials.weight[..., joints, :],
    )
    problem.scale = moment_scale(problem.trials)
    return problem


@contextmanager
def _peak_mb(device: torch.device) -> Iterator[Callable[[], float]]:
    """Yield what tells the most memory in use since the block began, MB."""
    if device.type == "cuda":
        torch.cuda.reset_peak_memory_stats(device)
        before = torch.cuda.memory_allocated(device)
        yield lambda: 1e-6 * (torch.cuda.max_memory_allocated(device) - before)
        return
    give_back_memory()
    with suppress(OSError):  # a system that keeps no high-water mark, or will not reset it
        _RESET.write_text("5", encoding="ascii")
    start = _status_mb(_PRESENT)
    yield lambda: _status_mb(_HIGH_WATER) - start


def _status_mb(key: str) -> float:
    """Return a figure of this process's memory, MB; NaN where the system does not tell."""
    try:
        told = re.search(rf"^{key}:\s+(\d+) kB", _STATUS.read_text(encoding="ascii"), re.MULTILINE)
    except OSError:
        return float("nan")
    return 1.024e-3 * int(told[1]) if told else float("nan")
