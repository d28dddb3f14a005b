"""A person as a session has found them: a parameter set that was in force, as a subject."""

from __future__ import annotations

import json
import sqlite3
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from pydantic import ValidationError

from daemon.assembly.model import model_in_use
from daemon.assembly.subject import starting_muscles
from daemon.config import Config
from daemon.ipc.messages import UpdateMessage
from daemon.live.trust import trust_rule
from daemon.session.reader import open_session
from daemon.session.recorder import DELAY
from pipeline.errors import UserError
from pipeline.model.subject import CALIBRATED, Subject
from pipeline.update import Result

_ADOPTED = (
    "SELECT id, version FROM candidate WHERE accepted AND version <= ? ORDER BY version DESC, "
    "id DESC LIMIT 1"
)
_NEWEST = 2**62
_UNASKED: Any = {
    "sentence": "",
    "values": {},
    "delay_s": None,
    "bones": {},
    "loss": None,
    "rmse": None,
    "seconds": 0.0,
    "at_bound": [],
    "steps": 0,
    "fallbacks": 0,
    "candidate": None,
    "confidence": None,
}
"""What the rule of trust does not look at."""


class RecordedPerson(NamedTuple):
    """A parameter set of a session."""

    version: int
    subject: Subject


def recorded_person(session: Path, version: int | None = None) -> RecordedPerson:
    """Return the set that was in force last, or the one of a version; 0 is the start.

    What no calibration moves, such as pennation and curves, is of the model file and the subject
    that the session started from, which must still be where they were. A set that had not been
    shown to fit by then is not trusted, as `ctl save` has it.

    Raises
    ------
    UserError
        If the session or what it started from cannot be read, or it has no such set.
    """
    with open_session(session) as database:
        config = _config(session, database)
        start = _start(session, config)
        number, found = _candidate(session, database, version)
        subject = start if number is None else _with_values(session, database, number, start)
        return RecordedPerson(
            found, replace(subject, trusted=_trusted(database, config, start, found))
        )


def _config(session: Path, database: sqlite3.Connection) -> Config:
    row = database.execute("SELECT value FROM session WHERE key = 'config'").fetchone()
    try:
        return Config.model_validate(json.loads(row[0]))
    except (TypeError, ValueError, ValidationError, RecursionError) as error:
        raise UserError(
            f"The set-up in session '{session}' cannot be read by this hillstream "
            f"({type(error).__name__}); open it with the version that wrote it."
        ) from error


def _start(session: Path, config: Config) -> Subject:
    try:
        return starting_muscles(config, model_in_use(config))
    except UserError as error:
        raise UserError(
            f"The person that session '{session}' started from cannot be put together again: "
            f"{error}"
        ) from error


def _candidate(
    session: Path, database: sqlite3.Connection, version: int | None
) -> tuple[int | None, int]:
    """Return the number of the update that brought a set, None for the start, and its version."""
    newest = database.execute(_ADOPTED, (_NEWEST if version is None else version,)).fetchone()
    if version == 0 or (version is None and newest is None):
        return None, 0
    if newest is None or version not in (None, newest[1]):
        last = database.execute(_ADOPTED, (_NEWEST,)).fetchone()
        known = f"its last is {last[1]}" if last else "nothing was adopted in it, so it has only 0"
        raise UserError(f"Session '{session}' has no parameter set of version {version}; {known}.")
    number, found = newest
    return int(number), int(found)


def _with_values(
    session: Path, database: sqlite3.Connection, number: int, start: Subject
) -> Subject:
    """Return the person with what an update found."""
    rows: dict[str, dict[str, Any]] = defaultdict(dict)
    for name, muscle, value in database.execute(
        "SELECT name, muscle, value FROM parameter WHERE candidate = ?", (number,)
    ):
        rows[name][muscle] = value
    try:
        found = {name: [float(rows[name][m]) for m in start.muscles] for name in CALIBRATED}
        delay_s = float(rows[DELAY]["all"]) if DELAY in rows else start.delay_s
    except (KeyError, TypeError, ValueError) as error:
        raise UserError(
            f"Session '{session}' does not have every parameter of the muscles that its set-up "
            f"uses (missing or no number: {error})."
        ) from error
    values = {name: np.array(column) for name, column in found.items()}
    return replace(start.with_values(values), delay_s=delay_s)


def _trusted(database: sqlite3.Connection, config: Config, start: Subject, version: int) -> bool:
    """Tell whether a set had been shown to fit by the end, by the rule of a run."""
    rule = trust_rule(config)
    state = rule.initial(start.trusted)
    for update in _updates(database):
        state = rule.step(state, update)
    return not state.doubt(version)


def _updates(database: sqlite3.Connection) -> Iterator[UpdateMessage]:
    """Yield the updates as the rule of trust wants to hear them.

    What a rollback brought back is not recorded, so it is not known whether that fits. A joint
    without a reference had no error.
    """
    errors: dict[int, list[bool]] = defaultdict(list)
    for number, rmse in database.execute("SELECT candidate, rmse FROM candidate_rmse"):
        errors[number].append(bool(rmse))
    for number, t, version, result, before, after in database.execute(
        "SELECT id, t, version, result, error_before, error_after FROM candidate ORDER BY id"
    ):
        yield UpdateMessage(
            t=t,
            version=version,
            result=Result(result),
            judged=errors[number],
            error_before=before,
            error_after=after,
            **_UNASKED,
        )
