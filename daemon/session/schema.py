"""The tables of a session; `docs/session.md` tells what they mean.

All times `t` are in s on the LSL clock of the machine that ran the daemon.
"""

from __future__ import annotations

import sqlite3

from pipeline.model.quantities import QUANTITIES

VERSION = 1
"""Kept as the file's `user_version`; raised when a column changes its meaning or goes."""

TABLES: dict[str, tuple[str, ...]] = {
    "session": ("key TEXT PRIMARY KEY", "value TEXT"),
    "candidate": (
        "id INTEGER PRIMARY KEY",
        "t REAL",
        "version INTEGER",
        "result TEXT",
        "accepted INTEGER",
        "sentence TEXT",
        "loss REAL",
        "error_before REAL",
        "error_after REAL",
        "seconds REAL",
        "steps INTEGER",
        "fallbacks INTEGER",
        "reason TEXT",
    ),
    "candidate_rmse": ("candidate INTEGER", "dof TEXT", "rmse REAL"),
    "parameter": (
        "candidate INTEGER",
        "name TEXT",
        "muscle TEXT",
        "value REAL",
        "deviation REAL",
        "standing TEXT",
    ),
    "drift": (
        "t REAL",
        "muscle TEXT",
        "factor REAL",
        "deviation REAL",
        "fibre_length REAL",
    ),
    "drift_statistics": ("t REAL", "baseline REAL", "muscles TEXT", "statistics BLOB"),
    "combination": (
        "candidate INTEGER",
        "first TEXT",
        "second TEXT",
        "joining TEXT",
        "value REAL",
        "deviation REAL",
    ),
    "residual": ("t REAL", "dof TEXT", "rmse REAL"),
    "moment": ("t REAL", "dof TEXT", "predicted REAL", "deviation REAL", "reference REAL"),
    "stiffness": ("t REAL", "dof TEXT", "stiffness REAL"),
    "muscle": ("t REAL", "muscle TEXT", *(f"{name} REAL" for name in QUANTITIES)),
    "muscle_moment": ("t REAL", "muscle TEXT", "dof TEXT", "moment REAL"),
    "backtest": (
        "t REAL",
        "version INTEGER",
        "since_t REAL",
        "dof TEXT",
        "rmse REAL",
        "n INTEGER",
    ),
    "emg": (
        "t REAL",
        "channel TEXT",
        "amplitude_v REAL",
        "median_hz REAL",
        "quietest_v REAL",
        "loudest_v REAL",
        "line_share REAL",
        "motion_share REAL",
        "common_share REAL",
        "common_with TEXT",
    ),
    "stream": (
        "t REAL",
        "stream TEXT",
        "state TEXT",
        "age_s REAL",
        "rate_hz REAL",
        "received INTEGER",
        "gaps INTEGER",
        "dropped INTEGER",
        "clock_offset_s REAL",
        "note TEXT",
    ),
    "latency": (
        "t REAL",
        "p50_ms REAL",
        "p99_ms REAL",
        "max_ms REAL",
        "ticks_expected INTEGER",
        "ticks_published INTEGER",
        "late INTEGER",
        "histogram TEXT",
    ),
    "mark": ("t REAL", "text TEXT", "by TEXT"),
    "command": (
        "t REAL",
        "command TEXT",
        "argument TEXT",
        "ok INTEGER",
        "reply TEXT",
        "by TEXT",
    ),
    "mvc": ("t REAL", "channel TEXT", "before REAL", "after REAL"),
    "event": ("t REAL", "source TEXT", "kind TEXT", "sentence TEXT"),
}
"""Columns of each table, as SQL declares them."""


def columns(table: str) -> tuple[str, ...]:
    """Return the names of a table's columns."""
    return tuple(column.split()[0] for column in TABLES[table])


def missing(database: sqlite3.Connection) -> set[str]:
    """Return the tables that a session does not have, because it is older than they are."""
    there = {name for (name,) in database.execute("SELECT name FROM sqlite_master")}
    return TABLES.keys() - there


def selection(database: sqlite3.Connection, table: str) -> str:
    """Return the SQL that reads a table, NULL for columns that an older session does not have."""
    there = {row[1] for row in database.execute(f"PRAGMA table_info({table})")}
    read = (f'"{name}"' if name in there else f'NULL AS "{name}"' for name in columns(table))
    return f"SELECT {', '.join(read)} FROM {table}"


def statements() -> str:
    """Return the SQL that creates all tables."""
    made = (f"CREATE TABLE {name} ({_declared(cols)});" for name, cols in TABLES.items())
    return "\n".join((*made, f"PRAGMA user_version = {VERSION};"))


def _declared(columns: tuple[str, ...]) -> str:
    """Return columns as SQL declares them, in quotes: one is called as a word of SQL is."""
    named = (column.split(maxsplit=1) for column in columns)
    return ", ".join(f'"{name}" {kind}' for name, kind in named)
