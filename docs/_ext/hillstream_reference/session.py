"""Every table of a session and its columns."""

from __future__ import annotations

from daemon.session.meanings import MEANINGS
from daemon.session.schema import TABLES
from hillstream_reference.markdown import code, plain, table, unit_in

_TYPES = {"TEXT": "text", "REAL": "number", "INTEGER": "whole number", "BLOB": "bytes"}


def text() -> str:
    """Return a section per table."""
    return "\n".join(_section(name, columns) for name, columns in TABLES.items())


def _section(name: str, columns: tuple[str, ...]) -> str:
    rows_for, told = MEANINGS[name]
    rows = []
    for column in columns:
        key, kind = column.split()[:2]
        rows.append((code(key), _TYPES[kind], unit_in(told[key]), plain(told[key])))
    intro = f"A row for {plain(rows_for)}."
    return f"## `{name}`\n\n{intro}\n\n{table(('column', 'type', 'unit', 'meaning'), rows)}"
