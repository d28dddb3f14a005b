"""A session as tables for other programs."""

from __future__ import annotations

import csv
import sqlite3
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

from daemon.session import schema
from daemon.session.reader import open_session
from pipeline.errors import UserError

Progress = Callable[[float], None]


def export(path: Path, folder: Path, parquet: bool, on_progress: Progress) -> list[Path]:
    """Write every table that a session has to a file of its own.

    Parameters
    ----------
    path
        The session.
    folder
        Where the files go; it is made.
    parquet
        Whether they are Parquet files, or text with commas.
    on_progress
        Called with the fraction done.

    Returns
    -------
    list
        The files.

    Raises
    ------
    UserError
        If the session cannot be read, the files cannot be written, or the package for Parquet is
        missing.
    """
    write = _parquet_writer() if parquet else _write_csv
    written = []
    with open_session(path) as database:
        try:
            folder.mkdir(parents=True, exist_ok=True)
            tables = [table for table in schema.TABLES if table not in schema.missing(database)]
            for done, table in enumerate(tables, 1):
                file = folder / f"{table}{'.parquet' if parquet else '.csv'}"
                write(file, table, database.execute(schema.selection(database, table)))
                written.append(file)
                on_progress(done / len(tables))
        except OSError as error:
            raise UserError(f"'{folder}' cannot be written ({error.strerror}).") from error
    return written


def _write_csv(file: Path, table: str, rows: sqlite3.Cursor) -> None:
    with file.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.writer(stream)
        writer.writerow(schema.columns(table))
        for row in rows:
            writer.writerow([one.hex() if isinstance(one, bytes) else one for one in row])


def _parquet_writer() -> Callable[[Path, str, sqlite3.Cursor], None]:
    try:
        arrow: Any = import_module("pyarrow")
        writer: Any = import_module("pyarrow.parquet")
    except ImportError as error:
        raise UserError(
            "Parquet needs the package pyarrow: pip install 'hillstream[parquet]', or use --csv."
        ) from error
    kinds = {
        "REAL": arrow.float64(),
        "INTEGER": arrow.int64(),
        "TEXT": arrow.string(),
        "BLOB": arrow.binary(),
    }

    def write(file: Path, table: str, rows: sqlite3.Cursor) -> None:
        columns = [column.split()[:2] for column in schema.TABLES[table]]
        values = list(zip(*rows, strict=True)) or [()] * len(columns)
        arrays = [arrow.array(v, kinds[kind]) for v, (_, kind) in zip(values, columns, strict=True)]
        writer.write_table(arrow.table(arrays, [name for name, _ in columns]), file)

    return write
