"""A study of small arms as a person runs it, in processes of its own."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pyarrow
import pytest
from cohort_runs import PEOPLE, ended_well, numbers
from places import ROOT
from small_cohort import record, write_setup, write_study, write_table

Start = Callable[..., subprocess.Popen[str]]


@pytest.fixture(scope="package")
def arms(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """People of whom one has a recording that is none."""
    folder = tmp_path_factory.mktemp("arms")
    write_setup(folder)
    record(folder, PEOPLE)
    (folder / "bad.npz").write_bytes(b"no recording")
    people = {f"P{i}": f"P{i}.npz" for i in range(PEOPLE)}
    write_table(folder, {**people, "Bad": "bad.npz"})
    return folder


@pytest.fixture(scope="package")
def start() -> Iterator[Start]:
    """Start a study; what still runs at the end is killed."""
    started = []

    def begin(study: Path, *arguments: str) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [sys.executable, "-m", "daemon.cli", "cohort", str(study), *arguments],
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        started.append(process)
        return process

    yield begin
    for process in started:
        if process.poll() is None:
            process.kill()
        process.wait()
        process.stdout.close()


@pytest.fixture(scope="package")
def whole(arms: Path, start: Start) -> pyarrow.Table:
    """Run the study without disturbance; return its table, without times."""
    study = write_study(arms, "whole", run={"workers": 2})
    ended_well(start(study))
    return numbers(study)
