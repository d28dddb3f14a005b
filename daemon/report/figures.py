"""The figures of a report, drawn by matplotlib: calm, and readable in print."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MaxNLocator, MultipleLocator
from numpy.typing import NDArray

from daemon.report.quantities import INTERVAL, QUANTITIES
from daemon.report.shares import shares
from daemon.report.stretches import STRETCH_S, stretches
from daemon.report.style import FAINT, INK, PREDICTED, REFERENCE, WIDTH_IN, styled
from daemon.report.verdict import FatigueVerdict, Kind
from daemon.report.words import clock
from pipeline.anatomy.names import plain
from pipeline.streams.base import SourceState

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from daemon.report.material import Estimates, Health, Material, Moments, NewMvc

Array = NDArray[np.float64]

COLOURS = {
    Kind.FATIGUE: "#b23a32",
    Kind.ELECTRODE: "#a8760c",
    Kind.UNEXPLAINED: "#7a5c99",
    Kind.NOT_IDENTIFIABLE: "#7d8790",
    Kind.STABLE: "#3d7a57",
}
_LARGEST_ERROR = 4.0
"""Errors above this many times the median are cut off: the first seconds would hide the rest."""
_DRIFT_SHOWN = (0.4, 1.6)
"""Factors that are shown: intervals beyond tell nothing."""
_MEAN_S = 10.0
_STEPPED_IN = ("mark", "command")
"""Events that are the operator's: what changes behind them may be their doing."""
_TICKS_S = (10, 30, 60, 120, 300, 600, 1200, 1800, 3600, 7200)


def draw(material: Material, verdicts: Sequence[FatigueVerdict]) -> dict[str, Figure]:
    """Return every figure there is material for, by name."""
    drawn: dict[str, Figure | None] = {
        "drift": drift(material, verdicts),
        "emg": emg(material, verdicts),
        "moments": moments(material),
        "shares": shares(material),
        "error": error(material),
        "streams": streams(material),
    }
    for name in QUANTITIES:
        drawn[name] = parameter(material, name)
    return {name: figure for name, figure in drawn.items() if figure is not None}


@styled
def drift(material: Material, verdicts: Sequence[FatigueVerdict]) -> Figure | None:
    """Draw each muscle's force for a given EMG with its 95 % interval, and when it changed."""
    course = material.drift.course() if material.drift else None
    if material.drift is None or course is None or not verdicts:
        return None
    figure, axes = _grid(material, len(verdicts), 3, 1.55)
    for axis, verdict in zip(axes, verdicts, strict=True):
        unit, colour = material.drift.unit_of(verdict.muscle), COLOURS[verdict.kind]
        factor, half = course.factor[:, unit], INTERVAL * course.deviation[:, unit]
        axis.fill_between(course.t, factor - half, factor + half, color=colour, alpha=0.14, lw=0)
        axis.plot(course.t, factor, color=colour)
        change = verdict.evidence.change if verdict.evidence else None
        for since in (change.onset[0], change.end) if change else ():
            axis.axvline(since, color=INK, lw=0.8, ls=(0, (4, 2)))
        _new_mvc(axis, material.new_mvc(verdict.muscle))
        axis.sharey(axes[0])
        axis.set_title(plain(verdict.muscle))
        axis.set_title(verdict.kind, loc="right", fontsize=7.5, color=colour)
    axes[0].set_ylim(*_DRIFT_SHOWN)
    return figure


@styled
def emg(material: Material, verdicts: Sequence[FatigueVerdict]) -> Figure | None:
    """Draw each muscle's median frequency over time, in the seconds in which it is active."""
    kinds = {verdict.muscle: verdict.kind for verdict in verdicts}
    heard = {m: a for m, a in material.activities().items() if np.isfinite(a.median_hz).any()}
    if not heard:
        return None
    figure, axes = _grid(material, len(heard), 3, 1.55)
    for axis, (muscle, activity) in zip(axes, heard.items(), strict=True):
        colour = COLOURS[kinds.get(muscle, Kind.NOT_IDENTIFIABLE)]
        chosen = activity.active & np.isfinite(activity.median_hz)
        t, median_hz = activity.t[chosen], activity.median_hz[chosen]
        axis.scatter(t, median_hz, s=5, lw=0, alpha=0.35, color=colour)
        axis.plot(*_means(t, median_hz), color=colour, lw=1.6)
        _new_mvc(axis, material.new_mvc(muscle))
        axis.sharey(axes[0])
        axis.set_title(plain(muscle))
        axis.set_title("median frequency, Hz", loc="right", fontsize=7.5, color=FAINT)
    return figure


