"""Two sessions beside each other as one page, with a figure of what changed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from daemon.report.comparison import Comparison, Difference
from daemon.report.comparison_table import channel_rows, parameter_row, session_rows
from daemon.report.quantities import INTERVAL, quantity
from daemon.report.style import FAINT, INK, PREDICTED, REFERENCE, WIDTH_IN, styled
from daemon.report.template import image, rendered
from daemon.session.recorder import DELAY
from pipeline.anatomy.names import plain

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_COLUMNS = 3
_ROW_IN = 0.17
"""Height of a muscle's row in the figure, inches."""
_LONGEST_REACH = 3.0
"""An interval is cut off beyond this many spreads of the values: one would flatten the others."""


def comparison_page(found: Comparison) -> str:
    """Return the comparison as HTML that needs no other file."""
    figure = changes(found)
    return rendered(
        "comparison.html.j2",
        title=f"{found.a.name} and {found.b.name}",
        found=found,
        rows=[(one.changed, parameter_row(one)) for one in found.differences],
        sessions=list(session_rows(found)),
        channels=list(channel_rows(found)),
        figure=image(figure) if figure else None,
    )


@styled
def changes(found: Comparison) -> Figure | None:
    """Draw each parameter of each muscle in both sessions, with its 95 % intervals."""
    panels: dict[str, list[Difference]] = {}
    for one in found.differences:
        if one.name != DELAY and one.changed is not None:
            panels.setdefault(one.name, []).append(one)
    if not panels:
        return None
    columns = min(_COLUMNS, len(panels))
    rows = -(-len(panels) // columns)
    muscles = list(dict.fromkeys(one.muscle for shown in panels.values() for one in shown))
    height = rows * (_ROW_IN * len(muscles) + 0.45) + 0.3
    figure = Figure((WIDTH_IN, height), layout="constrained")
    axes = list(figure.subplots(rows, columns, sharey=True, squeeze=False).flat)
    for axis, (name, shown) in zip(axes, panels.items(), strict=False):
        _panel(axis, name, shown, muscles)
    for axis in axes[len(panels) :]:
        axis.set_axis_off()
    handles, labels = axes[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside upper right", ncols=2)
    return figure


def _panel(axis: Axes, name: str, shown: Sequence[Difference], muscles: Sequence[str]) -> None:
    told = quantity(name)
    places = np.array([muscles.index(one.muscle) for one in shown], dtype=np.float64)
    drawn = (("first session", FAINT, -0.16, "a"), ("second session", PREDICTED, 0.16, "b"))
    for label, colour, shift, side in drawn:
        ends = [getattr(one, side) for one in shown]
        value = told.factor * np.array([end.value for end in ends])
        half = told.factor * INTERVAL * np.array([end.deviation or 0.0 for end in ends])
        axis.errorbar(
            value, places + shift, xerr=half, fmt="o", ms=3, lw=1, color=colour, label=label
        )
    for place, one in zip(places, shown, strict=True):
        if one.changed:
            axis.axhspan(place - 0.45, place + 0.45, color=REFERENCE, alpha=0.13, lw=0)
    axis.set_xlim(*_reach(told.factor, shown))
    axis.set_ylim(len(muscles) - 0.5, -0.5)
    axis.set_yticks(range(len(muscles)), [plain(muscle) for muscle in muscles], color=INK)
    axis.xaxis.set_major_locator(MaxNLocator(4))
    axis.set_title(f"{told.title}{f', {told.unit}' if told.unit else ''}")


def _reach(factor: float, shown: Sequence[Difference]) -> tuple[float, float]:
    """Return limits that show all values, and their intervals unless one is far wider."""
    ends = [end for one in shown for end in (one.a, one.b)]
    values = factor * np.array([end.value for end in ends])
    half = factor * INTERVAL * np.array([end.deviation or 0.0 for end in ends])
    spread = max(float(np.ptp(values)), float(np.median(half)), 1e-6 * float(np.abs(values).max()))
    half = np.minimum(half, _LONGEST_REACH * spread)
    return float((values - half).min() - 0.05 * spread), float(
        (values + half).max() + 0.05 * spread
    )
