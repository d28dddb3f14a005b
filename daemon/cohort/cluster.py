"""Batches on the processes of a Dask cluster: of this machine, of a scheduler, or of SLURM jobs."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from concurrent.futures import CancelledError
from contextlib import contextmanager
from dataclasses import replace

from daemon.cohort.batches import Batch
from daemon.cohort.digest import version
from daemon.cohort.results import Finished, lost
from daemon.cohort.run import workers_here
from daemon.cohort.study import RunConfig, SlurmConfig
from daemon.cohort.work import computed
from pipeline.errors import UserError, needing

with needing("A cohort", "cluster"):
    from distributed import Client, Future, KilledWorker, LocalCluster, as_completed

_FIND_S = 10.0
"""How long a scheduler is looked for, s."""
_ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"), "1")


@contextmanager
def local_client(settings: RunConfig) -> Iterator[Client]:
    """Give processes of this machine, a thread each, for as long as the block runs.

    Raises
    ------
    UserError
        If one is killed before it has started.
    """
    _hush()
    try:
        cluster = LocalCluster(
            n_workers=workers_here(settings),
            threads_per_worker=1,
            memory_limit=0,  # batches are sized to memory; Dask would stop and kill what is near it
            dashboard_address=None,
            silence_logs=False,
            env=_ONE_THREAD,
        )
    except RuntimeError as error:
        raise UserError(
            f"A process of the study did not start ({error}); start the study again, with a "
            "smaller run.workers where memory is short."
        ) from error
    with cluster, Client(cluster) as client:
        yield client


@contextmanager
def client_of(address: str) -> Iterator[Client]:
    """Give the workers of a scheduler that runs.

    Raises
    ------
    UserError
        If there is none at the address.
    """
    _hush()
    try:
        client = Client(address, timeout=_FIND_S)
    except (OSError, TimeoutError, ValueError) as error:
        raise UserError(
            f"--scheduler: no Dask scheduler answers at '{address}' ({error}); start one with "
            "'dask scheduler' and give the address that it prints."
        ) from error
    with client:
        yield client


@contextmanager
def slurm_client(run: RunConfig, slurm: SlurmConfig) -> Iterator[Client]:
    """Give processes that SLURM starts, as many as there is work for."""
    from daemon.cohort.jobqueue import slurm_cluster

    _hush()
    with slurm_cluster(run, slurm) as cluster, Client(cluster) as client:
        cluster.adapt(maximum_jobs=slurm.jobs)
        yield client


def on_cluster(client: Client, batches: Sequence[Batch], seed: int) -> Iterator[Finished]:
    """Yield the rows of batches as they are finished.

    A batch whose worker dies goes to another; one that kills several is computed one by one, so
    that only the calibration that does it is lost.

    Raises
    ------
    UserError
        If the scheduler is lost, or a worker has another hillstream.
    """
    asked = {_submitted(client, batch, seed): batch for batch in batches}
    waiting = as_completed(list(asked))
    for future in waiting:
        batch = asked.pop(future)
        try:
            rows = future.result()
            future.release()  # else it is computed again when the process that has it dies
            yield Finished(batch, rows)
        except KilledWorker:
            if len(batch.cases) == 1:
                yield lost(batch, seed)
                continue
            for case in batch.cases:
                alone = replace(batch, cases=(case,))
                again = _submitted(client, alone, seed)
                asked[again] = alone
                waiting.add(again)
        except (CancelledError, OSError) as error:
            raise UserError(
                "The scheduler is lost; all that was finished is kept: start the study again."
            ) from error


def _hush() -> None:
    """Let Dask tell its errors alone, unless all is asked for: a dead worker is no news here."""
    if logging.getLogger().level > logging.DEBUG:
        logging.getLogger("distributed").setLevel(logging.ERROR)


def _submitted(client: Client, batch: Batch, seed: int) -> Future:
    return client.submit(computed, batch, seed, version(), pure=False)
