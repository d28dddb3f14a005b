"""What a cohort is like: distributions by group, and who stands out."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from daemon.cohort.cases import WHOLE_DRAW
from pipeline.errors import needing
from pipeline.model.parameters import LOGARITHMIC
from pipeline.model.subject import CALIBRATED

with needing("A cohort", "cluster"):
    import pyarrow
    from pyarrow import compute

Array = NDArray[np.float64]

FAR = 3.5
"""Distance from the median, in robust standard deviations, from which on a value stands out."""
FEWEST = 6
"""Fewer people than this say too little of what is usual."""
_PER_MAD = 1.4826
"""Standard deviation over median absolute deviation of normally distributed numbers."""
_JUDGED = (*CALIBRATED, "delay_s", "heldout_rmse_nm")
_DRAW_COLUMNS = ("person", "group", "setup", "draw", "quantity", "of", "value", "at_bound")


class Value(NamedTuple):
    """A number of a person: of all that is chosen, or the mean over folds."""

    person: str
    group: str
    setup: str
    quantity: str
    of: str
    value: float
    at_bound: bool


class Failure(NamedTuple):
    """A calibration that failed."""

    person: str
    setup: str
    draw: int
    error: str


class Outlier(NamedTuple):
    """A value that stands out."""

    value: Value
    median: float
    distance: float
    """From the median, in robust standard deviations; of strength and gain by their logarithm."""


class Score(NamedTuple):
    """How well a joint is predicted in a group: medians, and quartiles of the error in N*m."""

    setup: str
    joint: str
    group: str
    people: int
    r2: float
    rmse_nm: tuple[float, float, float]
    generic_nm: float


@dataclass(frozen=True)
class Summary:
    """A cohort."""

    values: list[Value]
    failures: list[Failure]
    cases: int
    """Calibrations that are in the table, failed ones included."""

    @property
    def groups(self) -> list[str]:
        """The groups, in the order of their names."""
        return sorted({value.group for value in self.values})

    @property
    def setups(self) -> list[str]:
        """The set-ups, in the order in which they occur."""
        return list(dict.fromkeys(value.setup for value in self.values))

    def of(self, setup: str, quantity: str) -> list[Value]:
        """Return everybody's values of one kind."""
        return [v for v in self.values if (v.setup, v.quantity) == (setup, quantity)]

    def outliers(self) -> list[Outlier]:
        """Return the values that stand out, the farthest first."""
        alike: dict[tuple[str, str, str], list[Value]] = {}
        for value in self.values:
            if value.quantity in _JUDGED:
                alike.setdefault((value.setup, value.quantity, value.of), []).append(value)
        found = [one for values in alike.values() for one in _standing_out(values)]
        return sorted(found, key=lambda one: -abs(one.distance))

    def scores(self) -> list[Score]:
        """Return how well each joint is predicted in each group."""
        return [
            score
            for setup in self.setups
            for joint in dict.fromkeys(v.of for v in self.of(setup, "heldout_rmse_nm"))
            for group in self.groups
            if (score := self._score(setup, joint, group)) is not None
        ]

    def _score(self, setup: str, joint: str, group: str) -> Score | None:
        def of(quantity: str) -> Array:
            found = self.of(setup, quantity)
            return np.array([v.value for v in found if (v.of, v.group) == (joint, group)])

        rmse, r2, generic = map(of, ("heldout_rmse_nm", "heldout_r2", "heldout_rmse_generic_nm"))
        if not len(rmse):
            return None
        low, middle, high = (float(q) for q in np.percentile(rmse, (25, 50, 75)))
        r2_median = float(np.median(r2)) if len(r2) else np.nan
        generic_nm = float(np.median(generic)) if len(generic) else np.nan
        return Score(setup, joint, group, len(rmse), r2_median, (low, middle, high), generic_nm)


def summary_of(table: pyarrow.Table) -> Summary:
    """Return what a table of results says."""
    wrong = table.filter(compute.is_valid(table["error"]))
    failures = [
        Failure(row["person"], row["setup"], row["draw"], row["error"]) for row in wrong.to_pylist()
    ]
    sound = table.filter(compute.is_valid(table["value"])).select(list(_DRAW_COLUMNS))
    of_whole = sound.filter(compute.equal(sound["draw"], WHOLE_DRAW))
    values = list(_means((of_whole if len(of_whole) else sound).to_pylist()))
    return Summary(values, failures, len(table["case"].unique()))


def _means(rows: Sequence[dict[str, Any]]) -> Iterator[Value]:
    """Return one value for the draws of each number of each person."""
    alike: dict[tuple[str, ...], list[dict[str, Any]]] = {}
    for row in rows:
        key = row["person"], row["setup"], row["quantity"], row["of"]
        alike.setdefault(key, []).append(row)
    for (person, setup, quantity, of), own in alike.items():
        mean = float(np.mean([row["value"] for row in own]))
        stuck = any(row["at_bound"] for row in own)
        yield Value(person, own[0]["group"], setup, quantity, of, mean, stuck)


def _standing_out(values: Sequence[Value]) -> Iterator[Outlier]:
    if len(values) < FEWEST:
        return
    numbers = np.array([value.value for value in values])
    scale = np.log(numbers) if values[0].quantity in LOGARITHMIC else numbers
    middle = np.median(scale)
    spread = _PER_MAD * np.median(np.abs(scale - middle))
    if spread == 0.0:
        return
    for value, distance in zip(values, (scale - middle) / spread, strict=True):
        if abs(distance) > FAR:
            yield Outlier(value, float(np.median(numbers)), float(distance))
