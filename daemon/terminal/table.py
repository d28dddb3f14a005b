"""Tables without lines, for the terminal."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from rich.table import Column, Table
from rich.text import Text


def table(
    left: Sequence[str | Column], right: Sequence[str], rows: Iterable[Sequence[str | Text]]
) -> Table:
    """Return a table of some columns, usually words, and of numbers at their right.

    Parameters
    ----------
    left
        Titles of the first columns, or columns with a look of their own; no title is shown where
        none has one.
    right
        Titles of the columns that follow, whose cells stand at the right.
    rows
        A cell per column.
    """
    columns = [Column(one) if isinstance(one, str) else one for one in left]
    columns += [Column(title, justify="right") for title in right]
    shown = Table(
        *columns,
        show_header=any(column.header for column in columns),
        header_style="bold",
        box=None,
        padding=(0, 2, 0, 0),
    )
    for row in rows:
        shown.add_row(*row)
    return shown


def facts(title: str, rows: Iterable[tuple[str, str]]) -> Table:
    """Return what there is to know of one thing, under its title: names, and words beside them."""
    shown = table([Column(style="bold", no_wrap=True), Column(overflow="fold")], (), rows)
    shown.title, shown.title_justify = title, "left"
    return shown
