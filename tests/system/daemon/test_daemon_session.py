"""The session log of a running daemon."""

import os
import sqlite3
from contextlib import closing

import psutil
import pytest

from daemon.host.machine import family

pytestmark = [pytest.mark.system, pytest.mark.timeout(300)]
PATIENCE_S = 90.0


def read(path, query):
    """Return rows of a session that may not have its tables yet."""
    try:
        with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as database:
            return database.execute(query).fetchall()
    except sqlite3.OperationalError:
        return []


def newest(path, table):
    found = read(path, f"SELECT max(t) FROM {table}")
    return (found and found[0][0]) or 0.0


def identifiabilities(path):
    return {label for (label,) in read(path, "SELECT DISTINCT standing FROM parameter")}


def test_a_session_is_written_while_it_goes_and_outlives_its_recorder(
    walking, lab, running, wait_until
):
    config = walking("zmq")
    path = config.session.file
    lab(config)
    daemon = running(config)
    tables = ("moment", "residual", "stream", "latency", "candidate")
    wait_until(lambda: all(newest(path, table) for table in tables), PATIENCE_S)
    recorder = psutil.Process(family(os.getpid())["recorder"])
    recorder.kill()
    recorder.wait(PATIENCE_S)
    before = newest(path, "moment")
    assert read(path, "PRAGMA integrity_check") == [("ok",)]
    wait_until(lambda: newest(path, "moment") > before + 1.0, PATIENCE_S)
    wait_until(lambda: read(path, "SELECT * FROM event WHERE kind = 'restart'"), PATIENCE_S)
    wait_until(lambda: "unobserved" in identifiabilities(path), PATIENCE_S)
    summary = daemon.end()
    assert summary["session"] == str(path)
    assert summary["restarts"]["recorder"] == 1
    assert read(path, "SELECT value FROM session WHERE key = 'ended'")
    numbers = [number for (number,) in read(path, "SELECT id FROM candidate ORDER BY id")]
    assert numbers == list(range(1, len(numbers) + 1))
