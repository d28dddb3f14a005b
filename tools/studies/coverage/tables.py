"""How often intervals hold the truth: estimates of many people as one table."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch

from pipeline.calibrate.confidence import Grounds, confidence
from pipeline.metrics import rms
from pipeline.model.identifiability import Confidence, Joining
from pipeline.model.label import Label
from pipeline.model.subject import Subject
from tools.studies.coverage.cases import Case, case
from tools.studies.people.tables import Cells

WITHIN = 1.96
"""Standard deviations on either side in a 95 % interval."""
COMBINATION = "combination"
"""Stands in the column of the identifiability for two parameters together."""


class Estimate(NamedTuple):
    """One parameter of one muscle of one person."""

    name: str
    identifiability: str
    error: float
    """Estimate less truth, in standard deviations as claimed."""
    deviation: float
    """As claimed, relative to the generic muscle where the configuration's bounds are, of a
    combination to the truth."""


def one(name: str, seconds: float, cache: Path | None, seed: int) -> list[Estimate]:
    """Return what is claimed of one person, against the truth; parameters are those of `case`."""
    torch.set_num_threads(1)
    return estimates(case(name, seconds, cache, seed))


def estimates(of: Case) -> list[Estimate]:
    """Return what is claimed of one person, against the truth."""
    if of.grounds is None:
        return []
    known = confidence(of.grounds)
    return [
        *_muscles(of, of.grounds, known),
        *_bones(of, known),
        *_combinations(of, of.grounds.space.prior, known),
    ]


def _muscles(of: Case, grounds: Grounds, known: Confidence) -> Iterator[Estimate]:
    """Yield the estimates of muscles; what several muscles share is one."""
    found = grounds.space.subject(grounds.vector).values()
    for kind in grounds.space.kinds():
        name = kind.name
        firsts = np.unique(kind.members.cpu().numpy(), return_index=True)[1]
        for i in firsts[np.isfinite(of.truth[name][firsts])]:
            deviation = known.deviation[name][i]
            error = float((found[name][i] - of.truth[name][i]) / deviation)
            claimed = float(deviation / of.unit[name][i])
            yield Estimate(name, known.identifiability[name][i], error, claimed)


def _bones(of: Case, known: Confidence) -> Iterator[Estimate]:
    for label, number in known.bones.items():
        if label in of.bones:
            error = (number.factor - of.bones[label]) / number.deviation
            kind = f"bone {label.partition(':')[2]}"
            yield Estimate(kind, number.identifiability, error, number.deviation)


def _combinations(of: Case, prior: Subject, known: Confidence) -> Iterator[Estimate]:
    """Yield what is known of two parameters together; deviations as a share of the truth."""
    for pair in known.combinations:
        labels = Label.parse(pair.first), Label.parse(pair.second)
        parts = [_true(of, prior, label, pair.joining) for label in labels]
        true = float(np.prod(parts) if pair.joining is Joining.PRODUCT else np.sum(parts))
        if np.isfinite(true):
            name = f"{pair.joining} of {' and '.join(label.kind for label in labels)}"
            error = (pair.value - true) / pair.deviation
            yield Estimate(name, COMBINATION, error, pair.deviation / true)


def _true(of: Case, prior: Subject, label: Label, joining: Joining) -> float:
    """Return the true part of a combination, in its unit."""
    places = [prior.muscles.index(muscle) for muscle in label.owners]
    values = of.truth[label.kind][places]
    if label.kind == "strength" and joining is Joining.SUM:
        return float(values @ prior.max_isometric_force[places])
    return float(values[0])


def summary(found: Sequence[Estimate]) -> list[dict[str, Any]]:
    """Return for every parameter and identifiability how often the truth was inside."""
    groups = defaultdict(list)
    for estimate in found:
        if estimate.identifiability != COMBINATION:
            groups["all", estimate.identifiability].append(estimate)
        groups[estimate.name, estimate.identifiability].append(estimate)
    return [
        {
            "parameter": name,
            "identifiability": identifiability,
            "count": len(group),
            "inside_95": float(np.mean([abs(e.error) < WITHIN for e in group])),
            "mean_error": float(np.mean([e.error for e in group])),
            "rms_error": rms([e.error for e in group]),
            "deviation": float(np.median([e.deviation for e in group])),
        }
        for (name, identifiability), group in sorted(groups.items())
    ]


HEAD = [
    "parameter",
    "identifiability",
    "count",
    "inside 95 %",
    "mean error",
    "rms error",
    "deviation",
]


def cells(table: Sequence[dict[str, Any]]) -> Cells:
    """Return the summary as titles and text."""
    rows = [
        [
            row["parameter"].replace("_", " "),
            row["identifiability"].replace("_", " "),
            str(row["count"]),
            f"{100 * row['inside_95']:.1f} %",
            f"{row['mean_error']:.2f}",
            f"{row['rms_error']:.2f}",
            f"{row['deviation']:.3f}",
        ]
        for row in table
    ]
    return HEAD, rows
