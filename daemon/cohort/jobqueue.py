"""The SLURM jobs of a study, as dask-jobqueue starts them."""

from __future__ import annotations

from typing import Any

from daemon.cohort.study import RunConfig, SlurmConfig
from pipeline.errors import needing


def slurm_cluster(run: RunConfig, slurm: SlurmConfig) -> Any:
    """Return a cluster of SLURM jobs, a process of one thread each; none is started yet.

    Raises
    ------
    UserError
        If dask-jobqueue is not installed.
    """
    with needing("A cohort", "cluster"):
        from dask_jobqueue import SLURMCluster
    return SLURMCluster(
        cores=1,
        processes=1,
        memory=f"{run.memory_gb:g}GB",
        walltime=slurm.walltime,
        queue=slurm.partition,
        account=slurm.account,
        interface=slurm.interface,
        job_script_prologue=[*slurm.prologue, "export OMP_NUM_THREADS=1"],
        scheduler_options={"dashboard_address": None},
    )
