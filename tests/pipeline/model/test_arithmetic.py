"""How a process computes: what is set up holds in the process that sets it up."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

CHURN = """
import resource, sys, torch
from pipeline.model.arithmetic import set_up_arithmetic
if sys.argv[1] == "set up":
    set_up_arithmetic(1)
def faults():
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt
def once():
    for _ in range(10):
        parts = [torch.ones(100_000) for _ in range(20)]
        del parts
once()
before = faults()
once()
print(faults() - before)
"""

GIVES_BACK = {"MALLOC_MMAP_THRESHOLD_": "131072", "MALLOC_TRIM_THRESHOLD_": "131072"}
"""What glibc begins with, and no adjustment of its own on the way."""


def faults_of_churn(how: str) -> int:
    done = subprocess.run(
        [sys.executable, "-c", CHURN, how],
        check=True,
        capture_output=True,
        text=True,
        env=os.environ | GIVES_BACK,
    )
    return int(done.stdout)


@pytest.mark.skipif(sys.platform != "linux", reason="glibc's allocator")
def test_tensors_of_a_window_do_not_fault_their_pages_in_again() -> None:
    assert faults_of_churn("set up") < 0.1 * faults_of_churn("as it is")
