"""What was taken of a recording and what was left out, as a table."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from rich.table import Column, Table

from daemon.terminal.table import table
from pipeline.sentences import listed

MOST_CHANNELS = 4
"""So many channels are named; of more, their number is told."""


def recorded_table(contents: Mapping[str, Any]) -> Table:
    """Return the table of one recording; `contents` is from `Recording.contents`."""
    columns: list[str | Column] = [
        "stream",
        Column("channels", overflow="fold"),
        "unit",
        Column("file", overflow="fold"),
    ]
    return table(columns, ("Hz", "s", "gaps"), _rows(contents))


def _rows(contents: Mapping[str, Any]) -> Iterator[tuple[str, ...]]:
    for row in contents["streams"]:
        numbers = f"{row['rate_hz']:.4g}", f"{row['seconds']:.1f}", str(row["gaps"] or "")
        yield (
            row["stream"],
            listed(row["channels"], MOST_CHANNELS),
            row["unit"],
            _short(row["file"]),
            *numbers,
        )
        if empty := row["without_numbers"]:
            yield "no numbers", listed(empty, MOST_CHANNELS), "", _short(row["file"]), "", "", ""
    for left in contents["left_out"]:
        what = f"{left['what']}: {left['why']}"
        yield "left out", what, "", _short(left["file"]), "", "", ""


def _short(source: str) -> str:
    return " + ".join(Path(file).name for file in source.split(" + "))
