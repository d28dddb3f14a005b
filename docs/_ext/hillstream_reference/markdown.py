"""Tables and text in Markdown."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

_PAGE = re.compile(r"\bdocs/([\w-]+\.md)")
_UNIT = re.compile(r", (N\*m/rad|N\*m/s|N\*m|rad|Hz|ms|seconds|s|N|V|kg)(?=[.;,:]|$)")


def plain(text: str) -> str:
    """Return text of the code for a page: nothing in it is markup, pages it names are links."""
    quiet = text.replace("N*m", "N·m").replace("``", "`")
    quiet = re.sub(r"([*<\[\]|])", r"\\\1", quiet)
    return _PAGE.sub(r"[\1](../\1)", " ".join(quiet.split()))


def code(text: str) -> str:
    """Return text as code, nothing for nothing."""
    return f"`{text}`".replace("|", "\\|") if text else ""


def unit_in(description: str) -> str:
    """Return the unit that a description ends or begins a clause with, or nothing."""
    found = _UNIT.search(description)
    return found[1].replace("N*m", "N·m").replace("seconds", "s") if found else ""


def table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a table, whose cells are Markdown already."""
    lines = [heads, ["---"] * len(heads), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines) + "\n"


def summary(doc: str | None) -> str:
    """Return the first paragraph of a docstring."""
    return plain((doc or "").strip().split("\n\n")[0])
