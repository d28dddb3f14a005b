"""The folder of a study: a file for each finished batch, and the table made of them.

Files are written whole or not at all and never changed, so that a process may be killed at any
moment, and several may write into one folder.
"""

from __future__ import annotations

import json
import logging
import os
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from daemon.cohort import digest
from daemon.cohort.rows import COLUMNS, Row
from pipeline.errors import UserError, needing

with needing("A cohort", "cluster"):
    import pyarrow
    from pyarrow import compute, parquet

logger = logging.getLogger(__name__)

METADATA = b"hillstream_cohort"
"""Key of a table's metadata under which all is that it was made of, as JSON."""
_SCHEMA = pyarrow.schema([(name, getattr(pyarrow, kind)()) for name, (kind, _) in COLUMNS.items()])


class Taken(NamedTuple):
    """What became of a calibration."""

    seconds: float
    error: str | None


class Store:
    """What is finished of a study.

    Parameters
    ----------
    folder
        Where it is kept; `begin` makes it.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._batches = folder / "batches"
        self._noted = folder / "study.json"

    @property
    def table(self) -> Path:
        """The table of results."""
        return self.folder / "results.parquet"

    @property
    def page(self) -> Path:
        """The summary as HTML."""
        return self.folder / "report.html"

    def check(self, asked: Mapping[str, Any]) -> None:
        """Find that the folder is empty or of the same study.

        Raises
        ------
        UserError
            If it is of a study that asked for something else.
        """
        if not self._noted.exists():
            return
        before = _noted(self._noted)
        if changed := sorted(key for key in asked if asked[key] != before.get(key)):
            told = "; ".join(f"{key} was {before.get(key)}, is {asked[key]}" for key in changed)
            raise UserError(
                f"'{self.folder}' holds another study ({told}); give --fresh to throw it away, or "
                "another output folder."
            )

    def begin(self, asked: Mapping[str, Any]) -> None:
        """Make the folder and note what is asked for.

        Raises
        ------
        UserError
            If the folder is of another study or cannot be written.
        """
        self.check(asked)
        with _writing(self.folder):
            self._batches.mkdir(parents=True, exist_ok=True)
        if not self._noted.exists():
            text = json.dumps(asked, indent=2) + "\n"
            self._write(self._noted, lambda part: part.write_text(text, encoding="utf-8"))

    def clear(self) -> None:
        """Throw away what is finished, and nothing that others put into the folder."""
        for old in (*self._batches.glob("*.parquet"), self._noted, self.table, self.page):
            old.unlink(missing_ok=True)

    def keep(self, rows: Sequence[Row]) -> None:
        """Keep the rows of a finished batch.

        Raises
        ------
        UserError
            If they cannot be written, as where the disk is full.
        """
        name = digest.of_data(sorted({row["case"] for row in rows}))
        table = table_from(rows)
        file = self._batches / f"{name}.parquet"
        self._write(file, lambda part: parquet.write_table(table, part))

    def finished(self) -> dict[str, Taken]:
        """Return what became of every calibration that is finished, by its name."""
        found: dict[str, Taken] = {}
        for table in self._tables(["case", "seconds", "error"]):
            columns = (column.to_pylist() for column in table.columns)
            for case, seconds, error in zip(*columns, strict=True):
                found.setdefault(case, Taken(seconds, error))
        return found

    def numbers(self) -> pyarrow.Table:
        """Return the rows of everything that is finished, those of a calibration once."""
        seen: set[str] = set()
        tables = [_SCHEMA.empty_table()]
        for table in self._tables(_SCHEMA.names):
            own = set(table["case"].unique().to_pylist())
            if own & seen:  # two processes had computed the same
                fresh = pyarrow.array(sorted(own - seen), pyarrow.string())
                table = table.filter(compute.is_in(table["case"], fresh))
            seen |= own
            tables.append(table)
        return pyarrow.concat_tables(tables)

    def write_table(self, table: pyarrow.Table, made_of: Mapping[str, Any]) -> None:
        """Write the table of results, with all it was made of in its metadata.

        Raises
        ------
        UserError
            If it cannot be written.
        """
        table = table.replace_schema_metadata({METADATA: json.dumps(made_of).encode()})
        self._write(self.table, lambda part: parquet.write_table(table, part))

    def write_page(self, html: str) -> None:
        """Write the summary.

        Raises
        ------
        UserError
            If it cannot be written.
        """
        self._write(self.page, lambda part: part.write_text(html, encoding="utf-8"))

    def _tables(self, columns: list[str]) -> Iterator[pyarrow.Table]:
        for file in sorted(self._batches.glob("*.parquet")):
            try:
                yield parquet.read_table(file, schema=_SCHEMA, columns=columns)
            except (pyarrow.ArrowInvalid, OSError) as error:
                logger.warning("'%s' is damaged (%s); its work is done again.", file, error)

    def _write(self, file: Path, write: Callable[[Path], object]) -> None:
        """Write a file whole or not at all."""
        with _writing(file):
            handle, name = tempfile.mkstemp(prefix=".", suffix=".part", dir=file.parent)
            part = Path(name)
            try:
                write(part)
                os.fsync(handle)
                part.chmod(0o644)
                part.replace(file)
            finally:
                os.close(handle)
                part.unlink(missing_ok=True)


def table_from(rows: Sequence[Row]) -> pyarrow.Table:
    """Return rows as a table."""
    return pyarrow.Table.from_pylist(list(rows), _SCHEMA)


def concatenated(tables: Sequence[pyarrow.Table]) -> pyarrow.Table:
    """Return the rows of several tables as one."""
    return pyarrow.concat_tables(tables)


def read_table(file: Path) -> tuple[pyarrow.Table, dict[str, Any]]:
    """Return a table of results, and what it was made of.

    Raises
    ------
    UserError
        If it is not one.
    """
    try:
        table = parquet.read_table(file)
        made_of = json.loads((table.schema.metadata or {})[METADATA])
    except (OSError, ValueError, KeyError) as error:
        raise UserError(f"'{file}' is not a table of results of a cohort ({error}).") from error
    return table, made_of


def _noted(file: Path) -> dict[str, Any]:
    try:
        noted = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise UserError(f"'{file}' cannot be read ({error}); give --fresh.") from error
    return noted if isinstance(noted, dict) else {}


@contextmanager
def _writing(place: Path) -> Iterator[None]:
    """Say where nothing can be written; pyarrow's errors of the file system are OSErrors, too."""
    try:
        yield
    except OSError as error:
        raise UserError(
            f"'{place}' cannot be written ({error.strerror or error}); all that was finished is "
            "kept: make room there and start the study again."
        ) from error
