"""The jobs that SLURM is asked for, as dask-jobqueue writes them."""

import subprocess
import sys

SCRIPT = """
from daemon.cohort.jobqueue import slurm_cluster
from daemon.cohort.study import RunConfig, SlurmConfig
slurm = SlurmConfig(partition="short", account="gait", prologue=["module load python"])
with slurm_cluster(RunConfig(memory_gb=3.0), slurm) as cluster:
    print(cluster.job_script())
"""


def test_a_job_is_one_process_with_what_the_study_asks_for():
    # A process of its own: the cluster opens a scheduler's socket, and loops that outlive it.
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT], capture_output=True, text=True, timeout=110
    )
    assert done.returncode == 0, done.stderr
    for line in ("-p short", "-A gait", "-n 1", "--cpus-per-task=1", "--mem=3G", "-t 02:00:00"):
        assert f"#SBATCH {line}" in done.stdout
    assert "module load python\nexport OMP_NUM_THREADS=1" in done.stdout
    assert "--nthreads 1" in done.stdout
