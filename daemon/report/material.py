"""The material of a report: a session's tables as courses over time."""

from __future__ import annotations

import json
import sqlite3
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from daemon.report.activity import Activity
from daemon.report.drifting import Drifting, read_drift
from daemon.report.stretches import STRETCH_S, stretches
from daemon.session import schema
from daemon.session.reader import session_content
from pipeline.metrics import known, rms_of_known

Array = NDArray[np.float64]


class Event(NamedTuple):
    """Something that happened."""

    t: float
    """s since the session began"""
    source: str
    sentence: str


class NewMvc(NamedTuple):
    """A channel's MVC that was recorded anew."""

    t: float
    """s since the session began"""
    channel: str
    ratio: float
    """New over old: how much less the same EMG counts from then on."""


class Estimates(NamedTuple):
    """One parameter of one muscle over the accepted updates, each of shape [update]."""

    identifiability: tuple[str, ...]
    """How well it was known; empty where that was not recorded."""
    t: Array
    value: Array
    deviation: Array
    """NaN where it was not computed."""


class Moments(NamedTuple):
    """One joint's moments, N*m, each of shape [time]."""

    t: Array
    predicted: Array
    deviation: Array
    reference: Array


class Share(NamedTuple):
    """One muscle's part of one joint's moment, N*m, each of shape [time]."""

    t: Array
    moment: Array


