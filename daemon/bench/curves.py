"""The solver bench of curve sets and rigid tendons, each beside the default."""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence

import torch

from daemon.bench.solver import (
    LONG,
    ROUNDS,
    SHORT,
    SOLVER_REPEATS,
    WARM_UP,
    Problem,
    Progress,
    chosen_device,
    computing_with,
    described,
    times_ms,
)
from pipeline.model.curve_choice import PUBLISHED, CurveChoice


def bench_curves(
    choices: Sequence[CurveChoice],
    device: str = "auto",
    threads: int = 1,
    on_progress: Progress | None = None,
) -> dict[str, object]:
    """Measure an iteration with curve sets, and with rigid tendons, beside the default.

    Parameters
    ----------
    choices
        The sets.
    device, threads, on_progress
        As for `bench_solver`.

    Returns
    -------
    dict
        ``curves_ms`` {problem: {set: ms}}, among the sets the default and ``rigid``, which is the
        default on rigid tendons; and where it was measured, as `bench_solver` has it. Times are
        medians of turns.
    """
    place, ms = torch.device(chosen_device(device)), {}
    with computing_with(threads):
        for number, size in enumerate((SHORT, LONG)):
            if on_progress:
                on_progress(f"{size.time} time steps", number / 2)
            problems = {str(one): Problem(size, place, one) for one in (PUBLISHED, *choices)}
            problems["rigid"] = Problem(size, place, rigid=True)
            ms[f"T{size.time}"] = _in_turns_ms(problems, place)
        return {"curves_ms": ms, **described(place)}


def _in_turns_ms(problems: Mapping[str, Problem], device: torch.device) -> dict[str, float]:
    times: dict[str, list[float]] = {name: [] for name in problems}
    for problem in problems.values():
        times_ms(problem.iterate, device, WARM_UP)
    for _ in range(ROUNDS):
        for name, problem in problems.items():
            times[name] += times_ms(problem.iterate, device, SOLVER_REPEATS)
    return {name: statistics.median(values) for name, values in times.items()}
