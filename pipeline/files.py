"""Files that a stranger may have written: not larger than makes sense, and parsed as data only."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pipeline.errors import UserError

MOST_TEXT_BYTES = 64 * 2**20
"""No configuration, model, person or table of a reasonable length is larger."""

MOST_UNPACKED_BYTES = 4 * 2**30
"""Few bytes may unpack to very many; a day of 64 channels at 1 kHz is not meant to be read here."""


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


@contextmanager
def written_whole(path: Path, text: str) -> Iterator[Path]:
    """Write a file whole or not at all.

    Yields the finished file under a name of its own in the same folder; it takes the place of
    `path` when the block ends, and goes where the block raises.
    """
    target = path.resolve()  # a link stays one
    mode = target.stat().st_mode & 0o777 if target.exists() else 0o644
    handle, name = tempfile.mkstemp(prefix=f".{path.name}.", suffix=path.suffix, dir=target.parent)
    part = Path(name)
    try:
        with open(handle, "w", encoding="utf-8", newline="") as file:
            file.write(text)
        part.chmod(mode)
        yield part
        part.replace(target)
    except BaseException:
        part.unlink(missing_ok=True)
        raise
