"""A session to look back on, written as the daemon writes them."""

import json
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest
from drifting import ramp, session, steady

from daemon.config import load_config
from daemon.session import schema

BEGAN = 5000.0
SECONDS = 200
MUSCLES = ("DELT1", "BRA")
MakeSession = Callable[..., Path]


@pytest.fixture
def make_session(tmp_path: Path) -> MakeSession:
    """Write a session in which DELT1 tires: ``make_session(seconds=200)``."""

    def make(seconds: int = SECONDS) -> Path:
        path = tmp_path / "monday.db"
        with closing(sqlite3.connect(path)) as database:
            database.executescript(schema.statements())
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
        result, reason = ("ok", None) if accepted else ("rejected", "worse")
        database.execute(
            "INSERT INTO candidate (id, t, version, result, accepted, reason) "
            "VALUES (?, ?, ?, ?, ?, ?)",
            (second, t, second, result, accepted, reason),
        )
        for muscle in MUSCLES:
            share = done if muscle == "DELT1" else 0.0
            strength = 1.5 * (1 - 0.3 * share) * np.exp(0.02 * rng.standard_normal())
            row = (second, "strength", muscle, strength if accepted else 9.9, 0.1, "identified")
            database.execute("INSERT INTO parameter VALUES (?, ?, ?, ?, ?, ?)", row)
            median_hz = 95.0 * (1 - 0.2 * share) * np.exp(0.05 * rng.standard_normal())
            row = (t, muscle, 1e-4, median_hz)
            database.execute(
                "INSERT INTO emg (t, channel, amplitude_v, median_hz) VALUES (?, ?, ?, ?)", row
            )
        reference = 20.0 * np.sin(second)
        row = (t, "elbow_flexion", reference + 0.5, None if second < 5 else 0.4, reference)
        database.execute("INSERT INTO moment VALUES (?, ?, ?, ?, ?)", row)
        database.execute("INSERT INTO residual VALUES (?, 'elbow_flexion', 0.5)", (t,))
        state, lost = ("STALE" if second == 50 else "LIVE"), int(second >= 50)
        row = (t, "emg", state, 0.01, 1000.0, 1000 * second, lost, 0, None, "")
        database.execute("INSERT INTO stream VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", row)
    _fill_drift(database, seconds)
    for hundredth in range(0, 100 * seconds, 5):
        t = BEGAN + hundredth / 100
        for muscle, share in (("DELT1", 3.0 + np.sin(t)), ("BRA", -1.0)):
            row = (t, muscle, "elbow_flexion", share)
            database.execute("INSERT INTO muscle_moment VALUES (?, ?, ?, ?)", row)
    database.execute("INSERT INTO mark VALUES (?, 'lifts <a> box', 'Ann')", (BEGAN + 60,))
    rolled_back = (BEGAN + 70, "rollback", "7", 0, "no", None)
    database.execute("INSERT INTO command VALUES (?, ?, ?, ?, ?, ?)", rolled_back)
    saved = (BEGAN + 80, "save", None, 1, "Parameter set 7 was handed over to be written.", "Ann")
    database.execute("INSERT INTO command VALUES (?, ?, ?, ?, ?, ?)", saved)
    database.execute("INSERT INTO mvc VALUES (?, 'BRA', 0.2, 0.07)", (BEGAN + 90,))
    database.execute("INSERT INTO event VALUES (?, 'emg', 'stale', 'Gone.')", (BEGAN + 50,))


def _fill_drift(database: sqlite3.Connection, seconds: int) -> None:
    """Note the drift of every second after the first twenty."""
    told = session([ramp(80, 140, -0.3), steady], seconds)[20:]
    units = json.dumps(MUSCLES)
    for one in told:
        for muscle in MUSCLES:
            row = (BEGAN + one.t, muscle, 1.0, 0.05, 1.0)
            database.execute("INSERT INTO drift VALUES (?, ?, ?, ?, ?)", row)
        row = (BEGAN + one.t, BEGAN + 20, units, one.packed())
        database.execute("INSERT INTO drift_statistics VALUES (?, ?, ?, ?)", row)
