"""Where a muscle's fibres work over the ranges of its coordinates."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from daemon.modelling.samples import Array
from pipeline.geometry import Muscle

FIBRE_RANGE = (0.5, 1.4)
"""Where normalised fibre lengths have to lie over the coordinates' ranges, tendon at slack."""


def normalised_fibre_length(muscle: Muscle, lengths: Array) -> Array:
    """Return fibre lengths in optimal lengths, tendon at slack, of muscle-tendon lengths in m.

    The muscle keeps its thickness (optimal length times the sine of its pennation), as in the
    muscle model. Where the tendon alone is longer than the whole, its fibres have no length: 0.
    """
    optimal = muscle.optimal_fibre_length_m
    along = (lengths - muscle.tendon_slack_length_m) / optimal
    across = np.sin(muscle.pennation_at_optimal_rad)
    return np.where(along > 0, np.hypot(along, across), 0.0)


def fit_to_excursion(muscle: Muscle, shortest: float, longest: float) -> Muscle:
    """Return the muscle with lengths its fibres can work at.

    Over the ranges of the coordinates the path runs from `shortest` to `longest` (m). Where the
    fibre, tendon at slack, would leave `FIBRE_RANGE`, the optimal length is raised if the
    excursion is too long for it, and the slack length moved by the least that brings it inside.
    Where no tendon would be left, the optimal length is the shortest that the excursion allows;
    where that leaves none either, the muscle stays as it is.
    MuJoCo takes its lengths from the whole range of the joints and lets fibres shorten to a
    fifth of their optimal length there; a muscle with an elastic tendon cannot.
    """
    low, high = FIBRE_RANGE
    optimal = max(muscle.optimal_fibre_length_m, (longest - shortest) / (high - low))
    slack = min(
        max(muscle.tendon_slack_length_m, longest - high * optimal), shortest - low * optimal
    )
    if slack <= 0:  # a fibre so long that no tendon is left: the shortest that the excursion allows
        optimal = (longest - shortest) / (high - low)
        slack = shortest - low * optimal
    if slack <= 0:
        return muscle
    return replace(
        muscle, optimal_fibre_length_m=_rounded(optimal), tendon_slack_length_m=_rounded(slack)
    )


def _rounded(value: float) -> float:
    return float(f"{value:.6g}")
