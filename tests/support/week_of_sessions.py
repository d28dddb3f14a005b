"""Two sessions of the small lab: a person, and the same one with a weaker biceps, scored."""

from pathlib import Path
from typing import NamedTuple

import pytest
from small_lab import lab_in

from daemon.assembly.model import model_in_use
from daemon.config import Config
from daemon.offline.score import score
from daemon.session.log import SessionLog, about
from daemon.simulation.recording import write_recording
from pipeline.streams.recordings.load import load_recording
from pipeline.update import Update

SECONDS = 4
LEARNS = {"min_data_s": 1.5, "steps": 3, "stride_s": 1.0}


class Scored(NamedTuple):
    """A session, and what really happened in it."""

    path: Path
    config: Config
    updates: list[Update]

    @property
    def adopted(self) -> list[Update]:
        return [update for update in self.updates if update.adopted]


class Week(NamedTuple):
    """A folder of sessions."""

    folder: Path
    monday: Scored
    friday: Scored


@pytest.fixture(scope="session")
def week(tmp_path_factory: pytest.TempPathFactory) -> Week:
    """Score two recordings once for all tests, which only read what is there."""
    lab = lab_in(tmp_path_factory.mktemp("lab"))
    folder = tmp_path_factory.mktemp("sessions")
    strong, weak = ({"strength": {"biceps": strength}} for strength in (1.5, 0.7))
    return Week(
        folder,
        _scored(lab(calibrator=LEARNS, simulation=strong), folder / "monday.db", "first try"),
        _scored(lab(calibrator=LEARNS, simulation=weak), folder / "friday.db", "after <b>"),
    )


def _scored(config: Config, path: Path, mark: str) -> Scored:
    recording = path.parent.parent / f"{path.stem}.npz"
    write_recording(config, SECONDS, recording)
    updates: list[Update] = []
    recorded = load_recording(recording)
    with SessionLog(path, about(config, model_in_use(config).muscle_names)) as log:
        score(config, recorded, log=log, on_update=updates.append)
        log.add("mark", recorded.start + 2.0, mark)
    return Scored(path, config, updates)
