"""The people of a study, read from its table of recordings."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from daemon.cohort.study import ColumnsConfig
from pipeline.errors import UserError, needing
from pipeline.files import refuse_large
from pipeline.sentences import did_you_mean
from pipeline.streams.recordings.given import SUFFIXES, Given, Parts, Source, parts_of


@dataclass(frozen=True)
class Person:
    """Somebody, and the recordings that are theirs.

    Parameters
    ----------
    group
        What they are compared by; empty where the study names no column of it.
    ranges
        Their own ranges as text; None where those of the study apply.
    """

    name: str
    group: str
    recordings: tuple[Source, ...]
    heldout: tuple[Source, ...] = ()
    ranges: str | None = None


def read_people(table: Path, columns: ColumnsConfig) -> list[Person]:
    """Return the people of a table in the order in which they first occur.

    Raises
    ------
    UserError
        If the table cannot be read, lacks a column, names nobody in a row, or says of one person
        two groups or two choices of ranges.
    """
    found: dict[str, Person] = {}
    for number, row in enumerate(_rows(table, columns.named), 2):
        one = _person(row, columns, table, number)
        known = found.setdefault(one.name, one)
        if known is not one:
            found[one.name] = _joined(known, one, table)
    if not found:
        raise UserError(f"The table '{table}' has no rows; give one a recording.")
    return list(found.values())


def _person(row: Mapping[str, Any], columns: ColumnsConfig, table: Path, number: int) -> Person:
    def text(column: str | None) -> str:
        value = None if column is None else row[column]
        return "" if value is None else str(value).strip()

    name, recording = text(columns.person), text(columns.recording)
    for column, value in ((columns.person, name), (columns.recording, recording)):
        if not value:
            raise UserError(
                f"Row {number} of '{table}' has nothing in column '{column}'; fill it in or take "
                "the row out."
            )
    heldout = text(columns.heldout)
    return Person(
        name,
        text(columns.group),
        (_placed(recording, table.parent),),
        (_placed(heldout, table.parent),) if heldout else (),
        text(columns.ranges) or None,
    )


def _joined(known: Person, one: Person, table: Path) -> Person:
    """Return a person with the recordings of another row of theirs."""
    for what in ("group", "ranges"):
        if getattr(known, what) != getattr(one, what):
            raise UserError(
                f"'{table}' says of '{one.name}' two different values of {what} "
                f"('{getattr(known, what)}' and '{getattr(one, what)}'); give all rows of a person "
                "the same."
            )
    heldout = tuple(dict.fromkeys((*known.heldout, *one.heldout)))
    return replace(known, recordings=(*known.recordings, *one.recordings), heldout=heldout)


def _placed(text: str, folder: Path) -> Source:
    """Return a recording beside the table."""
    if (folder / text).exists():
        return folder / text
    parts = tuple(Given(part.role, _beside(part, folder)) for part in parts_of(text))
    return Path(parts[0].text) if len(parts) == 1 and parts[0].role is None else Parts(parts)


def _beside(part: Given, folder: Path) -> str:
    """Return a part's file in the folder; what is no file is the name of a stream."""
    file = folder / part.text
    is_file = part.role is None or file.exists() or file.suffix.lower() in SUFFIXES
    return str(file) if is_file else part.text


def _rows(table: Path, needed: list[str]) -> Iterable[Mapping[str, Any]]:
    refuse_large(table)
    try:
        parquet = table.suffix.lower() in (".parquet", ".pq")
        there, rows = _parquet(table) if parquet else _csv(table)
    except OSError as error:
        raise UserError(
            f"The table '{table}' cannot be read ({error.strerror or error}); give a CSV or "
            "Parquet file."
        ) from error
    except ValueError as error:
        raise UserError(f"The table '{table}' is not a CSV or Parquet file: {error}.") from error
    for name in needed:
        if name not in there:
            raise UserError(
                f"The table '{table}' has no column '{name}'{did_you_mean(name, there)}; it has "
                f"{', '.join(there)}. Name it under [columns]."
            )
    return rows


def _csv(table: Path) -> tuple[list[str], list[dict[str, Any]]]:
    with table.open(newline="", encoding="utf-8-sig") as file:
        try:
            reader = csv.DictReader(file)
            rows = list(reader)
        except csv.Error as error:
            raise ValueError(str(error)) from error
    return list(reader.fieldnames or []), rows


def _parquet(table: Path) -> tuple[list[str], list[dict[str, Any]]]:

    with needing("A cohort", "cluster"):
        from pyarrow import parquet
    read = parquet.read_table(table)
    return list(read.column_names), read.to_pylist()
