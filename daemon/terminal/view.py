"""The live terminal view: what a person at the machine needs to see, from the published messages.

`render` turns what `History` remembers into text in a given size; `line` says a status in one line
where there is no terminal.
"""

from __future__ import annotations

import textwrap
from collections.abc import Sequence

from rich.text import Text

from daemon.terminal.draw import aligned, beside, course, gauge
from daemon.terminal.history import RMSE_SECONDS, History
from daemon.terminal.muscles import KEY, muscle_lines
from pipeline.output.message import CalibratorReport, Status, StatusMessage
from pipeline.streams.base import SourceState, StreamHealth

SILENT_AFTER_S = 2.5
"""Age of the newest report from which the view says that the daemon is silent, s."""
WIDE = 96
"""Width from which there is room for everything, characters."""
_DRIFT, _STRONG_DRIFT = 0.01, 0.10
"""Relative changes of a parameter that are worth a colour, and a strong one."""

_STATUS_STYLE = {
    Status.NOMINAL: "bold black on green",
    Status.DEGRADED: "bold black on yellow",
    Status.STALE: "bold white on red",
    Status.STARTING: "bold black on cyan",
    Status.CALIBRATING: "bold white on magenta",
    Status.FAULT: "bold white on red",
    Status.STOPPED: "bold black on white",
}
_STATE_STYLE = {
    SourceState.LIVE: "green",
    SourceState.RESOLVING: "yellow",
    SourceState.STALE: "red",
    SourceState.LOST: "red",
    SourceState.ENDED: "cyan",
}
_CALIBRATOR_STYLE = {"ok": "green", "at_bounds": "yellow", "diverged": "red"}
_SHOWN = {
    "strength": "strength",
    "optimal_fibre_length": "fibre",
    "tendon_slack_length": "tendon",
}
"""Parameters in the table, and their short names."""


def render(history: History, width: int, height: int, now: float | None = None) -> Text:
    """Return the view as text of at most `height` - 1 lines.

    Parameters
    ----------
    history
        What has been heard.
    width, height
        Room there is, in characters and lines; the muscles give way first.
    now
        LSL clock, s, to tell the age of the report; None after the end of the run.
    """
    status = history.status
    if status is None:
        return Text(f"hillstream  {history.title}\n\nStarting; Ctrl-C ends it.")
    parts = [
        _header(history, status, width, now),
        _streams(status, width),
        _joints(history, width),
        [*_calibrator(status.calibrator, width), *_pace(status)],
    ]
    footer = [Text(history.log, "yellow")] if history.log else []
    if history.muscles is not None:
        other = "the parameters" if history.shows_muscles else "what the muscles do"
        footer.append(Text(f"{KEY}: {other}", "dim"))
    room = height - 1 - len(footer) - sum(len(part) for part in parts)
    if history.shows_muscles:
        muscles = muscle_lines(history, status.muscles, status.t, width, room)
    else:
        muscles = _muscles(history, status, width, room)
    lines = [*_spaced([*parts, muscles], room - len(muscles)), *footer][: height - 1]
    for text in lines:
        text.truncate(width, overflow="ellipsis")
    return Text("\n", no_wrap=True).join(lines)


def _spaced(parts: Sequence[list[Text]], spare: int) -> list[Text]:
    """Return the parts' lines, with empty lines between parts as far as there are any to spare."""
    lines: list[Text] = []
    for part in parts:
        if lines and part and spare > 0:
            lines.append(Text())
            spare -= 1
        lines += part
    return lines


def _header(history: History, status: StatusMessage, width: int, now: float | None) -> list[Text]:
    minutes, seconds = divmod(int(status.uptime_s), 60)
    right = f"session {status.session}  {minutes}:{seconds:02}"
    top = Text("hillstream", "bold").append(f"  {history.title}", "not bold")
    top.append(" " * max(2, width - top.cell_len - len(right))).append(right, "dim")
    silence_s = 0.0 if now is None else now - status.t
    if silence_s > SILENT_AFTER_S:
        sentence = f"The daemon has not reported for {silence_s:.0f} s; what follows is old."
        return [top, *_sentence(Text(" SILENT ", "bold white on red"), sentence, width, "red")]
    word = Text(f" {status.status} ", _STATUS_STYLE[status.status])
    return [top, *_sentence(word, status.note or status.status.sentence, width)]


def _sentence(word: Text, sentence: str, width: int, style: str = "") -> list[Text]:
    """Return a word and a sentence beside it, on as many lines as it needs."""
    room = max(width - word.cell_len - 1, 20)
    first, *others = textwrap.wrap(sentence, room) or [""]
    indent = " " * (word.cell_len + 1)
    return [
        Text.assemble(word, " ", (first, style)),
        *(Text(indent).append(other, style) for other in others),
    ]


def _streams(status: StatusMessage, width: int) -> list[Text]:
    streams = status.streams
    clock = "clock offset" if width >= WIDE else "clock"
    titles = ("stream", "state", "age", "rate", "gaps", "missing", "dropped", clock)
    lines = aligned(titles, [_stream(s) for s in streams])
    for s in streams:
        if s.note and s.note != status.note:
            lines += _sentence(Text(f"{s.key}:", "red"), s.note, width, "red")
    return lines if streams else []


