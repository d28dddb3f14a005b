"""Names of muscles that OpenSim's reader refuses, made legal in a copy of the file.

Blanks, slashes and the like were common in models of older versions.
"""

from __future__ import annotations

import re
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pipeline.errors import UserError
from pipeline.files import refuse_large

Renamed = dict[str, str]
"""From a legal name to the one in the file."""

_NAMED = re.compile(r'(<[\w:.]+\s[^<>]*?\bname=")([^"<>]*)(")')
_ILLEGAL = re.compile(r"[\s/\\*+]")


@contextmanager
def with_legal_names(path: Path) -> Iterator[tuple[Path, Renamed]]:
    """Give a file whose names OpenSim reads: the one that is given, or else a copy beside it.

    Raises
    ------
    UserError
        If the file cannot be read.
    """
    refuse_large(path)
    try:
        text = path.read_text(encoding="utf-8", errors="replace")
    except OSError as error:
        raise UserError(f"'{path}' cannot be read: {error.strerror}.") from error
    illegal = {name for _, name, _ in _NAMED.findall(text) if _ILLEGAL.search(name)}
    if not illegal:
        yield path, {}
        return
    taken = {name for _, name, _ in _NAMED.findall(text)}
    legal = {name: _legal(name, taken) for name in sorted(illegal)}
    text = _NAMED.sub(lambda m: m[1] + legal.get(m[2], m[2]) + m[3], text)
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / path.name
        copy.write_text(text, encoding="utf-8")
        yield copy, {new: old for old, new in legal.items()}


def _legal(name: str, taken: set[str]) -> str:
    """Return a name without what OpenSim refuses that no other thing has."""
    new = _ILLEGAL.sub("_", name)
    while new in taken:
        new += "_"
    taken.add(new)
    return new