class Errors(NamedTuple):
    """One joint's root mean square error per second, N*m."""

    t: Array
    rmse: Array

    @property
    def late(self) -> float | None:
        """RMSE over the second half, where the calibrator has settled; None where unknown."""
        return known(rms_of_known(self.rmse[len(self.rmse) // 2 :]))


class UsedModel(NamedTuple):
    """The model file that a session began with."""

    file: str
    sha256: str
    """Of its content; empty in a session that is older than this fact."""


class Emg(NamedTuple):
    """One channel's EMG per second."""

    t: Array
    amplitude: Array
    """V"""
    median_hz: Array


class Health(NamedTuple):
    """One stream over time, each of shape [time]."""

    state: tuple[str, ...]
    t: Array
    rate_hz: Array
    received: Array
    gaps: Array
    dropped: Array


@dataclass(frozen=True)
class Material:
    """A session, as courses over time; all times in s since it began."""

    name: str
    facts: Mapping[str, str]
    """What the session says of itself, for people."""
    config: Mapping[str, Any]
    model: UsedModel
    seconds: float
    events: Sequence[Event]
    updates: Mapping[str, int]
    """How many updates of the calibrator ended in which way."""
    accepted: int
    """How many of them were put in force."""
    refused: Mapping[str, int]
    """How many candidates were not, by the reason; empty where an older session tells none."""
    estimates: Mapping[str, Mapping[str, Estimates]]
    """Per parameter and muscle."""
    moments: Mapping[str, Moments]
    errors: Mapping[str, Errors]
    emg: Mapping[str, Emg]
    streams: Mapping[str, Health]
    mvc: Sequence[NewMvc] = ()
    drift: Drifting | None = None
    """None where the session has no statistics of drift."""
    shares: Mapping[str, Mapping[str, Share]] = field(default_factory=dict)
    """Per joint and muscle, in the stretches whose moments are shown; empty where not recorded."""

    def new_mvc(self, muscle: str) -> list[NewMvc]:
        """Return the changes of MVC of the channels that drive a muscle."""
        channels = self.config["model"]["muscles"].get(muscle, ())
        return [one for one in self.mvc if one.channel in channels]

    @property
    def title(self) -> str:
        """What the set-up of the session is."""
        return str(self.config["title"])

    def activities(self) -> dict[str, Activity]:
        """Return what the EMG of each muscle that electrodes drive was like."""
        driven = self.config["model"]["muscles"]
        return {
            muscle: self._activity(muscle, [self.emg[c] for c in used if c in self.emg])
            for muscle, used in driven.items()
        }

    def _activity(self, muscle: str, emg: Sequence[Emg]) -> Activity:
        """Return a muscle's; the EMG of several channels is their mean where all are known."""
        t = emg[0].t if emg else np.empty(0)
        for one in emg[1:]:
            t = np.intersect1d(t, one.t)
        there = [np.isin(one.t, t) for one in emg]
        amplitude = [one.amplitude[where] for one, where in zip(emg, there, strict=True)]
        median_hz = [one.median_hz[where] for one, where in zip(emg, there, strict=True)]
        return Activity(t, _mean(amplitude), _mean(median_hz), self._fibre_length(muscle, t))

    def _fibre_length(self, muscle: str, t: Array) -> Array:
        """Return a muscle's mean fibre length about some times; NaN where it is not known."""
        unit = self.drift.unit_of(muscle) if self.drift else None
        if self.drift is None or unit is None:
            return np.full(len(t), np.nan)
        known_t, length = self.drift.fibre_length.get(self.drift.units[unit], (np.empty(0),) * 2)
        if not len(known_t):
            return np.full(len(t), np.nan)
        return np.interp(t, known_t, length, left=np.nan, right=np.nan)


def _mean(columns: Sequence[Array]) -> Array:
    return np.mean(columns, axis=0) if columns else np.empty(0)


def load(path: Path) -> Material:
    """Read a session, which may still be going on.

    Raises
    ------
    UserError
        If the file is missing, is no session, or holds what no session does.
    """
    with session_content(path) as database:
        return _Tables(database).material(path.stem)


def _local(fact: str) -> str:
    """Return a time of day as the reader's clock shows it; anything else as it is."""
    try:
        return f"{datetime.fromisoformat(fact).astimezone():%d %B %Y, %H:%M:%S}"
    except ValueError:
        return fact


_TIMED = ("emg", "moment", "residual", "candidate", "stream", "event", "mark", "command")
_FACTS = {"started": "began", "ended": "ended", "machine": "on", "hillstream": "hillstream"}
"""Keys of the table `session` that are shown, and what stands before them."""


class _Tables:
    """The tables of a session; times are given from the first of everything on."""

    def __init__(self, database: sqlite3.Connection) -> None:
        self._database = database
        self._missing = schema.missing(database)
        self.session = dict(self._rows("SELECT key, value FROM session"))
        spans = [self._rows(f"SELECT min(t), max(t) FROM {table}")[0] for table in _TIMED]
        self._start = min((low for low, _ in spans if low is not None), default=0.0)
        end = max((high for _, high in spans if high is not None), default=0.0)
        self.seconds = end - self._start
        if not np.isfinite(self.seconds):
            raise ValueError("a time that is not finite")

    def _rows(self, query: str, *values: float) -> list[tuple[Any, ...]]:
        return self._database.execute(query, values).fetchall()

    def _by(self, query: str, count: int) -> dict[str, list[Array]]:
        """Return the `count` numeric columns of a query after its first, by that first one.

        The second column is the time.
        """
        groups: dict[str, list[tuple[Any, ...]]] = defaultdict(list)
        for name, *row in self._rows(query):
            groups[name].append(tuple(row))
        return {name: self._columns(rows, count) for name, rows in groups.items()}

    def _columns(self, rows: list[tuple[Any, ...]], count: int) -> list[Array]:
        columns = np.array([row[:count] for row in rows], dtype=np.float64).reshape(-1, count).T
        return [columns[0] - self._start, *columns[1:]]

    def events(self) -> list[Event]:
        """Return events, marks and commands in the order of time."""
        rows = self._rows(
            "SELECT t, source, sentence FROM event "
            "UNION ALL SELECT t, 'mark', text FROM mark "
            "UNION ALL SELECT t, 'command', command || ' ' || coalesce(argument, '') || CASE "
            "WHEN ok AND command IN ('save', 'mvc stop') THEN '(' || coalesce(reply, '') || ')' "
            "WHEN ok THEN '' ELSE ' (refused: ' || coalesce(reply, '') || ')' END FROM command "
            "ORDER BY t"
        )
        return [Event(t - self._start, source, sentence) for t, source, sentence in rows]

    def mvc(self) -> list[NewMvc]:
        """Return what was recorded anew; nothing of a session that is older than the table."""
        if "mvc" in self._missing:
            return []
        rows = self._rows("SELECT t, channel, after / before FROM mvc WHERE before > 0 ORDER BY t")
        return [NewMvc(t - self._start, channel, ratio) for t, channel, ratio in rows]

    def drift(self) -> Drifting | None:
        """Return what there is of drift; nothing of a session that is older than the tables."""
        if {"drift", "drift_statistics"} & self._missing:
            return None
        return read_drift(self._database, self._start)

    def shares(self, moments: Mapping[str, Moments]) -> dict[str, dict[str, Share]]:
        """Return each muscle's part of the moments, in the stretches that are shown of these."""
        if "muscle_moment" in self._missing or not moments:
            return {}
        rows: dict[str, dict[str, list[tuple[Any, ...]]]] = defaultdict(lambda: defaultdict(list))
        for start in stretches(next(iter(moments.values())).t):
            since = self._start + start
            for dof, muscle, *row in self._rows(
                "SELECT dof, muscle, t, moment FROM muscle_moment WHERE t BETWEEN ? AND ? "
                "ORDER BY t",
                since,
                since + STRETCH_S,
            ):
                rows[dof][muscle].append(tuple(row))
        return {
            dof: {muscle: Share(*self._columns(r, 2)) for muscle, r in rows[dof].items()}
            for dof in moments
            if dof in rows
        }

    def updates(self) -> tuple[dict[str, int], int]:
        """Return how many updates ended in which way, and how many were accepted."""
        counts = dict(self._rows("SELECT result, count(*) FROM candidate GROUP BY result"))
        return counts, self._rows("SELECT count(*) FROM candidate WHERE accepted")[0][0]

    def refused(self) -> dict[str, int]:
        """Return how many candidates were not put in force, by the reason."""
        candidates = schema.selection(self._database, "candidate")
        return dict(
            self._rows(
                f"SELECT reason, count(*) FROM ({candidates}) WHERE reason IS NOT NULL "
                "GROUP BY reason ORDER BY reason"
            )
        )

    def estimates(self) -> dict[str, dict[str, Estimates]]:
        """Return the accepted values of every parameter of every muscle."""
        rows: dict[str, dict[str, list[tuple[Any, ...]]]] = defaultdict(lambda: defaultdict(list))
        for name, muscle, *row in self._rows(
            "SELECT p.name, p.muscle, c.t, p.value, p.deviation, p.standing FROM parameter p "
            "JOIN candidate c ON c.id = p.candidate WHERE c.accepted ORDER BY c.t"
        ):
            rows[name][muscle].append(tuple(row))
        return {
            name: {
                muscle: Estimates(tuple(one[3] or "" for one in r), *self._columns(r, 3))
                for muscle, r in by_muscle.items()
            }
            for name, by_muscle in rows.items()
        }

    def streams(self) -> dict[str, Health]:
        """Return the health of every stream."""
        query = "SELECT stream, t, rate_hz, received, gaps, dropped, state FROM stream ORDER BY t"
        states: dict[str, list[str]] = defaultdict(list)
        for row in self._rows(query):
            states[row[0]].append(row[-1])
        return {
            name: Health(tuple(states[name]), *columns)
            for name, columns in self._by(query, 5).items()
        }

    def material(self, name: str) -> Material:
        """Return everything."""
        updates, accepted = self.updates()
        by_dof = self._by(
            "SELECT dof, t, predicted, deviation, reference FROM moment ORDER BY t", 4
        )
        moments = {dof: Moments(*columns) for dof, columns in by_dof.items()}
        errors = self._by("SELECT dof, t, rmse FROM residual ORDER BY t", 2)
        emg = self._by("SELECT channel, t, amplitude_v, median_hz FROM emg ORDER BY t", 3)
        facts = {
            words: _local(self.session[key]) for key, words in _FACTS.items() if key in self.session
        }
        config = json.loads(self.session["config"])
        return Material(
            name=name,
            facts=facts,
            config=config,
            model=UsedModel(
                str(config.get("model", {}).get("file")), self.session.get("model_sha256", "")
            ),
            seconds=self.seconds,
            events=self.events(),
            updates=updates,
            accepted=accepted,
            refused=self.refused(),
            estimates=self.estimates(),
            moments=moments,
            shares=self.shares(moments),
            errors={dof: Errors(*columns) for dof, columns in errors.items()},
            emg={channel: Emg(*columns) for channel, columns in emg.items()},
            streams=self.streams(),
            mvc=self.mvc(),
            drift=self.drift(),
        )
