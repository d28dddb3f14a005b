"""What a score tells while it goes on."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from daemon.config import Config
from daemon.offline.score import score
from daemon.simulation.recording import write_recording
from pipeline.live import Paired
from pipeline.streams.recordings.load import load_recording
from pipeline.update import Update


def test_rows_and_updates_are_told_as_they_are_scored(
    make_config: Callable[..., Config], tmp_path: Path
) -> None:
    config = make_config()
    quick = config.calibrator.model_copy(update={"steps": 3})
    config = config.model_copy(update={"calibrator": quick})
    write_recording(config, 6.0, tmp_path / "lab.npz")
    rows: list[Paired] = []
    updates: list[Update] = []
    result = score(
        config,
        load_recording(tmp_path / "lab.npz"),
        on_paired=rows.append,
        on_update=updates.append,
    )
    assert sum(result["updates"].values()) == len(updates) > 3
    assert all(np.diff([update.t for update in updates]) > 0)
    whole = Paired.joined(rows)
    error = (whole.predicted - whole.rows.moment)[whole.rows.valid]
    rmse = np.sqrt(np.nanmean(error**2, axis=0))
    assert list(result["rmse_overall"].values()) == pytest.approx(rmse.tolist())
