"""A session to look back on, written as the daemon writes them."""

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest

from daemon.config import load_config

BEGAN = 5000.0
SECONDS = 200
MUSCLES = ("DELT1", "BRA")
TABLES = """
CREATE TABLE session (key TEXT, value TEXT);
CREATE TABLE candidate (id INTEGER PRIMARY KEY, t REAL, version INTEGER, result TEXT,
    accepted INTEGER, sentence TEXT, loss REAL, error_before REAL, error_after REAL, seconds REAL,
    steps INTEGER, fallbacks INTEGER);
CREATE TABLE parameter (candidate INTEGER, name TEXT, muscle TEXT, value REAL, deviation REAL,
    standing TEXT);
CREATE TABLE residual (t REAL, dof TEXT, rmse REAL);
CREATE TABLE moment (t REAL, dof TEXT, predicted REAL, deviation REAL, reference REAL);
CREATE TABLE emg (t REAL, channel TEXT, amplitude_v REAL, median_hz REAL, excitation REAL);
CREATE TABLE stream (t REAL, stream TEXT, state TEXT, age_s REAL, rate_hz REAL, received INTEGER,
    gaps INTEGER, dropped INTEGER, clock_offset_s REAL, note TEXT);
CREATE TABLE mark (t REAL, text TEXT);
CREATE TABLE command (t REAL, command TEXT, argument TEXT, ok INTEGER, reply TEXT);
CREATE TABLE event (t REAL, source TEXT, kind TEXT, sentence TEXT);
"""
MakeSession = Callable[..., Path]


@pytest.fixture
def make_session(tmp_path: Path) -> MakeSession:
    """Write a session in which DELT1 tires: ``make_session(seconds=200)``."""

    def make(seconds: int = SECONDS) -> Path:
        path = tmp_path / "monday.sqlite"
        with closing(sqlite3.connect(path)) as database:
            database.executescript(TABLES)
            config = load_config("arm").model_dump_json()
            database.execute("INSERT INTO session VALUES ('config', ?)", (config,))
            _fill(database, seconds)
            database.commit()
        return path

    return make


def _fill(database: sqlite3.Connection, seconds: int) -> None:
    rng = np.random.default_rng(1)
    for second in range(seconds):
        t, done = BEGAN + second, float(np.clip((second - 80) / 60, 0, 1))
        accepted = second % 3 > 0
        result = "ok" if accepted else "rejected"
        database.execute(
            "INSERT INTO candidate (id, t, version, result, accepted) VALUES (?, ?, ?, ?, ?)",
            (second, t, second, result, accepted),
        )
        for muscle in MUSCLES:
            share = done if muscle == "DELT1" else 0.0
            strength = 1.5 * (1 - 0.3 * share) * np.exp(0.02 * rng.standard_normal())
            row = (second, "strength", muscle, strength if accepted else 9.9, 0.1, "identified")
            database.execute("INSERT INTO parameter VALUES (?, ?, ?, ?, ?, ?)", row)
            median_hz = 95.0 * (1 - 0.2 * share) * np.exp(0.05 * rng.standard_normal())
            database.execute(
                "INSERT INTO emg VALUES (?, ?, ?, ?, ?)", (t, muscle, 1e-4, median_hz, 0.3)
            )
        reference = 20.0 * np.sin(second)
        row = (t, "elbow_flexion", reference + 0.5, None if second < 5 else 0.4, reference)
        database.execute("INSERT INTO moment VALUES (?, ?, ?, ?, ?)", row)
        database.execute("INSERT INTO residual VALUES (?, 'elbow_flexion', 0.5)", (t,))
        state, lost = ("stale" if second == 50 else "live"), int(second >= 50)
        row = (t, "emg", state, 0.01, 1000.0, 1000 * second, lost, 0, None, "")
        database.execute("INSERT INTO stream VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", row)
    database.execute("INSERT INTO mark VALUES (?, 'lifts <a> box')", (BEGAN + 60,))
    database.execute("INSERT INTO command VALUES (?, 'rollback', '7', 0, 'no')", (BEGAN + 70,))
    database.execute("INSERT INTO event VALUES (?, 'emg', 'stale', 'Gone.')", (BEGAN + 50,))
