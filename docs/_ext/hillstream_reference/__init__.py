"""The reference that is made from the code whenever the site is built, and kept nowhere.

A page asks for it with a comment, `<!-- generated: NAME -->`, in whose place the text comes.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from hillstream_reference import commands, configuration, control, messages, session

PARTS: dict[str, Callable[[], str]] = {
    "configuration": configuration.text,
    "commands": commands.text,
    "messages": messages.text,
    "session": session.text,
    "control": control.text,
}
"""What can be generated, by name: Markdown, its headings from the second level on."""

MARK = re.compile(r"<!-- generated: (\w+) -->")


def filled(page: str) -> str:
    """Return a page with the generated text in place of its marks; KeyError for an unknown one."""
    return MARK.sub(lambda mark: PARTS[mark[1]](), page)


def _fill(app: Any, name: str, source: list[str]) -> None:
    source[0] = filled(source[0])


def _outdated(app: Any, env: Any, added: set[str], changed: set[str], removed: set[str]) -> Any:
    """Return the pages that follow the code, which Sphinx does not watch."""
    return [name for name in env.found_docs if MARK.search(env.doc2path(name).read_text("utf-8"))]


def setup(app: Any) -> dict[str, Any]:
    """Let Sphinx ask for the text of every page that is read."""
    app.connect("source-read", _fill)
    app.connect("env-get-outdated", _outdated)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
