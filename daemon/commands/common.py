"""Options that several commands share, and how Ctrl-C ends them."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

import click

from daemon.terminal.console import Command


def config_argument(**settings: Any) -> Callable[[Command], Command]:
    """Return the argument CONFIG."""
    return click.argument("config_name", **{"metavar": "CONFIG", **settings})


def examples(*lines: str) -> str:
    """Return the end of a help text, whose lines stay as they are."""
    return "\n".join(["\b", *lines])


def seconds_option(**settings: Any) -> Callable[[Command], Command]:
    """Return the option --seconds."""
    return click.option(
        "--seconds",
        type=click.FloatRange(min=0, min_open=True),
        metavar="S",
        **{"help": "Stop after this time; without it, go on until Ctrl-C.", **settings},
    )


@contextmanager
def stop_on_signals() -> Iterator[threading.Event]:
    """Give an event that Ctrl-C or a termination signal sets; a second one interrupts.

    The work inside is expected to end soon after the event is set, and cleanly.
    """
    stop = threading.Event()

    def ask(number: int, frame: FrameType | None) -> None:
        if stop.is_set():
            raise KeyboardInterrupt
        stop.set()

    before = {number: signal.signal(number, ask) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
