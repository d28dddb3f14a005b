"""A figure that a command draws: matplotlib where it is there, and its file."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.errors import UserError, needing

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def new_figure(width_in: float, height_in: float) -> Figure:
    """Return an empty figure; raises UserError if matplotlib is missing."""
    with needing("A figure", "report"):
        from matplotlib.figure import Figure
    return Figure(figsize=(width_in, height_in), layout="constrained")


def write_figure(figure: Figure, path: Path, dpi: int) -> None:
    """Write a figure to a .png, .svg or .pdf; raises UserError if that is not possible."""
    try:
        figure.savefig(path, dpi=dpi)
    except (OSError, ValueError) as error:
        raise UserError(f"The figure cannot be written to {path} ({error}).") from error
