"""The tables of a session; `docs/session.md` tells what they mean.

All times `t` are in s on the LSL clock of the machine that ran the daemon.
"""

from __future__ import annotations

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
    "residual": ("t REAL", "dof TEXT", "rmse REAL"),
    "moment": ("t REAL", "dof TEXT", "predicted REAL", "deviation REAL", "reference REAL"),
    "emg": ("t REAL", "channel TEXT", "amplitude_v REAL", "median_hz REAL"),
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
    "mark": ("t REAL", "text TEXT"),
    "command": ("t REAL", "command TEXT", "argument TEXT", "ok INTEGER", "reply TEXT"),
    "mvc": ("t REAL", "channel TEXT", "before REAL", "after REAL"),
    "event": ("t REAL", "source TEXT", "kind TEXT", "sentence TEXT"),
}
"""Columns of each table, as SQL declares them."""


def columns(table: str) -> tuple[str, ...]:
    """Return the names of a table's columns."""
    return tuple(column.split()[0] for column in TABLES[table])


def statements() -> str:
    """Return the SQL that creates all tables."""
    made = (f"CREATE TABLE {name} ({', '.join(cols)});" for name, cols in TABLES.items())
    return "\n".join((*made, f"PRAGMA user_version = {VERSION};"))