def _stream(s: StreamHealth) -> list[str | Text]:
    dropped = s.nonfinite + s.out_of_order + s.from_future + s.too_old
    return [
        s.key,
        Text(s.state, _STATE_STYLE[s.state]),
        _time(s.age_s),
        f"{_number(s.rate_hz, '.1f')} Hz",
        *(Text(str(n), "yellow" if n else "dim") for n in (s.gaps, s.missing_samples, dropped)),
        f"{1e3 * s.clock_offset_s:+.2f} ms",
    ]


def _joints(history: History, width: int) -> list[Text]:
    wide = width >= WIDE
    seconds = RMSE_SECONDS if wide else 14
    titles = ["joint", "● now", "○ ref", "", "RMSE 1 s", f"last {seconds} s"]
    rows = [
        (
            dof,
            Text(_number(history.predicted.get(dof), "+.1f"), "cyan"),
            Text(_number(history.reference.get(dof), "+.1f"), "yellow"),
            gauge(
                history.predicted.get(dof),
                history.reference.get(dof),
                history.scale[dof],
                25 if wide else 17,
            ),
            Text(_number(history.error.get(dof), ".2f"), "bold"),
            Text(course(history.rmse[dof], seconds), "magenta"),
        )
        for dof in history.dofs
    ]
    return aligned(titles, rows)


def _calibrator(report: CalibratorReport | None, width: int) -> list[Text]:
    if report is None:
        return [Text.assemble(("calibrator", "bold dim"), "  no update")]
    first = Text.assemble(
        ("calibrator", "bold dim"),
        "  ",
        (report.result, _CALIBRATOR_STYLE.get(report.result, "yellow")),
        f"  set {report.version}, {_time(report.age_s)} ago",
    )
    if report.loss is not None:
        first.append(f", in {_time(report.seconds)}, loss {report.loss:.4g}")
    sentence = _sentence(Text(" " * 11), report.sentence, width, "dim")
    return [first, *sentence] if report.sentence else [first]


def _pace(status: StatusMessage) -> list[Text]:
    latency, ticks = status.latency_ms, status.ticks
    return [
        Text.assemble(
            ("latency", "bold dim"),
            f"     {_number(latency.p50, '.1f')} ms median",
            f", {_number(latency.p99, '.1f')} p99, {_number(latency.max, '.1f')} max",
            ("   ticks ", "bold dim"),
            f"{ticks.published} of {ticks.expected}",
            (f", {ticks.late} late", "yellow" if ticks.late else "dim"),
        )
    ]


def _muscles(history: History, status: StatusMessage, width: int, room: int) -> list[Text]:
    """Return the parameters relative to the start, in two columns, as far as there is room."""
    rows = [_muscle(history, status, i) for i in range(len(status.muscles))]
    if not rows or room < 2:
        return []
    known = "found/true" if history.truth is not None else "change"
    titles = [f"{known}, %", *_SHOWN.values()]
    half = min((len(rows) + 1) // 2, room - 1)
    lines = beside(
        aligned(titles, rows[:half]),
        aligned(titles, rows[half : 2 * half] or [[""] * 4]),
        width // 2,
    )
    if (hidden := len(rows) - 2 * half) > 0:
        lines[-1] = Text(f"... and {hidden + 2} more muscles", "dim")
    return lines


def _muscle(history: History, status: StatusMessage, i: int) -> list[str | Text]:
    name = status.muscles[i]
    return [name, *(_drift(history, status, parameter, i) for parameter in _SHOWN)]


def _drift(history: History, status: StatusMessage, parameter: str, i: int) -> Text:
    """Return by how many percent a parameter has changed, and by how many it should have."""
    values, start = status.parameters.get(parameter), history.start.get(parameter)
    if not values or not start or not start[i]:
        return Text("-", "dim")
    change = values[i] / start[i] - 1.0
    size = "bold " if abs(change) >= _STRONG_DRIFT else ""
    colour = "dim" if abs(change) < _DRIFT else "cyan" if change > 0 else "magenta"
    text = Text(_percent(change), size + colour)
    if history.truth is not None:
        true = history.truth.get(parameter, {}).get(status.muscles[i], 1.0)
        text.append(f"/{_percent(true - 1.0)}".ljust(4), "dim")
    return text


def _percent(part: float) -> str:
    return f"{round(100 * part):+d}"


def line(status: StatusMessage) -> str:
    """Return a status message as one line."""
    errors = ", ".join(f"{dof} {_number(value, '.2f')}" for dof, value in status.rmse.items())
    report = status.calibrator
    words = [
        f"{status.uptime_s:7.1f} s",
        str(status.status),
        ", ".join(f"{s.key} {s.state}" for s in status.streams),
        f"RMSE {errors} N*m" if errors else "",
        f"p99 {_number(status.latency_ms.p99, '.1f')} ms",
        f"set {report.version} {report.result}" if report else "",
        status.note,
    ]
    return " | ".join(word for word in words if word)


def _number(value: float | None, form: str) -> str:
    return "-" if value is None else format(value, form)


def _time(seconds: float | None) -> str:
    """Return a short time in a fitting unit."""
    if seconds is None:
        return "-"
    return f"{1e3 * seconds:.0f} ms" if abs(seconds) < 1 else f"{seconds:.1f} s"
