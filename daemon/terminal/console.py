"""Results for people and programs: sentences, tables and bars on the terminal, JSON in files."""

from __future__ import annotations

import json
import math
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import click
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

from pipeline.errors import UserError
from pipeline.files import written_whole

Command = TypeVar("Command", bound=Callable[..., Any])
STDOUT = "-"


def json_option() -> Callable[[Command], Command]:
    """Return the option --json FILE, whose folder exists."""
    return click.option(
        "--json",
        "json_file",
        metavar="FILE",
        callback=_writable,
        help="Write the result as JSON to FILE; '-' is stdout, and all else then goes to stderr.",
    )


def _writable(context: click.Context, option: click.Parameter, value: str | None) -> str | None:
    """Refuse a file that cannot be written before the work is done, not after."""
    if value is None or value == STDOUT:
        return value
    folder = Path(value).absolute().parent
    if Path(value).is_dir() or not os.access(folder, os.W_OK):
        raise UserError(
            f"--json: '{value}' cannot be written; give a file in a folder that exists, or '-'."
        )
    if Path(value).exists():
        click.echo(f"--json: '{value}' is there and will be replaced by the new result.", err=True)
    return value


def console_for(json_file: str | None = None) -> Console:
    """Return where tables go: stdout, or stderr where the JSON takes stdout."""
    return Console(stderr=json_file == STDOUT, highlight=False, markup=False, emoji=False)


def say(text: str, json_file: str | None = None) -> None:
    """Print a sentence to the same place, as it is, so that a command in it can be copied."""
    click.echo(text, err=json_file == STDOUT)


def write_json(file: str | None, result: Mapping[str, object]) -> None:
    """Write a result, whole or not at all; numbers that are not finite become null."""
    if file is None:
        return
    text = json.dumps(_plain(result), indent=2, allow_nan=False) + "\n"
    if file == STDOUT:
        click.echo(text, nl=False)
        return
    with written_whole(Path(file), text):
        pass


def _plain(value: object) -> object:
    """Return data that JSON can hold."""
    if hasattr(value, "tolist"):
        value = value.tolist()
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value


def duration(seconds: float) -> str:
    """Return a time for people: ``1:23``, or ``1:02:03`` from an hour on."""
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


@contextmanager
def progress_bar(what: str) -> Iterator[Callable[[float], None]]:
    """Show a bar on stderr while work goes on; yields a function that takes the fraction done."""
    with progress_of_stages(what) as update:
        yield lambda done: update(what, done)


@contextmanager
def progress_of_stages(first: str) -> Iterator[Callable[[str, float], None]]:
    """Show a bar whose label changes; yields a function of the label and the fraction done."""
    with Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        TaskProgressColumn(),
        TimeRemainingColumn(),
        console=Console(stderr=True),
        transient=True,
    ) as progress:
        task = progress.add_task(first, total=1.0)

        def update(what: str, done: float) -> None:
            progress.update(task, description=what, completed=done)

        yield update
