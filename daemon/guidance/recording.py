"""The loop of a guided recording: samples to the guide, keys to the guide, the guide to view."""

from __future__ import annotations

from collections.abc import Callable
from threading import Event

from daemon.guidance.guide import Guide
from pipeline.errors import UserError
from pipeline.streams import clock
from pipeline.streams.base import Source

PATIENCE_S = 10.0
"""How long the first sample may take, s."""
SILENCE_S = 5.0
"""How long a stream may be silent in the midst of it, s."""
_TURN_S = 0.02


class SilenceError(UserError):
    """The EMG has stopped to come; what was recorded before is there."""


def record(
    source: Source,
    guide: Guide,
    pressed: Callable[[], str],
    show: Callable[[Guide], None],
    stop: Event,
) -> None:
    """Lead through the steps until they are done or `stop` is set.

    Parameters
    ----------
    source
        The open EMG stream.
    guide
        What is led through.
    pressed
        Returns the keys that were pressed since the last call: Enter goes on, r repeats.
    show
        Called after every turn.
    stop
        Ends it early.

    Raises
    ------
    SilenceError
        If no EMG comes for longer than `PATIENCE_S` at the start, or `SILENCE_S` later.
    """
    heard, patience_s = clock.now(), PATIENCE_S
    while not (guide.done or stop.is_set()):
        chunk = source.poll(_TURN_S)
        now = clock.now()
        if chunk is not None and len(chunk.t):
            guide.take(chunk)
            heard, patience_s = now, SILENCE_S
        elif now - heard > patience_s:
            note = source.health(now).note
            raise SilenceError(
                f"No EMG has come for {patience_s:g} s{f': {note}' if note else ''} "
                "See 'hillstream streams' for what is on the network."
            )
        for key in pressed():
            if key in "\r\n":
                guide.go_on()
            elif key in "rR":
                guide.again()
        show(guide)
