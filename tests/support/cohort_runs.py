"""What a study that runs in processes of its own has done."""

import subprocess
from pathlib import Path

import pyarrow

from daemon.cohort.store import read_table

PEOPLE = 6
NOT_COMPARED = ["seconds"]
"""Columns that differ from run to run."""


def ended_well(process: subprocess.Popen[str], seconds: float = 800) -> str:
    """Wait for a study to end; return what it said."""
    said, _ = process.communicate(timeout=seconds)
    assert process.returncode == 0, said
    return said


def out(study: Path) -> Path:
    """Return the output folder of a study."""
    return study.with_name(f"{study.stem}-out")


def numbers(study: Path) -> pyarrow.Table:
    """Return the table of a study, without times."""
    table, _ = read_table(out(study) / "results.parquet")
    return table.drop_columns(NOT_COMPARED).replace_schema_metadata(None)


def kept(study: Path) -> dict[Path, int]:
    """Return the batches that are finished, with the times at which they were written."""
    files = (out(study) / "batches").glob("*.parquet")
    return {file: file.stat().st_mtime_ns for file in files}
