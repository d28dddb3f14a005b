"""Small drawings made of characters: aligned columns, a gauge, a course over time."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from rich.text import Text

_BLOCKS = "▁▂▃▄▅▆▇█"
_PARTS = " ▏▎▍▌▋▊▉█"


def aligned(titles: Sequence[str], rows: Iterable[Sequence[str | Text]]) -> list[Text]:
    """Return a table as lines: the first column at the left, the others at the right."""
    head = [Text(title, "bold dim") for title in titles]
    cells = [head, *([Text(c) if isinstance(c, str) else c for c in row] for row in rows)]
    widths = [max(cell.cell_len for cell in column) for column in zip(*cells, strict=True)]
    return [_row(row, widths) for row in cells]


def _row(cells: Sequence[Text], widths: Sequence[int]) -> Text:
    line = Text()
    for i, (cell, width) in enumerate(zip(cells, widths, strict=True)):
        space = " " * (width - cell.cell_len)
        line.append_text(cell).append(space) if i == 0 else line.append("  " + space).append(cell)
    return line


def beside(left: Sequence[Text], right: Sequence[Text], width: int) -> list[Text]:
    """Return two tables next to each other, the right one beginning at `width`."""
    lines = []
    for i, text in enumerate(left):
        line = text.copy()
        if i < len(right):
            line.append(" " * (width - line.cell_len)).append_text(right[i])
        lines.append(line)
    return lines


def gauge(predicted: float | None, reference: float | None, scale: float, width: int) -> Text:
    """Return a scale from -`scale` to `scale` with a dot at one value and a ring at the other.

    Parameters
    ----------
    predicted, reference
        The values of the dot and of the ring; None leaves it out.
    scale
        Value at the right end, above zero.
    width
        In characters; odd, so that zero has a place.
    """
    marks = ["·"] * width
    styles = ["dim"] * width
    marks[width // 2] = "│"
    for value, mark, style in ((reference, "○", "yellow"), (predicted, "●", "cyan")):
        if value is not None:
            place = round((min(max(value / scale, -1.0), 1.0) + 1.0) / 2.0 * (width - 1))
            both = marks[place] == "○"
            marks[place], styles[place] = ("◉", "green") if both else (mark, style)
    return Text.assemble(*zip(marks, styles, strict=True))


def filled(share: float, width: int) -> str:
    """Return a bar of `width` characters that is filled to a share, to an eighth of one."""
    whole, part = divmod(round(min(max(share, 0.0), 1.0) * width * 8), 8)
    return ("█" * whole + (_PARTS[part] if part else "")).ljust(width)


def course(values: Sequence[float | None], width: int) -> str:
    """Return the newest `width` values as bars from zero to the largest; a space for None."""
    shown = list(values)[-width:]
    largest = max((v for v in shown if v is not None), default=0.0) or 1.0
    top = len(_BLOCKS) - 1
    bars = (" " if v is None else _BLOCKS[round(max(v, 0.0) / largest * top)] for v in shown)
    return "".join(bars).rjust(width)
