"""Writes a session: rows are collected, and put into the file at each commit."""

from __future__ import annotations

import hashlib
import json
import logging
import math
import platform
import sqlite3
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from types import TracebackType
from typing import Self

from daemon.config import Config
from daemon.session import schema
from pipeline.errors import UserError
from pipeline.streams import clock

MOST_WAITING = 200_000
"""Rows kept while the file cannot be written, about ten minutes; then the oldest are lost."""

Row = tuple[object, ...]

logger = logging.getLogger(__name__)


class SessionLog:
    """One session's file.

    Readable by others while it is written; what has been committed survives the end of this
    process, however it comes. Rows wait in memory until `commit`. Where the file cannot be
    written, as on a full disk, they go on waiting, and the oldest are given up and counted.

    Parameters
    ----------
    path
        The file to make; its folder is made too.
    about
        What the table `session` says: a value per key.

    resume
        Go on with the file that is there, as a recorder does that was started again.

    Raises
    ------
    UserError
        If the file exists already and is not to be gone on with, or cannot be made.
    """

    def __init__(self, path: Path, about: Mapping[str, str], resume: bool = False) -> None:
        self.path = path
        self.lost = 0
        """Rows given up because the file could not be written."""
        self._waiting: dict[str, list[Row]] = {name: [] for name in schema.TABLES}
        self._trouble = ""
        self._database = _opened(path, resume)
        counted = self._database.execute("SELECT count(*) FROM candidate")
        self.candidates = int(counted.fetchone()[0])
        """Updates in the file when it was opened."""
        for key, value in about.items():
            self.add("session", key, value)
        self.commit()

    def add(self, table: str, *row: object) -> None:
        """Take a row of a table, its values in the order of the columns; NaN becomes NULL.

        Raises
        ------
        ValueError
            If it has not a value for each column: SQLite would refuse it at each commit, and
            everything else that waits with it.
        """
        if len(row) != len(schema.TABLES[table]):
            raise ValueError(
                f"a row of '{table}' has {len(schema.TABLES[table])} values, not {len(row)}"
            )
        self._waiting[table].append(tuple(map(_storable, row)))

    def commit(self) -> bool:
        """Write what waits; returns False where that is not possible now."""
        try:
            with self._database:
                for table, rows in self._waiting.items():
                    self._database.executemany(_INSERT[table], rows)
        except sqlite3.Error as error:
            self._note(str(error))
            return False
        if self._trouble:
            logger.warning("The session log is written again; %d rows were lost", self.lost)
            self._trouble = ""
        for rows in self._waiting.values():
            rows.clear()
        return True

    def _note(self, trouble: str) -> None:
        """Say once what is wrong, and keep what waits within bounds."""
        if trouble != self._trouble:
            self._trouble = trouble
            logger.error(
                "The session log '%s' cannot be written (%s); prediction goes on, make room on the "
                "disk.",
                self.path,
                trouble,
            )
        surplus = sum(map(len, self._waiting.values())) - MOST_WAITING
        for table in sorted(self._waiting, key=lambda name: -len(self._waiting[name])):
            given_up = max(0, min(surplus, len(self._waiting[table])))
            del self._waiting[table][:given_up]
            self.lost += given_up
            surplus -= given_up

    @property
    def trouble(self) -> str:
        """Why the file cannot be written; empty when all is well."""
        return self._trouble

    def close(self) -> None:
        """Write what waits, note the end, and release the file."""
        self.add("session", "ended", _now())
        self.add("session", "lost_rows", str(self.lost))
        self.commit()
        self._database.close()

    def __enter__(self) -> Self:
        """Return the log."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Close the log."""
        self.close()


_INSERT = {
    name: f"INSERT OR REPLACE INTO {name} VALUES ({', '.join('?' * len(cols))})"
    for name, cols in schema.TABLES.items()
}


def about(config: Config, muscles: Iterable[str]) -> dict[str, str]:
    """Return what a session of this set-up says of itself."""
    return {
        "title": config.title,
        "started": _now(),
        "t0": repr(clock.now()),
        "hillstream": metadata.version("hillstream"),
        "python": platform.python_version(),
        "torch": metadata.version("torch"),
        "machine": f"{platform.node()} ({platform.system()} {platform.machine()})",
        "dofs": json.dumps(config.model.dofs),
        "muscles": json.dumps(list(muscles)),
        "channels": json.dumps(config.streams.emg.channels),
        "config": config.model_dump_json(),
        **_content_of(config.model.file),
    }


def _content_of(model: Path) -> dict[str, str]:
    """Return what tells a model file from another of its name; nothing where it has gone."""
    try:
        content = model.read_bytes()
    except OSError:
        return {}
    return {"model_sha256": hashlib.sha256(content).hexdigest()}


def session_path(config: Config) -> Path:
    """Return the file of a session that begins now."""
    if config.session.file is not None:
        return config.session.file
    words = "".join(c if c.isalnum() else " " for c in config.title.lower()).split()
    name = "-".join([*words[:6], f"{datetime.now():%Y%m%d-%H%M%S}"])
    return config.session.folder / f"{name}.db"


def _opened(path: Path, resume: bool) -> sqlite3.Connection:
    there = path.exists()
    if there and not resume:
        raise UserError(f"Session '{path}' exists already; give the name of a new file.")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        database = sqlite3.connect(path, timeout=1.0)
        database.execute("PRAGMA journal_mode = WAL")
        database.execute("PRAGMA synchronous = NORMAL")
        if not there:
            database.executescript(schema.statements())
    except (OSError, sqlite3.Error) as error:
        raise UserError(
            f"The session log '{path}' cannot be made ({error}); choose another folder with "
            "--session, or run with --no-session."
        ) from error
    return database


def _storable(value: object) -> object:
    return None if isinstance(value, float) and not math.isfinite(value) else value


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
