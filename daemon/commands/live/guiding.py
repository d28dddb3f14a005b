"""A guided recording on the terminal: bars and a countdown, or plain lines without one."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from threading import Event

from rich.console import Console, RenderableType
from rich.live import Live
from rich.text import Text

from daemon.guidance.guide import Guide
from daemon.guidance.recording import SilenceError, record
from daemon.guidance.steps import Kind
from daemon.terminal.bars import Bar, bars
from daemon.terminal.keyboard import keys_pressed
from pipeline.streams.base import Source

_FRAME_S = 0.1
_STYLES = {
    Kind.READY: "bold black on cyan",
    Kind.REST: "bold black on green",
    Kind.EFFORT: "bold white on red",
    Kind.END: "bold black on white",
}
_WORDS = {Kind.READY: "READY", Kind.REST: "REST", Kind.EFFORT: "CONTRACT", Kind.END: "DONE"}


class Scene:
    """What is shown: the step, its time, and a bar per channel.

    Parameters
    ----------
    console
        Where.
    title
        What the set-up is.
    channels
        Names of the guide's channels.
    shown
        Those that have a bar.
    old
        MVC by channel, in `unit`, as far as it is known.
    unit
        ``V``, or ``1`` for ready envelopes.
    """

    def __init__(
        self,
        console: Console,
        title: str,
        channels: Sequence[str],
        shown: Sequence[str],
        old: Mapping[str, float],
        unit: str,
    ) -> None:
        self.console = console
        self._title, self._channels, self._shown = title, channels, shown
        self._old, self._unit = old, unit

    def drawn(self, guide: Guide) -> RenderableType:
        """Return the view of a moment."""
        if guide.done:
            return Text()
        step = guide.step
        head = Text.assemble(
            (f" {_WORDS[step.kind]} ", _STYLES[step.kind]), "  ", (step.sentence, "bold")
        )
        lines = [Text(f"hillstream mvc  {self._title}", "dim"), head, self._time(guide), Text()]
        width = self.console.width
        lines += bars(self._bars(guide), "V" if self._unit == "V" else "1", width)
        lines = lines[: max(4, self.console.height - 1)]
        for line in lines:
            line.truncate(width, overflow="ellipsis")
        return Text("\n", no_wrap=True).join(lines)

    def _time(self, guide: Guide) -> Text:
        left = f"{guide.left_s:4.1f} s left"
        if not guide.waits:
            return Text(left, "bold" if guide.step.is_recorded else "")
        repeats = ", r repeats the last" if guide.takes or guide.missed else ""
        ends = "Enter ends it" if guide.step.kind is Kind.END else "Enter begins"
        pause = f"{left} of the pause; " if guide.left_s > 0.0 else ""
        return Text(f"{pause}{ends}{repeats}, Ctrl-C stops and keeps what there is.")

    def _bars(self, guide: Guide) -> Iterator[Bar]:
        for name in self._shown:
            i = self._channels.index(name)
            now, best = float(guide.level[i]), float(guide.best[i])
            full = 1.1 * max(best, self._old.get(name, 0.0), now)
            yield Bar(name, now, best, full, name == guide.step.channel)

    def line(self, guide: Guide) -> str:
        """Return a step as a line."""
        step = guide.step
        seconds = f" ({step.seconds:g} s)" if step.seconds else ""
        return f"{_WORDS[step.kind]:9}{step.sentence}{seconds}"


def led(guide: Guide, source: Source, scene: Scene, stop: Event, *, drawing: bool) -> str:
    """Lead through a guide's steps; return why that ended before its end, in a sentence, or "".

    Raises
    ------
    SilenceError
        If there has been no EMG, so that nothing was recorded.
    """
    with keys_pressed() as pressed, _shown_by(scene, guide, drawing=drawing) as show:
        try:
            record(source, guide, pressed, show, stop)
        except SilenceError as silence:
            if not guide.takes:
                raise
            return str(silence)
    return "" if guide.done else "Stopped before the end."


@contextmanager
def _shown_by(scene: Scene, guide: Guide, *, drawing: bool) -> Iterator[Callable[[Guide], None]]:
    if drawing:
        with Live(
            scene.drawn(guide), console=scene.console, auto_refresh=False, transient=True
        ) as live:
            yield _Frames(scene, live).show
        return
    yield _Lines(scene).show


class _Frames:
    """Draws ten times a second."""

    def __init__(self, scene: Scene, live: Live) -> None:
        self._scene, self._live, self._due = scene, live, 0.0

    def show(self, guide: Guide) -> None:
        if (now := time.monotonic()) >= self._due:
            self._due = now + _FRAME_S
            self._live.update(self._scene.drawn(guide), refresh=True)


class _Lines:
    """A line for every step that begins."""

    def __init__(self, scene: Scene) -> None:
        self._scene, self._last = scene, -1

    def show(self, guide: Guide) -> None:
        if not guide.done and guide.number != self._last:
            self._last = guide.number
            if guide.step.kind is not Kind.END:
                self._scene.console.print(self._scene.line(guide), soft_wrap=True)
