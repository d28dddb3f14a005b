"""Descents side by side: each has its own best and its own end."""

from __future__ import annotations

import time

import torch
from torch import Tensor

from pipeline.adamw import AdamW
from pipeline.calibrate.batch.objective import ObjectiveTogether
from pipeline.calibrate.course import Courses, looks
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

    A member that has stopped is taken out of the tensor when the host looks. AdamW moves every
    number by its own gradients alone, so that its moments are each member's own too.

    Parameters
    ----------
    starts
        Where each begins.
    watch
        Told of the fraction done, and of the mean relative error of those at work.

    Returns
    -------
    list
        For each member the calibration, or the error that its objective is no finite number.
    """
    vectors = starts.detach().clone().requires_grad_()
    courses = Courses(starts, settings.patience, settings.progress)
    go_down_together(objective, vectors, courses, settings, watch)
    return _results(objective, courses)


def go_down_together(
    objective: ObjectiveTogether,
    vectors: Tensor,
    courses: Courses,
    settings: DescentSettings,
    watch: Watch | None = None,
) -> None:
    """Move vectors down until the host sees that all are over; no wait but to look."""
    began, optimiser = time.perf_counter(), AdamW([vectors])
    working, at_work = torch.arange(len(vectors), device=vectors.device), objective
    for step in range(settings.steps):
        values, errors = at_work(vectors[working])
        courses.take(vectors, values, errors, time.perf_counter() - began, working)
        if looks(step, vectors.device):
            left = (~courses.over[working]).nonzero().flatten()
            if watch is not None:
                still = len(left) / len(vectors)
                done = 1.0 - still * (1.0 - (step + 1) / settings.steps)
                watch(done, float(errors.nanmean()))
            if len(left) < len(working):
                objective.keep(working, at_work)
                if not len(left):
                    return
                working, at_work, values = working[left], at_work.of(left), values[left]
        values.sum().backward()  # type: ignore[no-untyped-call]
        optimiser.step(rate(settings, step / settings.steps))
    objective.keep(working, at_work)


def _results(objective: ObjectiveTogether, courses: Courses) -> list[Found]:
    """Return what each has come to, with the relative error at its best."""
    with torch.no_grad():
        errors = objective(courses.best).relative_errors
    return [
        end.failure or found_on(end, error)
        for end, error in zip(courses.ends(), errors.tolist(), strict=True)
    ]
