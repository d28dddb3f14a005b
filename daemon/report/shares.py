"""The figure of which muscle made the moment: shares stacked upon each other, joint by joint."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MaxNLocator
from numpy.typing import NDArray

from daemon.report.stretches import STRETCH_S, stretches
from daemon.report.style import FAINT, INK, WIDTH_IN, styled
from daemon.report.words import clock
from pipeline.anatomy.names import plain

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from matplotlib.axes import Axes

    from daemon.report.material import Material, Share

Array = NDArray[np.float64]

_PALETTE = (
    *("#2a6f97", "#c0762b", "#3d7a57", "#b23a32", "#7a5c99", "#c9a227", "#4f9da6"),
    *("#8fb8d0", "#e3b98a", "#a3c9b0", "#dd9c96", "#c3b1d3", "#8c6d46", "#5b6770"),
)
NAMED = 7
"""Muscles of a joint that have a colour of their own; the smaller ones are drawn together."""
OTHERS = "the others"
_LONGEST_GAP_S = 0.5
"""Across a longer time without rows nothing is drawn, s."""


@styled
def shares(material: Material) -> Figure | None:
    """Draw each joint's moment as the sum of its muscles in a few stretches of the session.

    What pulls one way is stacked above zero, what pulls the other way below; the line is the sum.
    """
    starts = stretches(next(iter(material.moments.values())).t) if material.moments else []
    if not material.shares or not starts:
        return None
    joints = {dof: _largest(by_muscle) for dof, by_muscle in material.shares.items()}
    colours = colours_of([[name for name, _ in shown] for _, shown in joints.values()])
    figure = Figure((WIDTH_IN, 1.75 * len(joints) + 0.4), layout="constrained")
    grid = figure.subplots(len(joints), len(starts), sharey="row", squeeze=False)
    for row, (dof, (t, stacked)), own in zip(grid, joints.items(), colours, strict=True):
        for axis, start in zip(row, starts, strict=True):
            _stack(axis, t, stacked, own, start)
        row[0].set_title(f"{dof}, N·m")
        row[-1].legend(loc="center left", bbox_to_anchor=(1.0, 0.5), fontsize=7.5, handlelength=1)
    return figure


def colours_of(joints: Sequence[Sequence[str]]) -> list[dict[str, str]]:
    """Return the colours of the muscles of each joint: a muscle has one colour at all of them.

    Where there are more muscles than colours, one may change its colour between two joints, but no
    two of a joint share one.
    """
    usual: dict[str, str] = {OTHERS: FAINT}
    found = []
    for names in joints:
        own: dict[str, str] = {}
        for name in sorted(names, key=lambda name: name not in usual):  # who has one keeps it
            taken = own.values()
            free = [one for one in _PALETTE if one not in taken]
            unused = [one for one in free if one not in usual.values()]
            colour = usual.get(name, (unused or free)[0])
            own[name] = colour if colour not in taken else free[0]
            usual.setdefault(name, own[name])
        found.append(own)
    return found


def _largest(by_muscle: Mapping[str, Share]) -> tuple[Array, list[tuple[str, Array]]]:
    """Return times and the shares of the muscles that do most, then of all others together."""
    t = np.unique(np.concatenate([share.t for share in by_muscle.values()]))
    table = {}
    for muscle, share in by_muscle.items():
        table[muscle] = np.zeros(len(t))
        table[muscle][np.searchsorted(t, share.t)] = share.moment
    ordered = sorted(table, key=lambda muscle: -float(np.abs(table[muscle]).mean()))
    shown = [(plain(muscle), table[muscle]) for muscle in ordered[:NAMED]]
    if rest := ordered[NAMED:]:
        shown.append((OTHERS, np.sum([table[muscle] for muscle in rest], axis=0)))
    return t, shown


def _stack(
    axis: Axes,
    t: Array,
    stacked: list[tuple[str, Array]],
    colours: Mapping[str, str],
    start: float,
) -> None:
    part = slice(*np.searchsorted(t, (start, start + STRETCH_S)))
    t = t[part]
    gaps = np.flatnonzero(np.diff(t) > _LONGEST_GAP_S) + 1
    above = below = np.zeros(len(t))
    for name, moment in stacked:
        colour = colours[name]
        up, down = above + np.maximum(moment[part], 0.0), below + np.minimum(moment[part], 0.0)
        for low, high in ((above, up), (down, below)):
            x, y1, y2 = _broken(gaps, t, low, high)
            axis.fill_between(x, y1, y2, color=colour, alpha=0.75, lw=0)
        above, below = up, down
        axis.fill_between([], [], color=colour, alpha=0.75, lw=0, label=name)
    axis.plot(*_broken(gaps, t, above + below), color=INK, lw=1.3, label="sum")
    axis.axhline(0.0, color=INK, lw=0.6)
    axis.set_axisbelow(True)
    axis.set_xlim(start, start + STRETCH_S)
    axis.xaxis.set_major_locator(MaxNLocator(4, integer=True))
    axis.xaxis.set_major_formatter(FuncFormatter(lambda t, _: clock(t)))
    axis.yaxis.set_major_locator(MaxNLocator(5))


def _broken(gaps: NDArray[np.intp], *columns: Array) -> list[Array]:
    """Return the columns with a NaN wherever rows are missing, so that nothing spans a gap."""
    return [np.insert(column, gaps, np.nan) for column in columns]
