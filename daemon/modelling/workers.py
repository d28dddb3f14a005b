"""Processes that each hold the source model, since OpenSim's cannot be shared by threads."""

from __future__ import annotations

import itertools
import multiprocessing
import os
import signal
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from typing import Any, TypeVar

import numpy as np

from daemon.modelling.opening import open_source
from daemon.modelling.samples import Array, one_by_one
from daemon.modelling.source import Source, Wanted
from pipeline.errors import UserError

CHUNK = 25
"""Postures that a process is given at once."""
_ONE_THREAD = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}
"""The processes fill the machine already."""

Job = TypeVar("Job")
Result = TypeVar("Result")
_held: list[Source] = []
"""The source of a worker process."""


def every_processor() -> int:
    """Return how many processors this process may use."""
    return len(os.sched_getaffinity(0))


class Workers:
    """The process itself, or several others, asked for postures and given jobs.

    Parameters
    ----------
    source
        The source, opened in this process.
    pool
        The other processes, which hold the same; None for this one alone.
    """

    def __init__(self, source: Source, pool: ProcessPoolExecutor | None) -> None:
        self._source, self._pool = source, pool

    def ask(self, q: Array, told: Callable[[float], None]) -> tuple[Array, Array]:
        """Return lengths and moment arms of many postures, as `Ask` describes."""
        if self._pool is None or not self._source.slow:
            return one_by_one(self._source)(q, told)
        chunks = [q[place : place + CHUNK] for place in range(0, len(q), CHUNK)]
        lengths, moment_arms = zip(*self._mapped(_ask, chunks, told), strict=True)
        return np.concatenate(lengths), np.concatenate(moment_arms)

    def each(
        self, do: Callable[[Job], Result], jobs: Sequence[Job], told: Callable[[float], None]
    ) -> list[Result]:
        """Return what a function makes of each job."""
        if self._pool is not None:
            return self._mapped(do, jobs, told)
        results = []
        for done, job in enumerate(jobs):
            results.append(do(job))
            told((done + 1) / len(jobs))
        return results

    def _mapped(
        self, do: Callable[[Job], Result], jobs: Sequence[Job], told: Callable[[float], None]
    ) -> list[Result]:
        assert self._pool is not None
        results = []
        try:
            for done, result in enumerate(self._pool.map(do, jobs)):
                results.append(result)
                told((done + 1) / len(jobs))
        except BrokenProcessPool as error:
            raise UserError(
                f"A process that computed the model's postures ended ({self._source.tool} itself "
                "may have failed there); try narrower ranges."
            ) from error
        return results


@contextmanager
def workers(wanted: Wanted, source: Source, count: int) -> Iterator[Workers]:
    """Give as many processes as are wanted, all of which have opened the source."""
    if count <= 1:
        yield Workers(source, None)
        return
    with _environment(_ONE_THREAD):
        pool = ProcessPoolExecutor(
            count, multiprocessing.get_context("spawn"), initializer=_open, initargs=(wanted,)
        )
        list(pool.map(abs, range(count)))  # started with that environment
    try:
        yield Workers(source, pool)
    finally:
        pool.shutdown(cancel_futures=True)


@contextmanager
def _environment(more: dict[str, str]) -> Iterator[None]:
    before = {name: os.environ.get(name) for name in more}
    os.environ.update({name: value for name, value in more.items() if before[name] is None})
    try:
        yield
    finally:
        for name in itertools.filterfalse(before.get, more):
            os.environ.pop(name, None)


def _open(wanted: Wanted) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the process that waits
    _held[:] = [open_source(wanted)]


def _ask(q: Array) -> tuple[Array, Array]:
    def nobody(done: float) -> Any:
        return None

    return one_by_one(_held[0])(q, nobody)
