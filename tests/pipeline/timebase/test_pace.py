"""The rate of what is published less often than the moments."""

import numpy as np
import pytest

from pipeline.timebase.pace import Pace


@pytest.mark.parametrize(
    ("rate_hz", "expected"), [(0.0, 0), (1.0, 10), (30.0, 300), (50.0, 500), (100.0, 1000)]
)
def test_rows_come_at_the_rate_on_average(rate_hz, expected):
    pace = Pace(rate_hz)
    assert sum(pace.due(i / 100.0) for i in range(1000)) == pytest.approx(expected, abs=1)


def test_above_the_grids_rate_every_row_is_due():
    pace = Pace(1000.0)
    assert all(pace.due(5000.0 + i / 100.0) for i in range(1000))


def test_after_a_gap_nothing_is_made_up_for():
    pace = Pace(10.0)
    times = np.concatenate((np.arange(100), np.arange(1000, 1100))) / 100.0
    due = [t for t in times if pace.due(t)]
    assert np.diff(due).min() > 0.095
    assert len(due) == 20
