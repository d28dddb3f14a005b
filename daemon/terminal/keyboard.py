"""Keys that are pressed while something else goes on."""

from __future__ import annotations

import os
import select
import sys
import termios
import tty
from collections.abc import Callable, Iterator
from contextlib import contextmanager


@contextmanager
def keys_pressed() -> Iterator[Callable[[], str]]:
    """Yield a function that returns the keys pressed since its last call, and never waits.

    Without a terminal at stdin there are none. Ctrl-C stays a signal.
    """
    if not sys.stdin.isatty():
        yield lambda: ""
        return
    handle = sys.stdin.fileno()
    before = termios.tcgetattr(handle)

    def pressed() -> str:
        if not select.select([handle], [], [], 0.0)[0]:
            return ""
        return os.read(handle, 64).decode("utf-8", "replace")

    try:
        tty.setcbreak(handle, termios.TCSADRAIN)
        yield pressed
    finally:
        termios.tcsetattr(handle, termios.TCSADRAIN, before)
