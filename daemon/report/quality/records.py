"""What a session holds of its own quality: EMG per second, and sets that were kept as they were."""

from __future__ import annotations

import sqlite3
from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from daemon.session import schema
from daemon.session.reader import session_content

Array = NDArray[np.float64]

_EMG = (
    "amplitude_v",
    "quietest_v",
    "loudest_v",
    "line_share",
    "motion_share",
    "common_share",
)


class EmgRecord(NamedTuple):
    """One channel per second, each of shape [second]; NaN in a session that is older than it."""

    common_with: tuple[str, ...]
    """The channel that each second is most like."""
    amplitude_v: Array
    quietest_v: Array
    loudest_v: Array
    line_share: Array
    motion_share: Array
    common_share: Array


class SetRecord(NamedTuple):
    """One joint of one set on data from which it has not learnt, each of shape [update]."""

    since_s: float
    """Time from which on it learnt nothing, s since the first row."""
    t_s: Array
    """s since the first row."""
    rmse: Array
    """N*m"""
    samples: Array
    """How many are behind it."""


class Together(NamedTuple):
    """Two parameters that are known together only, as the update in force last tells it."""

    first: str
    second: str
    """Their labels, as `pipeline.model.label.Label` writes them."""
    joining: str
    """As `pipeline.model.identifiability.Joining` names it."""
    value: float
    deviation: float


class Records(NamedTuple):
    """What a session holds of its own quality."""

    emg: Mapping[str, EmgRecord]
    learning: Mapping[str, SetRecord]
    """Per joint the set in force, which goes on learning; `since_s` is NaN."""
    frozen: Mapping[str, tuple[SetRecord, ...]]
    """Per joint the sets that were kept as they were, the earliest first."""
    together: tuple[Together, ...] = ()
    """Empty in a session that is older than the table."""


def read_records(path: Path) -> Records:
    """Read what a session, which may still be going on, holds of its own quality.

    Raises
    ------
    UserError
        If the file is missing, is no session, or holds what no session does.
    """
    with session_content(path) as database:
        learning, frozen = _backtest(database)
        return Records(_emg(database), learning, frozen, _together(database))


def _rows(database: sqlite3.Connection, table: str) -> list[tuple[Any, ...]]:
    if table in schema.missing(database):
        return []
    return database.execute(f"{schema.selection(database, table)} ORDER BY t").fetchall()


def _emg(database: sqlite3.Connection) -> dict[str, EmgRecord]:
    places = {name: place for place, name in enumerate(schema.columns("emg"))}
    by_channel: dict[str, list[tuple[Any, ...]]] = defaultdict(list)
    for row in _rows(database, "emg"):
        by_channel[row[places["channel"]]].append(row)
    return {
        channel: EmgRecord(
            tuple(str(row[places["common_with"]] or "") for row in rows),
            *(_numbers([row[places[name]] for row in rows]) for name in _EMG),
        )
        for channel, rows in by_channel.items()
    }


def _backtest(
    database: sqlite3.Connection,
) -> tuple[dict[str, SetRecord], dict[str, tuple[SetRecord, ...]]]:
    began = database.execute("SELECT min(t) FROM moment").fetchone()[0] or 0.0
    by_set: dict[tuple[str, float | None], list[tuple[float, ...]]] = defaultdict(list)
    for t, _, since_t, dof, *found in _rows(database, "backtest"):
        by_set[dof, since_t].append((t - began, *found))
    learning: dict[str, SetRecord] = {}
    frozen: dict[str, list[SetRecord]] = defaultdict(list)
    for (dof, since_t), rows in by_set.items():
        since_s = np.nan if since_t is None else since_t - began
        record = SetRecord(since_s, *np.array(rows, dtype=np.float64).T)
        if since_t is None:
            learning[dof] = record
        else:
            frozen[dof].append(record)
    return learning, {
        dof: tuple(sorted(sets, key=lambda one: one.since_s)) for dof, sets in frozen.items()
    }


def _together(database: sqlite3.Connection) -> tuple[Together, ...]:
    if "combination" in schema.missing(database):
        return ()
    rows = database.execute(
        "SELECT first, second, joining, value, deviation FROM combination WHERE candidate = "
        "(SELECT max(candidate) FROM parameter WHERE deviation IS NOT NULL) ORDER BY rowid"
    )
    return tuple(Together(*row) for row in rows)


def _numbers(values: list[Any]) -> Array:
    return np.array(values, dtype=np.float64)
