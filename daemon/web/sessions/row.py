"""A session in the list: what is known of it at a glance, or what is wrong with it."""

from __future__ import annotations

import json
import sqlite3
import time
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from daemon.session import schema
from daemon.session.reader import open_session
from daemon.web.sessions.files import changed_s, size_bytes
from pipeline.anatomy.names import plain
from pipeline.errors import UserError

MOST_MARKS = 200
"""Marks of a session that are listed and searched."""
WITHIN_S = 5.0
"""Longest time that a glance may take, s: whatever a file is, it is not to block the others."""
BEING_WRITTEN_S = 15.0
"""A session that has not ended is being written if it was changed since, s."""
_TIMED = ("emg", "moment", "residual", "candidate", "latency", "event", "mark", "command")
_STEPS = 10_000


@dataclass(frozen=True)
class Row:
    """What the list says of a file."""

    name: str
    bytes: int
    changed_s: float
    """When it was last changed, s since 1970."""
    ok: bool = False
    sentence: str = ""
    """What is wrong with it; empty where it is a session."""
    title: str = ""
    started: str = ""
    """Time of day with its offset, ISO 8601."""
    ended: str = ""
    """Empty where it has not ended or was cut off."""
    seconds: float = 0.0
    joints: tuple[str, ...] = ()
    muscles: tuple[str, ...] = ()
    marks: tuple[str, ...] = ()

    @property
    def being_written(self) -> bool:
        """Whether somebody is writing it now, as far as can be told from outside."""
        return self.ok and not self.ended and time.time() - self.changed_s < BEING_WRITTEN_S

    def figures(self) -> dict[str, Any]:
        """Return it as plain data."""
        return {**asdict(self), "being_written": self.being_written}

    def matches(self, search: str) -> bool:
        """Tell whether every word of a search is somewhere in it."""
        text = " ".join(self._words()).casefold()
        return all(word in text for word in search.casefold().split())

    def _words(self) -> Iterable[str]:
        yield from (self.name, self.title, self.started, self.sentence)
        yield from (*self.joints, *self.muscles, *self.marks)
        yield from map(plain, self.muscles)


def row_of(path: Path) -> Row:
    """Return the row of a file, whatever it is."""
    size, changed = size_bytes(path), changed_s(path)
    try:
        with open_session(path) as database:
            _hurry(database)
            return Row(path.stem, size, changed, True, **_glance(database))
    except UserError as error:
        sentence = sentence_of(error, path)
    except (KeyError, TypeError, ValueError, OverflowError, RecursionError) as error:
        sentence = f"'{path.name}' holds what no session does ({type(error).__name__}: {error})."
    return Row(path.stem, size, changed, sentence=sentence)


def sentence_of(error: UserError, *paths: Path) -> str:
    """Return an error's sentence with names of files in place of their paths."""
    text = str(error)
    for path in paths:
        text = text.replace(str(path), path.name)
    return text


def _hurry(database: sqlite3.Connection) -> None:
    """Interrupt whatever is asked of a file once it has taken too long."""
    deadline = time.monotonic() + WITHIN_S
    database.set_progress_handler(lambda: time.monotonic() > deadline, _STEPS)


def _glance(database: sqlite3.Connection) -> Mapping[str, Any]:
    _refuse_views(database)
    facts = dict(database.execute("SELECT key, value FROM session"))
    marks = database.execute(f"SELECT text FROM mark ORDER BY rowid LIMIT {MOST_MARKS}")
    return {
        "title": str(facts["title"]),
        "started": str(facts.get("started", "")),
        "ended": str(facts.get("ended", "")),
        "seconds": _seconds(database),
        "joints": _names(facts["dofs"]),
        "muscles": _names(facts["muscles"]),
        "marks": tuple(str(text) for (text,) in marks),
    }


def _refuse_views(database: sqlite3.Connection) -> None:
    """Refuse what computes where a session only holds."""
    query = "SELECT name FROM sqlite_master WHERE type NOT IN ('table', 'index')"
    others = [name for (name,) in database.execute(query)]
    if others:
        raise ValueError(f"it has {', '.join(map(str, others[:3]))} beside its tables")


def _names(text: str) -> tuple[str, ...]:
    names = json.loads(text)
    if not isinstance(names, list):
        raise TypeError("names that are no list")
    return tuple(str(name) for name in names)


def _seconds(database: sqlite3.Connection) -> float:
    """Return how long a session lasted by the first and the last row of its tables, s."""
    times = []
    for table in _TIMED:
        if table in schema.missing(database):
            continue
        for order in ("ASC", "DESC"):
            query = f"SELECT t FROM {table} WHERE t IS NOT NULL ORDER BY rowid {order} LIMIT 1"
            times += [float(t) for (t,) in database.execute(query)]
    return max(times) - min(times) if times else 0.0
