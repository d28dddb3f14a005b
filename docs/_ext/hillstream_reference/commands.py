"""Every command and its options."""

from __future__ import annotations

from collections.abc import Iterator
from inspect import cleandoc

import click

from daemon.cli import main
from hillstream_reference.markdown import code, plain, table

_HEADS = ("option", "default", "meaning")


def text() -> str:
    """Return an overview, and a section for each command."""
    found = [(path, command) for path, command in walk() if command is not main]
    overview = table(
        ("command", "what it does"),
        (
            (f"[`{path}`](#{path.replace(' ', '-')})", plain(_short(command)))
            for path, command in found
        ),
    )
    return "\n".join((overview, *(_section(path, command) for path, command in found)))


def walk() -> Iterator[tuple[str, click.Command]]:
    """Return every command with the words that call it, groups before what is in them."""
    return _within("hillstream", main)


def _within(path: str, command: click.Command) -> Iterator[tuple[str, click.Command]]:
    yield path, command
    if isinstance(command, click.Group):
        context = click.Context(command)
        for name in command.list_commands(context):
            inner = command.get_command(context, name)
            if inner is not None and not inner.hidden:
                yield from _within(f"{path} {name}", inner)


def _short(command: click.Command) -> str:
    return command.get_short_help_str(limit=200)


def _section(path: str, command: click.Command) -> str:
    context = click.Context(command, info_name=path)
    usage = " ".join((path, *command.collect_usage_pieces(context)))
    options = [one for one in command.get_params(context) if isinstance(one, click.Option)]
    rows = [_row(one, context) for one in options if not one.hidden and one.name != "help"]
    parts = [f"## {path}", _block(usage), *_paragraphs(command.help or "")]
    if rows:
        parts.append(table(_HEADS, rows))
    if command.epilog:
        parts.append(_block(command.epilog.removeprefix("\b").strip("\n")))
    return "\n\n".join(parts) + "\n"


def _block(text: str) -> str:
    return f"```text\n{text}\n```"


def _paragraphs(help_text: str) -> Iterator[str]:
    """Return the paragraphs of a help text; those that begin with a backspace stay as they are."""
    for paragraph in cleandoc(help_text).split("\n\n"):
        kept = paragraph.startswith("\b")
        yield _block(paragraph.removeprefix("\b").strip("\n")) if kept else plain(paragraph)


def _row(option: click.Option, context: click.Context) -> tuple[str, ...]:
    names = ", ".join((*option.opts, *option.secondary_opts))
    takes = "" if option.is_flag or option.count else f" {_value(option, context)}"
    shown = option.to_info_dict()["default"] if option.show_default else None
    return code(names + takes), code("" if shown is None else str(shown)), plain(option.help or "")


def _value(option: click.Option, context: click.Context) -> str:
    numbers = (click.types.IntParamType, click.types.FloatParamType)
    unnamed = option.metavar is None and isinstance(option.type, numbers)
    return "N" if unnamed else option.make_metavar(context)
