"""Descents side by side: each has its own best and its own end."""

from __future__ import annotations

import time
from collections.abc import Sequence

import torch
from torch import Tensor

from pipeline.adamw import AdamW
from pipeline.calibrate.batch.objective import ObjectiveTogether
from pipeline.calibrate.course import Course
from pipeline.calibrate.offline import Calibration, DescentSettings, Watch, found_on, rate
from pipeline.shapes import Float

Found = Calibration | FloatingPointError
"""What a descent has come to, or why to nothing."""


def descend_together(
    objective: ObjectiveTogether,
    starts: Float[Tensor, "member parameter"],
    settings: DescentSettings,
    watch: Watch | None = None,
) -> list[Found]:
    """Minimise for each member what `descend` does for one, with the same result.

    A member that has stopped is taken out of the tensor. AdamW moves every number by its own
    gradients alone, so that its moments are each member's own too.

    Parameters
    ----------
    starts
        Where each begins.
    watch
        Told at every step of the fraction done, and of the mean relative error of those at work.

    Returns
    -------
    list
        For each member the calibration, or the error that its objective is no finite number.
    """
    began = time.perf_counter()
    vectors = starts.detach().clone().requires_grad_()
    optimiser = AdamW([vectors])
    courses = [Course(start, settings.patience, settings.progress) for start in starts.detach()]
    going, at_work = torch.arange(len(starts), device=starts.device), objective
    for step in range(settings.steps):
        values, errors = at_work(vectors[going])
        seconds = time.perf_counter() - began
        numbers = zip(going.tolist(), values.tolist(), errors.tolist(), strict=True)
        for member, value, error in numbers:
            courses[member].take(vectors.detach()[member], value, error, seconds)
        if watch is not None:
            watch(_done(courses, settings), float(errors.nanmean()))
        left = [place for place, member in enumerate(going.tolist()) if not courses[member].over]
        if len(left) < len(going):
            objective.keep(going, at_work)
        if not left:
            break
        values[left].sum().backward()  # type: ignore[no-untyped-call]
        optimiser.step(rate(settings, step / settings.steps))
        if len(left) < len(going):
            chosen = torch.tensor(left, device=starts.device)
            going, at_work = going[chosen], at_work.of(chosen)
    objective.keep(going, at_work)
    return _results(objective, courses)


def _results(objective: ObjectiveTogether, courses: Sequence[Course]) -> list[Found]:
    """Return what each has come to, with the relative error at its best."""
    with torch.no_grad():
        errors = objective(torch.stack([course.best for course in courses])).relative_errors
    return [
        course.failure or found_on(course, error)
        for course, error in zip(courses, errors.tolist(), strict=True)
    ]


def _done(courses: Sequence[Course], settings: DescentSettings) -> float:
    steps = sum(settings.steps if course.over else len(course.history) for course in courses)
    return steps / (settings.steps * len(courses))
