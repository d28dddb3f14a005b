"""Levels as bars, one line each."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from rich.text import Text

from daemon.terminal.draw import aligned, filled

NARROWEST = 10


class Bar(NamedTuple):
    """A level now, the best so far and what the bar's full length stands for, in one unit."""

    name: str
    now: float
    best: float
    full: float
    chosen: bool
    """Whether it is the one that counts now."""


def bars(levels: Iterable[Bar], unit: str, width: int) -> list[Text]:
    """Return a line per level: name, bar with a mark at the best so far, numbers."""
    told = list(levels)
    longest = max((len(bar.name) for bar in told), default=0)
    room = max(NARROWEST, width - longest - 2 * 11 - 6)
    rows = [
        (
            Text(bar.name, "bold cyan" if bar.chosen else ""),
            _drawn(bar, room),
            f"{bar.now:9.3g}",
            f"{bar.best:9.3g}" if bar.best > 0.0 else "-",
        )
        for bar in told
    ]
    return aligned(("channel", "", f"now, {unit}", f"best, {unit}"), rows)


def _drawn(bar: Bar, width: int) -> Text:
    full = bar.full if bar.full > 0.0 else 1.0
    text = Text(filled(bar.now / full, width), "cyan" if bar.chosen else "dim")
    if bar.best > 0.0:
        place = round(min(bar.best / full * width, width - 1.0))
        text = Text.assemble(text[:place], ("│", "green"), text[place + 1 :])
    return text
