"""A study from where it was to its end."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from daemon.cohort.batches import Batch
from daemon.cohort.made_of import made_of
from daemon.cohort.plan import Part, Plan
from daemon.cohort.results import Finished, table_of
from daemon.cohort.rows import Row
from daemon.cohort.store import Store, Taken, concatenated, table_from
from daemon.cohort.study import RunConfig

USUAL_S = 5.0
"""A calibration is reckoned with this before the first is finished, s."""

Compute = Callable[[Sequence[Batch], int], Iterator[Finished]]
Progress = Callable[[int, int], None]
"""Called with the number of calibrations done, and of all there are to do."""


@dataclass(frozen=True)
class Standing:
    """How far a study is.

    Parameters
    ----------
    left
        Batches that this part still has to compute.
    seconds_each
        What a calibration takes, s.
    measured
        Whether that is measured in this study, or what is usual.
    """

    left: list[Batch]
    finished: int
    failed: int
    seconds_each: float
    measured: bool

    @property
    def cases_left(self) -> int:
        """Calibrations that this part still has to compute."""
        return sum(len(batch.cases) for batch in self.left)

    def seconds_left(self, workers: int) -> float:
        """Return about how long the rest takes, s."""
        return self.cases_left * self.seconds_each / max(1, min(workers, len(self.left)))


def workers_here(settings: RunConfig) -> int:
    """Return how many processes this machine gets."""
    return settings.workers or len(os.sched_getaffinity(0))


def standing(plan: Plan, store: Store, part: Part) -> Standing:
    """Return how far a study is."""
    finished = store.finished()
    asked = [finished[case.id] for case in plan.cases if case.id in finished]
    seconds = _seconds_each(asked)
    return Standing(
        left=plan.left(finished, part),
        finished=len(asked),
        failed=sum(one.error is not None for one in asked),
        seconds_each=seconds or USUAL_S,
        measured=seconds is not None,
    )


def run(plan: Plan, store: Store, part: Part, compute: Compute, on_progress: Progress) -> None:
    """Compute what a study lacks, keep it as it comes, and write the table of all there is.

    Raises
    ------
    UserError
        If nothing can be kept any more, or the processes that compute are lost.
    """
    now = standing(plan, store, part)
    transient: list[Row] = []
    done = 0
    try:
        for batch, rows, kept in compute(now.left, plan.study.seed):
            if kept:
                store.keep(rows)
            else:
                transient += rows
            done += len(batch.cases)
            on_progress(done, now.cases_left)
    finally:
        write_results(plan, store, transient)


def write_results(plan: Plan, store: Store, transient: Sequence[Row] = ()) -> None:
    """Write the table of all that is finished.

    Parameters
    ----------
    transient
        Rows of calibrations that are tried again when the study is started again.

    Raises
    ------
    UserError
        If it cannot be written.
    """
    numbers = concatenated([store.numbers(), table_from(transient)])
    store.write_table(table_of(plan.cases, numbers), made_of(plan))


def _seconds_each(taken: Sequence[Taken]) -> float | None:
    """Return the mean time of what succeeded, s; None where nothing has yet."""
    seconds = [one.seconds for one in taken if one.error is None]
    return sum(seconds) / len(seconds) if seconds else None
