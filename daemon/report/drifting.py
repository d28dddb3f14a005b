"""What a session says of drift, read from its tables and looked at as a whole."""

from __future__ import annotations

import json
import sqlite3
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pipeline.drift.changes import Course, course_of
from pipeline.drift.statistics import DriftStatistics

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Drifting:
    """The statistics of the baseline that was compared to longest; times in s since the start."""

    units: tuple[str, ...]
    """What each factor belongs to: a muscle, or several with ``+``."""
    statistics: Sequence[DriftStatistics]
    fibre_length: Mapping[str, tuple[Array, Array]]
    """Of each unit times and mean fibre lengths over the optimal one."""

    def unit_of(self, muscle: str) -> int | None:
        """Return the place of a muscle's unit."""
        found = [i for i, unit in enumerate(self.units) if muscle in unit.split("+")]
        return found[0] if found else None

    def course(self, confidence: float = 0.95) -> Course | None:
        """Return what has changed, with intervals; None where there is too little to tell."""
        return course_of(self.statistics, len(self.units), confidence)


def read_drift(database: sqlite3.Connection, start: float) -> Drifting | None:
    """Return what a session has of drift; None where there is nothing.

    Parameters
    ----------
    start
        When the session began, s.

    Raises
    ------
    ValueError
        If the statistics are none.
    """
    rows = database.execute(
        "SELECT t, baseline, muscles, statistics FROM drift_statistics ORDER BY t"
    ).fetchall()
    parts: dict[tuple[float, str], list[DriftStatistics]] = defaultdict(list)
    for t, baseline, muscles, packed in rows:
        one = DriftStatistics.unpacked(t - start, baseline - start, packed)
        parts[baseline, muscles].append(one)
    if not parts:
        return None
    (_, muscles), longest = max(parts.items(), key=lambda part: len(part[1]))
    units = tuple(map(str, json.loads(muscles)))
    _check(longest, len(units))
    return Drifting(units, longest, _fibre_lengths(database, start))


def _check(statistics: Sequence[DriftStatistics], units: int) -> None:
    """Refuse statistics that do not fit together."""
    sizes = {len(one.vector) for one in statistics}
    told = np.array([one.information.diagonal().min() for one in statistics])
    t, seconds = (np.array([getattr(one, key) for one in statistics]) for key in ("t", "seconds"))
    if len(sizes) != 1 or sizes.pop() < units or not units:
        raise ValueError("statistics of a drift that do not fit together")
    if (
        (told < 0).any()
        or (seconds <= 0).any()
        or not np.isfinite(t).all()
        or (np.diff(t) <= 0).any()
    ):
        raise ValueError("statistics of a drift that no session has")


def _fibre_lengths(database: sqlite3.Connection, start: float) -> dict[str, tuple[Array, Array]]:
    rows: dict[str, list[tuple[float, float]]] = defaultdict(list)
    for muscle, t, length in database.execute(
        "SELECT muscle, t, fibre_length FROM drift WHERE fibre_length IS NOT NULL ORDER BY t"
    ):
        rows[muscle].append((t - start, length))
    return {name: (r[:, 0], r[:, 1]) for name, r in ((n, np.array(r)) for n, r in rows.items())}
