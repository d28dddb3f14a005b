"""The curve of the backtest: how much worse frozen sets get as they age."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MaxNLocator
from numpy.typing import NDArray

from daemon.report.quality.backtest import LEAST_LATER_S, against_learning
from daemon.report.quality.records import Records, SetRecord
from daemon.report.style import INK, WIDTH_IN, styled
from daemon.report.words import clock

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Array = NDArray[np.float64]

_SMOOTH_S = 10.0
_LINES = ("#9ecae1", "#6baed6", "#4292c6", "#2171b5", "#08519c", "#08306b")
"""The later a set was frozen, the darker."""
_MARKS = ("o", "s", "^", "D", "v", "P")
_COLUMNS = 2


@styled
def backtest(records: Records) -> Figure | None:
    """Draw by how much each frozen set does worse than the one that learns on, by its age."""
    told = {dof: records.frozen[dof] for dof in records.learning if dof in records.frozen}
    if not any(_long_enough(one) for sets in told.values() for one in sets):
        return None
    rows = -(-len(told) // _COLUMNS)
    figure = Figure((WIDTH_IN, 1.5 * rows + 0.4), layout="constrained")
    columns = min(_COLUMNS, len(told))
    axes = list(figure.subplots(rows, columns, sharex=True, squeeze=False).flat)
    for axis, (dof, sets) in zip(axes, told.items(), strict=False):
        _joint(axis, sets, records.learning[dof])
        axis.set_title(f"{dof}, N·m")
    for axis in axes[len(told) :]:
        axis.set_axis_off()
    handles, labels = axes[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside upper right", ncols=len(labels))
    return figure


def _joint(axis: Axes, sets: tuple[SetRecord, ...], learning: SetRecord) -> None:
    axis.axhline(0.0, color=INK, lw=0.9, ls=(0, (4, 2)), label="goes on learning")
    for one, colour, mark in zip(sets, _LINES, _MARKS, strict=False):
        if not _long_enough(one):
            continue
        age, worse = _course(one, learning)
        label = f"frozen after {one.since_s:.0f} s"
        axis.plot(age, worse, color=colour, marker=mark, ms=3.2, label=label)
    axis.set_xlim(left=0.0)
    axis.xaxis.set_major_formatter(FuncFormatter(lambda t, _: clock(t)))
    axis.xaxis.set_major_locator(MaxNLocator(6, integer=True))
    axis.yaxis.set_major_locator(MaxNLocator(4))
    axis.tick_params(labelbottom=True)


def _long_enough(one: SetRecord) -> bool:
    return len(one.t_s) > 0 and bool(one.t_s[-1] - one.since_s >= LEAST_LATER_S)


def _course(one: SetRecord, learning: SetRecord) -> tuple[Array, Array]:
    """Return ages in s and by how much the set does worse over `_SMOOTH_S`, N*m."""
    age, frozen, goes_on, _ = against_learning(one, learning)
    stretch = np.floor(age / _SMOOTH_S)
    parts = [stretch == number for number in np.unique(stretch)]

    def pooled(errors: Array) -> Array:
        return np.array([np.sqrt(np.mean(errors[part] ** 2)) for part in parts])

    return np.array([age[part].mean() for part in parts]), pooled(frozen) - pooled(goes_on)
