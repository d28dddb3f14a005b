"""A simulated lab with hum, artefact, crosstalk and a turned reference: each is found and named."""

import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from small_lab import lab_in

from daemon.assembly.model import model_in_use
from daemon.assembly.subject import starting_subject
from daemon.config import Config
from daemon.offline.score import score
from daemon.report.material import load
from daemon.report.quality.assessment import Grade, Quality, quality_of
from daemon.report.quality.standing import Standing
from daemon.session.log import SessionLog, about
from daemon.simulation.recording import write_recording
from pipeline.streams.recordings.load import load_recording
from pipeline.streams.recordings.recording import Recording

pytestmark = pytest.mark.timeout(300)  # a busy machine is slow to import what learning needs

SECONDS = 13
LEARNS = {"min_data_s": 2.0, "steps": 5, "stride_s": 5.0}
TROUBLES: dict[str, tuple[dict[str, Any], str, str]] = {
    "hum": ({"hum_v": 5e-5}, "t", "mains hum"),
    "artefact": (
        {"motion_artefact": [{"channel": "d", "rms_v": 1.5e-4}]},
        "d",
        "below 20 Hz, movement artefact",
    ),
    "crosstalk": (
        {"crosstalk": [{"channel": "b1", "of": "t", "share": 1.5}]},
        "b1",
        "also in t: crosstalk",
    ),
}


def learnt(config: Config, recording: Recording, path: Path) -> Quality:
    """Return the quality of a session of a recording."""
    with SessionLog(path, about(config, tuple(config.model.muscles))) as log:
        score(config, recording, log=log)
    return quality_of(path, load(path))


@pytest.fixture(scope="module")
def clean(tmp_path_factory: pytest.TempPathFactory) -> tuple[Config, Recording, Path]:
    """Record the small lab once; who is there has a subject file, so no start is searched for."""
    folder = tmp_path_factory.mktemp("lab")
    config = lab_in(folder)(calibrator=LEARNS)
    who = starting_subject(config, model_in_use(config))
    (folder / "who.json").write_text(who.text(), encoding="utf-8")
    model = config.model.model_copy(update={"subject": folder / "who.json"})
    write_recording(config, SECONDS, folder / "clean.npz")
    known = config.model_copy(update={"model": model})
    return known, load_recording(folder / "clean.npz"), folder


def test_a_clean_session_is_good(clean: tuple[Config, Recording, Path]) -> None:
    config, recording, folder = clean
    found = learnt(config, recording, folder / "clean.db")
    assert found.grade is Grade.GOOD, found.verdict
    assert {one.standing for one in (*found.joints, *found.channels)} == {Standing.GOOD}
    assert found.parameters.kinds
    with closing(sqlite3.connect(folder / "clean.db")) as database:
        (sets,) = database.execute("SELECT count(*) FROM backtest WHERE since_t IS NULL").fetchone()
    assert sets > 0


def test_a_turned_reference_is_found_and_named(clean: tuple[Config, Recording, Path]) -> None:
    config, _, folder = clean
    still = config.calibrator.model_copy(update={"enabled": False})
    path = folder / "turned.npz"
    with np.load(folder / "clean.npz", allow_pickle=False) as archive:
        content = dict(archive)
    content["moment"][:, content["dof_names"].tolist().index("elbow")] *= -1.0
    np.savez(path, allow_pickle=False, **content)
    found = learnt(
        config.model_copy(update={"calibrator": still}), load_recording(path), folder / "turned.db"
    )
    joints = {one.dof: one for one in found.joints}
    assert "is its sign turned?" in joints["elbow"].sentence
    assert joints["shoulder"].standing is Standing.GOOD
    assert found.grade is Grade.CARE
    assert "look at the reference of elbow (against what the muscles do" in found.verdict
    assert replace(found, grade=Grade.GOOD).figures()["reference"][1]["turned_share"] > 0.5


@pytest.mark.parametrize("trouble", TROUBLES)
def test_what_is_wrong_with_an_electrode_is_found_and_named(tmp_path: Path, trouble: str) -> None:
    changes, channel, said = TROUBLES[trouble]
    off = {"enabled": False}
    config = lab_in(tmp_path)(simulation=changes, calibrator=off)
    write_recording(config, 8, tmp_path / "r.npz")
    found = learnt(config, load_recording(tmp_path / "r.npz"), tmp_path / "s.db")
    channels = {one.channel: one for one in found.channels}
    assert said in channels[channel].sentence
    others = [one.sentence for name, one in channels.items() if name != channel]
    assert trouble == "hum" or not any(said in sentence for sentence in others)
    assert "look at the EMG of" in found.verdict
