"""A comparison as rows of words, for the terminal and for a page."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from daemon.report.comparison import Comparison, Difference, Estimate
from daemon.report.quantities import INTERVAL, Quantity, quantity
from daemon.report.words import clock, percent

Row = tuple[str, str, str, str]
"""What it is, in the first session, in the second, and how they differ."""
_NOTHING = "–"


def figures(found: Comparison) -> dict[str, Any]:
    """Return a comparison as plain data, with the rows of its tables as they are shown."""
    rows = {"sessions": list(session_rows(found)), "channels": list(channel_rows(found))}
    return {**found.figures(), "rows": rows}


def parameter_row(one: Difference) -> Row:
    """Return a parameter's row: values with their 95 % intervals, and what that says."""
    told = quantity(one.name)
    title = f"{one.title}{f', {told.unit}' if told.unit else ''}"
    return title, _estimate(told, one.a), _estimate(told, one.b), _said(one)


def _estimate(told: Quantity, end: Estimate) -> str:
    room = "" if end.deviation is None else f" ± {told.shown(INTERVAL * end.deviation)}"
    return told.shown(end.value) + room


def _said(one: Difference) -> str:
    if one.changed is None:
        return "cannot be told"
    if not one.changed:
        return "within the interval"
    return "changed" if one.share is None else _signed(one.share)


def session_rows(found: Comparison) -> Iterator[Row]:
    """Return the rows of each session as a whole: duration, updates, errors."""
    a, b = found.a, found.b
    yield "Duration, m:ss", clock(a.seconds), clock(b.seconds), ""
    yield "Updates tried", str(a.updates), str(b.updates), ""
    shares = [_NOTHING if s is None else percent(s) for s in (a.accepted_share, b.accepted_share)]
    yield "Updates put in force", shares[0], shares[1], ""
    for dof in _both(a.errors, b.errors):
        yield _numbers(f"RMSE {dof}, N·m", a.errors.get(dof), b.errors.get(dof), ".2f")


def channel_rows(found: Comparison) -> Iterator[Row]:
    """Return the rows of the EMG channels: level, median frequency, MVC."""
    a, b = found.a, found.b
    for channel in _both(a.emg, b.emg):
        before, after = a.emg.get(channel), b.emg.get(channel)
        yield _numbers(
            f"Level {channel}, µV",
            before and _micro(before.amplitude_v),
            after and _micro(after.amplitude_v),
            ".0f",
        )
        yield _numbers(
            f"Median frequency {channel}, Hz",
            before and before.median_hz,
            after and after.median_hz,
            ".0f",
        )
    yield from _mvc_rows(found)


def _mvc_rows(found: Comparison) -> Iterator[Row]:
    """Return the rows of the MVC, which is in V of raw EMG; none where the units differ."""
    a, b = found.a, found.b
    if a.mvc_unit != b.mvc_unit:
        return
    for channel in _both(a.mvc, b.mvc):
        before, after = a.mvc.get(channel), b.mvc.get(channel)
        if a.mvc_unit == "V":
            yield _numbers(f"MVC {channel}, µV", _micro(before), _micro(after), ".0f")
        else:
            yield _numbers(f"MVC {channel}, of the envelope", before, after, ".3g")


def _both(a: Iterable[str], b: Iterable[str]) -> list[str]:
    return list(dict.fromkeys([*a, *b]))


def _micro(volts: float | None) -> float | None:
    return None if volts is None else 1e6 * volts


def _numbers(what: str, a: float | None, b: float | None, form: str) -> Row:
    shown = [_NOTHING if one is None else format(one, form) for one in (a, b)]
    change = "" if a is None or b is None or not a else _signed((b - a) / abs(a))
    return what, shown[0], shown[1], change


def _signed(share: float) -> str:
    return percent(share, signed=True)
