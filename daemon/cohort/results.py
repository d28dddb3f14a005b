"""Finished batches, and the table that they make."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from daemon.cohort.batches import Batch
from daemon.cohort.cases import WHOLE_DRAW, Case
from daemon.cohort.digest import version
from daemon.cohort.rows import Row, failed
from daemon.cohort.work import computed
from pipeline.errors import needing

with needing("A cohort", "cluster"):
    import pyarrow

Array = NDArray[np.int64]

_LEVEL = (2.5, 97.5)
"""Percentiles between which a bootstrap's interval lies."""
_ENDS = ("interval_low", "interval_high")


class Finished(NamedTuple):
    """A batch with its rows."""

    batch: Batch
    rows: list[Row]
    kept: bool = True
    """False where it is to be tried again when the study is started again."""


def lost(batch: Batch, seed: int) -> Finished:
    """Return the rows of calibrations whose worker died every time."""
    sentence = (
        "The process that calibrated it was killed each time, as happens where memory is short; "
        "start the study again with a smaller run.batch or run.workers."
    )
    rows = [row for case in batch.cases for row in failed(case, sentence, 0.0, seed)]
    return Finished(batch, rows, kept=False)


def in_this_process(batches: Sequence[Batch], seed: int) -> Iterator[Finished]:
    """Yield the rows of batches, computed here one after the other."""
    for batch in batches:
        yield Finished(batch, computed(batch, seed, version()))


def table_of(cases: Sequence[Case], numbers: pyarrow.Table) -> pyarrow.Table:
    """Return the rows of a study in its order, with the intervals of a bootstrap.

    Parameters
    ----------
    numbers
        Rows of any calibrations; those that the study does not ask for are left out.
    """
    order = {case.id: place for place, case in enumerate(cases)}
    place = _mapped(numbers["case"], order, -1)
    numbers, place = numbers.filter(place >= 0), place[place >= 0]
    rows = np.argsort(place, kind="stable")
    groups = pyarrow.array([case.group for case in cases], pyarrow.string())
    table = _with(numbers.take(rows), "group", groups.take(pyarrow.array(place[rows])))
    return _with_intervals(table)


def _with_intervals(table: pyarrow.Table) -> pyarrow.Table:
    """Return the table with the intervals of bootstraps in place of those by the curvature."""
    value = table["value"].to_numpy()
    whole = table["draw"].to_numpy() == WHOLE_DRAW
    ends = np.stack([table[name].to_numpy().astype(float) for name in _ENDS])
    key, known = _keys(table), np.isfinite(value)
    by_key = np.argsort(key, kind="stable")
    for rows in np.split(by_key, np.flatnonzero(np.diff(key[by_key])) + 1):
        if whole[rows].all() or not whole[rows].any():
            continue
        drawn = value[rows[~whole[rows] & known[rows]]]
        ends[:, rows] = np.nan
        if len(drawn) > 1:
            ends[:, rows[whole[rows] & known[rows]]] = np.percentile(drawn, _LEVEL)[:, None]
    for name, column in zip(_ENDS, ends, strict=True):
        table = _with(table, name, pyarrow.array(column, mask=np.isnan(column)))
    return table


def _keys(table: pyarrow.Table) -> Array:
    """Return a number for each row that is the same for the same number of the same person."""
    key = np.zeros(len(table), dtype=np.int64)
    for name in ("person", "setup", "quantity", "of"):
        texts = table[name].unique().to_pylist()
        key = key * len(texts) + _mapped(table[name], {t: i for i, t in enumerate(texts)}, 0)
    return key


def _mapped(column: pyarrow.ChunkedArray, meanings: Mapping[str, int], otherwise: int) -> Array:
    """Return what each text of a column means."""
    encoded = column.combine_chunks().dictionary_encode("encode")
    means = [meanings.get(text, otherwise) for text in encoded.dictionary.to_pylist()]
    found: Array = np.array(means, dtype=np.int64)[encoded.indices.to_numpy()]
    return found


def _with(table: pyarrow.Table, name: str, column: pyarrow.Array) -> pyarrow.Table:
    return table.set_column(table.schema.get_field_index(name), table.schema.field(name), column)
