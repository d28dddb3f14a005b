"""The live terminal view: what a person at the machine needs to see, from the published messages.

`History` takes the messages in; `render` turns it into something rich can print, in a given size;
`line` says the same in one line where there is no terminal.
"""

from __future__ import annotations

import textwrap
from collections import deque
from collections.abc import Mapping, Sequence

from rich.text import Text

from daemon.draw import aligned, beside, course, gauge
from pipeline.message import CalibratorReport, MomentMessage, Status, StatusMessage
from pipeline.streams.base import SourceState, StreamHealth

RMSE_SECONDS = 30
"""Length of the RMSE's course that is kept, s."""
SILENT_AFTER_S = 2.5
"""Age of the newest report from which the view says that the daemon is silent, s."""
WIDE = 96
"""Width from which there is room for everything, characters."""
_SMALLEST_SCALE_NM = 1.0
_DRIFT, _STRONG_DRIFT = 0.01, 0.10
"""Relative changes of a parameter that are worth a colour, and a strong one."""

_STATUS_STYLE = {
    Status.NOMINAL: "bold black on green",
    Status.DEGRADED: "bold black on yellow",
    Status.STALE: "bold white on red",
    Status.STARTING: "bold black on cyan",
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


class History:
    """What the view remembers of a run; bounded.

    Parameters
    ----------
    title
        What the set-up is.
    dofs
        Joints, in the order of the moment messages.
    truth
        Where the person is simulated: per parameter and muscle the true value, relative to the
        one the run starts with.
    """

    def __init__(
        self,
        title: str,
        dofs: Sequence[str],
        truth: Mapping[str, Mapping[str, float]] | None = None,
    ) -> None:
        self.title = title
        self.dofs = tuple(dofs)
        self.truth = truth
        self.status: StatusMessage | None = None
        self.moment: MomentMessage | None = None
        """Newest moments heard; the next status message is shown beside them."""
        self.log = ""
        """Newest line of the log."""
        self.start: dict[str, tuple[float, ...]] = {}
        """The parameters the run started with."""
        self.rmse = {dof: deque[float | None](maxlen=RMSE_SECONDS) for dof in dofs}
        """RMSE of the last seconds per joint, N*m."""
        self.predicted: dict[str, float] = {}
        self.reference: dict[str, float] = {}
        """Moments at the time of the newest status message per joint, N*m."""
        self.scale = dict.fromkeys(dofs, _SMALLEST_SCALE_NM)
        """Largest moment seen per joint, N*m."""
        self._second = -1

    def take(self, status: StatusMessage) -> None:
        """Take in a status message."""
        if status.status is Status.STOPPED and self.status is not None:
            self.status = _with_details(status, self.status)
            return
        self.status = status
        self.start = self.start or dict(status.parameters)
        self._take_moments(status)
        if int(status.uptime_s) != self._second:
            self._second = int(status.uptime_s)
            for dof, course_of_dof in self.rmse.items():
                course_of_dof.append(status.rmse.get(dof))

    def _take_moments(self, status: StatusMessage) -> None:
        newest = {dof: values for dof, values in (status.reference or {}).items() if values}
        self.reference = {dof: values[-1] for dof, values in newest.items()}
        moments = self.moment.moment if self.moment else ()
        self.predicted = dict(zip(self.dofs, moments, strict=False))
        for dof in self.dofs:
            now = abs(self.predicted.get(dof, 0.0)), abs(self.reference.get(dof, 0.0))
            self.scale[dof] = max(self.scale[dof], *now)


def _with_details(last: StatusMessage, before: StatusMessage) -> StatusMessage:
    """Return the daemon's last message, which says only that it is the last, with what was."""
    told = ("t", "status", "note", "uptime_s")
    return before.model_copy(update={name: getattr(last, name) for name in told})


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
        return Text(f"hillstream  {history.title}\n\nStarting ...")
    parts = [
        _header(history, status, width, now),
        _streams(status, width),
        _joints(history, status, width),
        [*_calibrator(status.calibrator, width), *_pace(status)],
    ]
    footer = [Text(history.log, "yellow")] if history.log else []
    room = height - 1 - len(footer) - sum(len(part) for part in parts)
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
    titles = ("stream", "state", "age", "rate", "gaps", "missing", "not finite", clock)
    lines = aligned(titles, [_stream(s) for s in streams])
    for s in streams:
        if s.note and s.note != status.note:
            lines += _sentence(Text(f"{s.key}:", "red"), s.note, width, "red")
    return lines if streams else []


def _stream(s: StreamHealth) -> list[str | Text]:
    return [
        s.key,
        Text(s.state, _STATE_STYLE[s.state]),
        _time(s.age_s),
        f"{_number(s.rate_hz, '.1f')} Hz",
        *(Text(str(n), "yellow" if n else "dim") for n in (s.gaps, s.missing_samples, s.nonfinite)),
        f"{1e3 * s.clock_offset_s:+.2f} ms",
    ]


def _joints(history: History, status: StatusMessage, width: int) -> list[Text]:
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
            Text(_number(status.rmse.get(dof), ".2f"), "bold"),
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
        f"  set {report.version}  loss {_number(report.loss, '.4g')}",
        f"  {_time(report.seconds)} an update, {_time(report.age_s)} ago",
    )
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
