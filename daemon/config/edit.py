"""Keys of a configuration's file set from a program; comments and layout stay as they are."""

from __future__ import annotations

from collections.abc import Callable, Mapping, MutableMapping
from pathlib import Path
from typing import Any

import tomlkit
from tomlkit.exceptions import TOMLKitError
from tomlkit.items import InlineTable

from pipeline.errors import UserError
from pipeline.files import refuse_large, written_whole

Value = str | bool | int | float | Mapping[str, float]
Changes = Mapping[tuple[str, ...], Value]
"""New values by the way to their key: ``{("envelope", "baseline"): "tracked"}``."""


def set_keys(
    file: Path, changes: Changes, to: Path | None = None, check: Callable[[Path], object] = Path
) -> None:
    """Set keys in a TOML file, which is written whole or not at all.

    Parameters
    ----------
    file
        What is read.
    changes
        New values; a table that is missing is made, and keys beside those named stay.
    to
        Where the result goes; `file` itself where None.
    check
        Called with the finished file, under a name of its own beside the target, before that is
        replaced; what it raises leaves the target as it was.

    Raises
    ------
    UserError
        If the file cannot be read or written, is not TOML, or a way leads through a value.
    """
    refuse_large(file)
    try:
        text = with_keys(file.read_bytes().decode("utf-8"), changes)  # line ends stay, too
    except OSError as error:
        raise UserError(f"{file} cannot be read: {error.strerror}.") from error
    except (ValueError, TOMLKitError, RecursionError) as error:
        raise UserError(f"{file} cannot be edited: {error}.") from error
    target = to or file
    try:
        with written_whole(target, text) as part:
            check(part)
    except OSError as error:
        raise UserError(f"{target} cannot be written: {error.strerror}.") from error


def with_keys(text: str, changes: Changes) -> str:
    """Return TOML with some keys set; all else stays as it is, byte by byte.

    Raises
    ------
    ValueError
        If the text is not TOML, or a way leads through a key that is no table.
    """
    document = tomlkit.parse(text)
    for way, value in changes.items():
        _set(document, way, value)
    return tomlkit.dumps(document)


def _set(document: MutableMapping[str, Any], way: tuple[str, ...], value: Value) -> None:
    table = document
    for depth, name in enumerate(way[:-1], 1):
        if name not in table:
            inside = isinstance(table, InlineTable)  # which can hold none of the other kind
            table[name] = tomlkit.inline_table() if inside else tomlkit.table()
        table = table[name]
        if not isinstance(table, MutableMapping):
            raise ValueError(f"{'.'.join(way[:depth])} is no table")
    if isinstance(value, Mapping):
        inline = tomlkit.inline_table()
        inline.update(value)
        table[way[-1]] = inline
    else:
        table[way[-1]] = value
