"""The view of a run while it lasts: in a terminal; elsewhere a line a second."""

from __future__ import annotations

import logging
import threading
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from rich.console import Console, ConsoleOptions, RenderResult
from rich.live import Live

from daemon.terminal.history import History
from daemon.terminal.keyboard import keys_pressed
from daemon.terminal.muscles import KEY
from daemon.terminal.view import line, render
from pipeline.output.message import Message, MomentMessage, MusclesMessage, StatusMessage
from pipeline.streams import clock

if TYPE_CHECKING:
    from daemon.config import Config

OnStatus = Callable[[StatusMessage], None]

_FRAMES_PER_S = 4
_LOGS_KEPT = 200


@contextmanager
def watching(
    config: Config, console: Console, headless: bool, simulated: bool
) -> Iterator[OnStatus]:
    """Give the function that shows each status message.

    Parameters
    ----------
    config
        The set-up that runs.
    console
        Where to show it.
    headless
        Print lines even on a terminal.
    simulated
        Whether the person is the simulated one, whose true parameters may be shown.
    """
    if headless or not console.is_interactive:
        yield _Lines(console).show
        return
    history = History(config.title, config.model.dofs, _truth(config, simulated))
    with _Moments(config, history) as moments, _quiet_logs(history), keys_pressed() as pressed:
        screen = _Screen(history, pressed)
        with Live(screen, console=console, screen=True, refresh_per_second=_FRAMES_PER_S):
            yield moments.with_status
    console.print(render(history, console.width, console.height, now=None))


def _truth(config: Config, simulated: bool) -> dict[str, dict[str, float]] | None:
    """Return the true parameters relative to the start, where that is the generic muscles."""
    if not simulated or config.model.subject is not None:
        return None
    names = ("strength", "optimal_fibre_length", "tendon_slack_length")
    return {name: getattr(config.simulation, name) for name in names}


class _Lines:
    """A line whenever the status changes, and one for every second."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._last: tuple[str, int] | None = None

    def show(self, status: StatusMessage) -> None:
        this = status.status, int(status.uptime_s)
        if this != self._last:
            self._last = this
            self._console.print(line(status), markup=False, soft_wrap=True)


class _Screen:
    """The view in the size that the terminal has now."""

    def __init__(self, history: History, pressed: Callable[[], str]) -> None:
        self._history = history
        self._pressed = pressed

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        if self._pressed().lower().count(KEY) % 2:
            self._history.shows_muscles = not self._history.shows_muscles
        yield render(
            self._history, options.max_width, options.height or console.height, clock.now()
        )


class _Moments:
    """Hears moments and muscles as any client would: status messages do not carry them.

    Listening begins with the first status, when the daemon's address is there to connect to.
    """

    def __init__(self, config: Config, history: History) -> None:
        self._config, self._address = config, config.output.zmq
        self._history = history
        self._stop = threading.Event()
        self._listener: threading.Thread | None = None

    def __enter__(self) -> _Moments:
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        if self._listener:
            self._listener.join()

    def with_status(self, status: StatusMessage) -> None:
        """Show a status message beside the newest moments."""
        self._history.take(status)
        if self._address and not self._listener:
            self._listener = threading.Thread(target=self._hear, name="view", daemon=True)
            self._listener.start()

    def _hear(self) -> None:
        from daemon.assembly.keys import ConfiguredKeys
        from pipeline.output.subscriber import listen

        keys = ConfiguredKeys(self._config).listener
        listen(self._address or "", self._take, stop=self._stop.is_set, keys=keys)

    def _take(self, message: Message) -> None:
        if isinstance(message, MomentMessage):
            self._history.moment = message
        elif isinstance(message, MusclesMessage):
            self._history.take_muscles(message)


class _Collector(logging.Handler):
    """Keeps records, and shows the newest in the view."""

    def __init__(self, history: History) -> None:
        super().__init__()
        self.records: deque[logging.LogRecord] = deque(maxlen=_LOGS_KEPT)
        self._history = history

    def emit(self, record: logging.LogRecord) -> None:
        self.records.append(record)
        self._history.log = f"{record.levelname}: {record.getMessage()}"


@contextmanager
def _quiet_logs(history: History) -> Iterator[None]:
    """Hold back what is logged while the view has the screen; say it afterwards."""
    root = logging.getLogger()
    collector, handlers = _Collector(history), root.handlers
    root.handlers = [collector]
    try:
        yield
    finally:
        root.handlers = handlers
        for record in collector.records:
            root.handle(record)
