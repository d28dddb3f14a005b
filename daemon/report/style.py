"""The look that all figures of a report have: calm, and readable in print."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from matplotlib import rc_context
from matplotlib.figure import Figure

WIDTH_IN = 9.0
INK, FAINT, PREDICTED, REFERENCE = "#22303c", "#9aa5ae", "#2a6f97", "#c0762b"
_STYLE: Any = {
    "font.family": "sans-serif",
    "font.size": 8.5,
    "axes.edgecolor": FAINT,
    "axes.labelcolor": INK,
    "axes.titlesize": 9.5,
    "axes.titlelocation": "left",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "grid.color": "#e7ebee",
    "grid.linewidth": 0.6,
    "legend.frameon": False,
    "lines.linewidth": 1.2,
    "text.color": INK,
    "xtick.color": INK,
    "ytick.color": INK,
    "xtick.major.size": 0,
    "ytick.major.size": 0,
}


def styled(function: Callable[..., Figure | None]) -> Callable[..., Figure | None]:
    """Draw with this look whatever a function draws."""

    @wraps(function)
    def drawn(*arguments: object) -> Figure | None:
        with rc_context(_STYLE):
            return function(*arguments)

    return drawn
