"""Files that a stranger may have written: not larger than makes sense, and parsed as data only."""

from __future__ import annotations

import json
from pathlib import Path

from pipeline.errors import UserError

MOST_TEXT_BYTES = 64 * 2**20
"""No configuration, model, person or table of a reasonable length is larger."""


def refuse_large(path: Path, most_bytes: int = MOST_TEXT_BYTES) -> None:
    """Refuse a file before it is read; one that is not there is for the reader to tell of.

    Raises
    ------
    UserError
        If it is larger than `most_bytes`, or cannot have a size at all.
    """
    try:
        size = path.stat().st_size if path.is_file() else 0
    except OSError as error:
        raise UserError(f"'{path}' cannot be read: {error.strerror}.") from error
    if size > most_bytes:
        raise UserError(
            f"'{path}' has {size} bytes, more than the {most_bytes} that are read; is it the right "
            "file?"
        )


def parsed_json(path: Path) -> object:
    """Return what a JSON file holds.

    Raises
    ------
    OSError
        If it cannot be read.
    ValueError
        If it is not JSON, or nested too deeply to be read.
    UserError
        If it is too large.
    """
    refuse_large(path)
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except RecursionError:
        raise ValueError("it is nested too deeply") from None


def refuse_existing(*files: Path) -> None:
    """Refuse to write over what is there.

    Raises
    ------
    UserError
        If one of the files exists.
    """
    if there := [str(file) for file in files if file.exists()]:
        raise UserError(
            f"{' and '.join(there)} would be overwritten; give another file, or --overwrite."
        )
