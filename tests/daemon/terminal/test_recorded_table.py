"""What is printed of a recording that was taken."""

import io
from pathlib import Path

import numpy as np
from rich.console import Console

from daemon.terminal.recorded import recorded_table
from pipeline.streams.recordings.recording import Recording, checked_stream


def test_channels_that_hold_no_number_are_named():
    t = np.arange(100) / 100.0
    x = np.column_stack((np.sin(t), np.full(100, np.nan), np.where(t < 0.5, np.nan, 1.0)))
    emg = checked_stream(Path("day.csv"), ("TA", "SOL", "GAS"), "V", t, x, 100.0)
    contents = Recording("day", {"emg": emg}).contents()
    assert contents["streams"][0]["without_numbers"] == ["SOL"]
    console = Console(file=io.StringIO(), width=100)
    console.print(recorded_table(contents))
    (line,) = (one for one in console.file.getvalue().splitlines() if "no numbers" in one)
    assert "SOL" in line
    assert "TA" not in line