@styled
def parameter(material: Material, name: str) -> Figure | None:
    """Draw one kind of parameter over time with its 95 % intervals; None where it was fixed."""
    estimates = material.estimates.get(name, {})
    if not any(np.ptp(one.value) > 0 for one in estimates.values() if len(one.value)):
        return None
    title, unit, factor = QUANTITIES[name]
    figure, axes = _grid(material, len(estimates), 5, 1.3)
    for axis, (muscle, one) in zip(axes, estimates.items(), strict=True):
        scaled = one._replace(value=factor * one.value, deviation=factor * one.deviation)
        _estimate(axis, scaled, PREDICTED)
        axis.set_title(plain(muscle), fontsize=7.5)
    figure.suptitle(f"{title}{f', {unit}' if unit else ''}", x=0.01, ha="left", fontsize=9.5)
    return figure


@styled
def moments(material: Material) -> Figure | None:
    """Draw predicted moments against their reference in a few stretches of the session."""
    if not material.moments:
        return None
    starts = stretches(next(iter(material.moments.values())).t)
    rows = len(material.moments)
    figure = Figure((WIDTH_IN, 1.35 * rows + 0.6), layout="constrained")
    grid = figure.subplots(rows, len(starts), sharey="row", squeeze=False)
    for row, (dof, course) in zip(grid, material.moments.items(), strict=True):
        for axis, start in zip(row, starts, strict=True):
            _moment(axis, course, start)
        row[0].set_title(f"{dof}, N·m")
    handles, labels = grid[0][0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside upper right", ncols=3)
    return figure


@styled
def error(material: Material) -> Figure | None:
    """Draw each joint's RMSE per second over the session, smoothed over ten."""
    if not material.errors:
        return None
    figure, axes = _grid(material, len(material.errors), 2, 1.45)
    for axis, (dof, course) in zip(axes, material.errors.items(), strict=True):
        axis.plot(course.t, course.rmse, color=FAINT, lw=0.7)
        axis.plot(course.t, _smooth(course.rmse), color=PREDICTED, lw=1.6)
        axis.set_ylim(0.0, _LARGEST_ERROR * float(np.nanmedian(course.rmse)) or None)
        axis.set_title(f"{dof}, RMSE per second, N·m")
    return figure


@styled
def streams(material: Material) -> Figure | None:
    """Draw how fast each stream came in, and when something was lost."""
    if not material.streams:
        return None
    figure, axes = _grid(material, len(material.streams), 1, 1.1)
    for axis, (name, health) in zip(axes, material.streams.items(), strict=True):
        _health(axis, health)
        axis.set_title(f"{name}, samples per second")
    return figure


def _grid(
    material: Material, count: int, columns: int, height_in: float
) -> tuple[Figure, list[Axes]]:
    """Return small panels over the session, with a line wherever the operator stepped in."""
    columns, seconds = min(columns, count), material.seconds
    rows = -(-count // columns)
    figure = Figure((WIDTH_IN, height_in * rows + 0.25), layout="constrained")
    axes = list(figure.subplots(rows, columns, sharex=True, squeeze=False).flat)
    for axis in axes[count:]:
        axis.set_axis_off()
    for axis in axes[:count]:
        axis.set_xlim(0.0, max(seconds, 1.0))
        axis.xaxis.set_major_locator(MultipleLocator(_tick_s(seconds, columns)))
        axis.xaxis.set_major_formatter(FuncFormatter(lambda t, _: clock(t)))
        axis.yaxis.set_major_locator(MaxNLocator(4))
        axis.tick_params(labelbottom=True)
        for event in material.events:
            if event.source in _STEPPED_IN:
                axis.axvline(event.t, color=INK, lw=0.6, ls=(0, (1, 2)))
    return figure, axes[:count]


def _tick_s(seconds: float, columns: int) -> float:
    """Return a spacing of ticks that people count in, s."""
    most = 12 // columns + 1
    return next((step for step in _TICKS_S if seconds / step <= most), _TICKS_S[-1])


def _estimate(axis: Axes, one: Estimates, colour: str) -> None:
    """Draw a parameter's course and its 95 % interval."""
    half = INTERVAL * np.nan_to_num(one.deviation)
    low, high = one.value - half, one.value + half
    axis.fill_between(one.t, low, high, color=colour, alpha=0.14, lw=0)
    axis.plot(one.t, one.value, color=colour)
    if len(one.value):  # the widest intervals must not flatten the course
        middle = np.median(one.value)
        reach = 1.2 * max(*np.abs(np.quantile(one.value, [0.0, 1.0]) - middle), 0.1 * abs(middle))
        shown = max(reach, 1.1 * float(np.median(half)))
        axis.set_ylim(middle - shown, middle + shown)


def _new_mvc(axis: Axes, changes: Sequence[NewMvc]) -> None:
    """Mark where the EMG began to count for more or less: a strength may step there for that."""
    for one in changes:
        axis.axvline(one.t, color=REFERENCE, lw=0.9)
        axis.annotate(
            f"MVC {one.ratio:.0%} of before",
            (one.t, 0.03),
            xycoords=("data", "axes fraction"),
            xytext=(2, 0),
            textcoords="offset points",
            fontsize=6.5,
            color=REFERENCE,
        )


def _moment(axis: Axes, course: Moments, start: float) -> None:
    part = slice(*np.searchsorted(course.t, (start, start + STRETCH_S)))
    t, predicted = course.t[part], course.predicted[part]
    half = INTERVAL * np.nan_to_num(course.deviation[part])
    axis.fill_between(
        t, predicted - half, predicted + half, color=PREDICTED, alpha=0.15, lw=0, label="95 %"
    )
    axis.plot(t, course.reference[part], color=REFERENCE, ls=(0, (4, 1.5)), label="reference")
    axis.plot(t, predicted, color=PREDICTED, label="predicted")
    axis.xaxis.set_major_locator(MaxNLocator(4, integer=True))
    axis.xaxis.set_major_formatter(FuncFormatter(lambda t, _: clock(t)))
    axis.yaxis.set_major_locator(MaxNLocator(4))


def _health(axis: Axes, health: Health) -> None:
    axis.plot(health.t, health.rate_hz, color=PREDICTED)
    lost = np.diff(health.gaps + health.dropped, prepend=0.0) > 0
    axis.scatter(health.t[lost], health.rate_hz[lost], s=14, color=COLOURS[Kind.FATIGUE], zorder=3)
    away = np.array([state != SourceState.LIVE for state in health.state], dtype=bool)
    axis.fill_between(
        health.t, 0, 1, where=away, transform=axis.get_xaxis_transform(), color=FAINT, alpha=0.3
    )
    axis.set_ylim(0.0, 1.15 * float(np.nanmax(health.rate_hz, initial=1.0)))


def _means(t: Array, y: Array) -> tuple[Array, Array]:
    """Return times and means of what falls into the same ten seconds."""
    place = np.unique(np.floor(t / _MEAN_S), return_inverse=True)[1]
    count = np.bincount(place)
    return np.bincount(place, t) / count, np.bincount(place, y) / count


def _smooth(y: Array, count: int = 10) -> Array:
    """Return the running root mean square of `count` values; NaN where none is known."""
    count = min(count, len(y))
    known = np.isfinite(y).astype(float)
    total = np.convolve(np.nan_to_num(y) ** 2, np.ones(count), "same")
    number = np.convolve(known, np.ones(count), "same")
    return np.sqrt(np.divide(total, number, out=np.full_like(total, np.nan), where=number > 0))
