"""Options that several commands share, and how Ctrl-C ends them."""

from __future__ import annotations

import math
import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Any

import click

from daemon.terminal.console import Command
from pipeline.errors import UserError
from pipeline.streams.recordings.given import Given, Parts, Source, parts_of

if TYPE_CHECKING:
    from daemon.config.recording import RecordingConfig


def config_argument(**settings: Any) -> Callable[[Command], Command]:
    """Return the argument CONFIG."""
    return click.argument("config_name", **{"metavar": "CONFIG", **settings})


def examples(*lines: str) -> str:
    """Return the end of a help text, whose lines stay as they are."""
    return "\n".join(["\b", *lines])


class Number(click.FloatRange):
    """A number within a range, and not NaN, which click lets through any."""

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> float:
        """Return the number, or say what it has to be."""
        number = float(super().convert(value, param, ctx))
        if math.isnan(number):
            self.fail(f"{value} is not a number.", param, ctx)
        return number


def seconds_option(**settings: Any) -> Callable[[Command], Command]:
    """Return the option --seconds."""
    return click.option(
        "--seconds",
        type=Number(min=0, min_open=True),
        metavar="S",
        **{"help": "Stop after this time; without it, go on until Ctrl-C.", **settings},
    )


_FILES = click.Path(path_type=Path)
_PART_HELP = {
    "moments": "Take the moments from this file.",
    "angles": "Take the angles from this file.",
    "emg": "Take the EMG from this file, whatever else would be guessed; with these three no "
    "RECORDING is needed. Repeat all of them for more trials, which are joined with gaps between "
    "them in the order given.",
}


def parts_options() -> Callable[[Command], Command]:
    """Return the options --emg, --angles and --moments: the parts of a recording, by hand."""

    def decorate(command: Command) -> Command:
        for role, told in _PART_HELP.items():
            command = click.option(
                f"--{role}", role, multiple=True, type=_FILES, metavar="FILE", help=told
            )(command)
        return command

    return decorate


def recording_of(
    recordings: Sequence[Path], remembered: RecordingConfig | None, **by_hand: Sequence[Path]
) -> tuple[Source, ...]:
    """Return the recordings of a command with RECORDING and `parts_options`.

    Parameters
    ----------
    remembered
        What the set-up names, which is taken where nothing else is given.

    Raises
    ------
    UserError
        If none is given, or several RECORDINGs beside parts.
    """
    if remembered and not recordings and not any(by_hand.values()):
        recordings = remembered.files
        by_hand = {role: getattr(remembered, role) for role in remembered.roles}
    given = [Given(role, str(file)) for role, files in by_hand.items() for file in files]
    if not given and not recordings:
        raise UserError(
            "No recording is given; name RECORDING, or --emg, --angles and --moments, or remember "
            "one in the set-up under [recording]."
        )
    if given and len(recordings) > 1:
        raise UserError(
            f"Beside --emg, --angles and --moments only one RECORDING may stand, not "
            f"{len(recordings)}; leave the others out."
        )
    if not given:
        return tuple(recordings)
    unsaid = [part for recording in recordings for part in parts_of(recording)]
    return (Parts((*unsaid, *given)),)


@contextmanager
def stop_on_signals(*, interrupts: bool = True) -> Iterator[threading.Event]:
    """Give an event that Ctrl-C or a termination signal sets; a second one interrupts.

    The work inside is expected to end soon after the event is set, and cleanly.

    Parameters
    ----------
    interrupts
        False for work that bounds its own end, and that an exception would only spoil wherever it
        came: a second signal then changes nothing.
    """
    stop = threading.Event()
    asked = False

    def ask(number: int, frame: FrameType | None) -> None:
        nonlocal asked
        if asked and interrupts:
            raise KeyboardInterrupt
        if asked:
            return
        asked = True
        # The signal may have come while this very thread held the event's lock.
        threading.Thread(target=stop.set).start()

    before = {number: signal.signal(number, ask) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
