"""A recording scored with learning, with learning that stops, and without any."""

import sqlite3
from contextlib import closing

import numpy as np
import pytest
from drifting import ramp, session, steady

from daemon.config import Config
from daemon.offline.comparison import Comparison, Uncalibrated
from daemon.offline.score import score, score_file
from daemon.simulation.recording import write_recording
from pipeline.drift.statistics import Drift
from pipeline.errors import UserError
from pipeline.live import Paired
from pipeline.streams.recordings.load import load_recording
from pipeline.update import Result, Update

SECONDS = 8
FROZEN_S = 5
LEARNS = {"min_data_s": 2.0, "steps": 5}


def with_calibrator(config: Config, **changes) -> Config:
    calibrator = config.calibrator.model_copy(update=changes)
    return config.model_copy(update={"calibrator": calibrator})


@pytest.fixture
def config(make_config):
    return with_calibrator(make_config(), **LEARNS)


@pytest.fixture
def file(config, tmp_path):
    path = tmp_path / "lab.npz"
    write_recording(config, SECONDS, path)
    return path


@pytest.fixture
def recording(file):
    return load_recording(file)


def test_every_figure_stands_beside_those_of_the_same_samples(config, recording):
    found = score(config, recording, freeze_after=FROZEN_S)
    still = score(with_calibrator(config, enabled=False), recording, freeze_after=FROZEN_S)
    assert found["parameter_version"] > 0 == still["parameter_version"]
    for name in ("overall", "after_freeze"):
        assert found[f"rmse_{name}"] != still[f"rmse_{name}"]
        assert found[f"rmse_{name}_uncalibrated"] == pytest.approx(still[f"rmse_{name}"], rel=1e-5)
        assert found[f"rmse_{name}_of_mean"] == still[f"rmse_{name}_of_mean"]
        for dof, error in found[f"rmse_{name}"].items():
            r2 = 1.0 - (error / found[f"rmse_{name}_of_mean"][dof]) ** 2
            assert r2 == pytest.approx(found[f"r2_{name}"][dof])
    for dof, errors in still["rmse"].items():
        assert found["rmse_uncalibrated"][dof] == pytest.approx(errors, rel=1e-5)
        assert len(found["rmse_of_mean"][dof]) == len(errors)
    assert found["rmse_after_10s_uncalibrated"] == dict.fromkeys(config.model.dofs)


def test_learning_stops_where_it_is_told_to(config, recording):
    whole = score(config, recording)
    frozen = score(config, recording, freeze_after=FROZEN_S)
    assert sum(frozen["updates"].values()) == FROZEN_S - 1
    assert sum(whole["updates"].values()) > FROZEN_S
    for dof, errors in frozen["rmse"].items():
        assert errors[:FROZEN_S] == whole["rmse"][dof][:FROZEN_S]
        assert errors[FROZEN_S + 1 :] != whole["rmse"][dof][FROZEN_S + 1 :]
        rest = np.array(errors[FROZEN_S:SECONDS])
        pooled = frozen["rmse_after_freeze"][dof]
        assert rest.min() < pooled < rest.max()
        assert pooled == pytest.approx(np.sqrt(np.mean(rest**2)), rel=0.02)
    assert whole["freeze_after_s"] is None
    assert "rmse_after_freeze" not in whole


def test_frozen_from_the_start_nothing_is_learnt(config, recording):
    found = score(config, recording, freeze_after=0.0)
    assert found["updates"] == {}
    assert found["parameter_version"] == 0
    assert found["rmse_after_freeze"] == found["rmse_overall"]
    assert found["rmse_overall"] == pytest.approx(found["rmse_overall_uncalibrated"], rel=1e-5)


@pytest.mark.parametrize("seconds", [-0.1, float("nan"), float("inf"), SECONDS + 0.1])
def test_a_freeze_outside_the_recording_is_refused(config, file, tmp_path, seconds):
    session = tmp_path / "session.db"
    with pytest.raises(UserError, match=r"is no time within .*lab.npz', which lasts 8.0 s"):
        score_file(config, file, session, freeze_after=seconds)
    assert not session.exists()


def test_the_uncalibrated_person_has_no_moment_where_there_is_no_row():
    known = Uncalibrated(np.array([0.0, 0.01, 0.03]), np.array([[1.0], [2.0], [3.0]]))
    found = known.at(np.array([0.01 + 1e-9, 0.02, 0.03 - 1e-9, 0.04]))
    np.testing.assert_array_equal(found[:, 0], [2.0, np.nan, 3.0, np.nan])


def test_without_rows_there_are_no_figures():
    nothing = Comparison(["elbow"])
    assert nothing.per_second()["rmse_of_mean"] == {"elbow": []}
    assert set(map(str, nothing.over("overall").values())) == {"{'elbow': None}"}


def test_rows_and_updates_are_told_as_they_are_scored(make_config, tmp_path):
    config = make_config()
    quick = config.calibrator.model_copy(update={"steps": 3})
    config = config.model_copy(update={"calibrator": quick})
    write_recording(config, 6.0, tmp_path / "lab.npz")
    rows = []
    updates = []
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


class Tiring:
    """Stands in for a calibrator: a muscle gives less, a second of data whenever rows have come."""

    def __init__(self, subject):
        self._subject, self._fresh = subject, False
        self._strides = iter(session([ramp(60, 100, -0.4), steady], 120))

    def add(self, rows):
        self._fresh = True

    def due(self):
        return self._fresh

    def update(self):
        self._fresh, told = False, next(self._strides, None)
        drift = told and Drift(("a", "b"), np.ones(2), np.ones(2), np.ones(2), told)
        return Update(Result.HELD, "Held.", 0, 0.0, self._subject, drift=drift)


def test_a_loss_is_noted_while_a_recording_is_scored(config, file, tmp_path, monkeypatch):
    monkeypatch.setattr("daemon.offline.score._calibrator", lambda config, start: Tiring(start))
    path = tmp_path / "session.db"
    score_file(config, file, path)
    with closing(sqlite3.connect(path)) as database:
        said = database.execute("SELECT sentence FROM event WHERE kind = 'loss'").fetchall()
    assert len(said) == 1
    assert "a has given less force for the same EMG" in said[0][0]
