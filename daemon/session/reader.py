"""Reads a session, also one that is still being written."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from daemon.session import schema
from pipeline.errors import UserError

_PRIMARY = 0xFF
"""Bits of SQLite's error code that say what went wrong; those above say where."""

_ODD = (AttributeError, KeyError, TypeError, ValueError, OverflowError, RecursionError)
"""What comes of content that no session has."""


@contextmanager
def open_session(path: Path) -> Iterator[sqlite3.Connection]:
    """Open a session for reading only; no file is made beside it.

    Raises
    ------
    UserError
        If the file is missing, is no session, is of a schema that is not known, or turns out to be
        damaged while it is read.
    """
    if not path.is_file():
        raise UserError(f"There is no session '{path}'; give the file that `run` wrote.")
    try:
        database = sqlite3.connect(f"{path.resolve().as_uri()}?{_way(path)}", uri=True)
    except sqlite3.Error as error:
        raise UserError(f"Session '{path}' cannot be opened ({error}).") from error
    try:
        _check(path, database)
        yield database
    except sqlite3.Error as error:
        raise UserError(f"Session '{path}' is damaged ({error}).") from error
    finally:
        database.close()


@contextmanager
def session_content(path: Path) -> Iterator[sqlite3.Connection]:
    """Open a session as `open_session`, to make something of what it holds.

    Raises
    ------
    UserError
        As there, and if it holds what no session does.
    """
    try:
        with open_session(path) as database:
            yield database
    except _ODD as error:
        raise UserError(
            f"Session '{path}' holds what no session does ({type(error).__name__}: {error})."
        ) from error


def _way(path: Path) -> str:
    """Return how SQLite is to open a file without making others beside it.

    Who writes a session, or was killed over it, leaves a write-ahead log and the index of that
    there, which are read as they are. Without both the file is whole, and nobody writes it. Only
    for a log whose index somebody has lost SQLite has to make one.
    """
    log, index = (path.with_name(f"{path.name}-{end}") for end in ("wal", "shm"))
    if index.exists():
        return "mode=ro&readonly_shm=1"
    return "mode=ro" if log.exists() and log.stat().st_size else "mode=ro&immutable=1"


def _check(path: Path, database: sqlite3.Connection) -> None:
    try:
        version = database.execute("PRAGMA user_version").fetchone()[0]
        database.execute("SELECT key, value FROM session LIMIT 1")
    except sqlite3.Error as error:
        raise UserError(_no_session(path, error)) from error
    if version != schema.VERSION:
        raise UserError(
            f"Session '{path}' has schema {version}, this hillstream reads {schema.VERSION}; open "
            "it with the version that wrote it."
        )


def _no_session(path: Path, error: sqlite3.Error) -> str:
    """Return what to say of a file whose first table cannot be read."""
    code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR) & _PRIMARY
    if code in (sqlite3.SQLITE_ERROR, sqlite3.SQLITE_NOTADB):  # no such table, or no database
        return f"'{path}' is not a session of hillstream ({error})."
    if code == sqlite3.SQLITE_CORRUPT:
        return f"Session '{path}' is damaged ({error})."
    return f"Session '{path}' cannot be read ({error})."
