"""Where a muscle that misses a limit is smooth: the largest part of the ranges that fits."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from daemon.modelling.failures import unexplained
from daemon.modelling.fit_paths import Limits, fit_path
from daemon.modelling.narrowing import narrowed
from daemon.modelling.ranges import Range
from daemon.modelling.samples import MOST_LEFT_OUT, Array, Samples, of_muscle
from pipeline.geometry import Coordinate, MusclePath

ACROSS, NEIGHBOURS, TOLD_M = 4, 0.1, 1e-3
"""So many postures so near, in half ranges, show a jump between them; it is told from this, m."""
EQUATIONS_PER_TERM = 4
FEWEST, MOST = 50, 1500
"""Postures that a trial is fitted to."""


@dataclass(frozen=True)
class Smooth:
    """What was found for one muscle.

    `ranges` in rad by joint, None where no part of the ranges is smooth enough; `sentence` says
    it for people.
    """

    ranges: dict[str, Range] | None
    sentence: str


def smooth_ranges(
    name: str,
    coordinates: Sequence[Coordinate],
    together: NDArray[np.bool_],
    samples: Samples,
    path: MusclePath,
    limits: Limits,
) -> Smooth:
    """Find where the fit meets the limits, by the smallest cuts at one end of one range, or of two.

    Parameters
    ----------
    name
        The muscle.
    coordinates, together
        Coordinates, and which of them act together on the muscle.
    samples
        What the source says of this muscle only.
    path
        The fit to them, which misses a limit.
    limits
        What has to be met.
    """
    columns = np.flatnonzero(np.diag(together)).tolist()
    fit = partial(_fit_inside, coordinates, together, samples, limits)
    box = np.tile([-1.0, 1.0], (len(coordinates), 1))
    found = narrowed(fit, columns, box)
    fault = _fault(name, samples, path, columns)
    if found is None:
        return Smooth(None, f"{fault}, and narrower ranges do not mend it.")
    _, box, fitted = found
    ranges = _ranges(coordinates, box)
    return Smooth(
        ranges, f"{fault}; {_said(coordinates, ranges)} it is smooth ({_errors(fitted)})."
    )


def _fit_inside(
    coordinates: Sequence[Coordinate],
    together: NDArray[np.bool_],
    samples: Samples,
    limits: Limits,
    box: Array,
) -> tuple[float, MusclePath] | None:
    """Return the fit inside a box, as `Trial` describes."""
    inside = _within(samples, box)
    known = inside.known(0)
    if known.sum() < FEWEST or known.mean() < 1 - MOST_LEFT_OUT:
        return None
    fitted = _refitted(coordinates, together, inside, limits)
    return limits.excess(fitted), fitted


def _within(samples: Samples, box: Array) -> Samples:
    rows = ((samples.x >= box[:, 0]) & (samples.x <= box[:, 1])).all(axis=1)
    return samples.rows(np.flatnonzero(rows)[:MOST])


def _refitted(
    coordinates: Sequence[Coordinate],
    together: NDArray[np.bool_],
    inside: Samples,
    limits: Limits,
) -> MusclePath:
    """Fit samples, one in four of them kept for the errors."""
    unseen = np.arange(len(inside.x)) % 4 == 0
    seen, unseen = np.flatnonzero(~unseen), np.flatnonzero(unseen)
    equations = len(seen) * (1 + int(np.diag(together).sum()))  # lengths and moment arms
    fewer = replace(limits, max_terms=min(limits.max_terms, equations // EQUATIONS_PER_TERM))
    return fit_path(coordinates, 0, together, inside.rows(seen), inside.rows(unseen), fewer)


def _ranges(coordinates: Sequence[Coordinate], box: Array) -> dict[str, Range]:
    """Return the ranges, cut ones to whole degrees inside the box."""
    found = {}
    for c, (low, high) in zip(coordinates, box.tolist(), strict=True):
        first = math.ceil(math.degrees(c.middle_rad + low * c.half_range_rad))
        last = math.floor(math.degrees(c.middle_rad + high * c.half_range_rad))
        found[c.name] = (
            c.range_rad[0] if low == -1 else math.radians(first),
            c.range_rad[1] if high == 1 else math.radians(last),
        )
    return found


def _said(coordinates: Sequence[Coordinate], ranges: dict[str, Range]) -> str:
    parts = [
        f"{c.name} from {math.degrees(ranges[c.name][0]):.4g} to "
        f"{math.degrees(ranges[c.name][1]):.4g} deg"
        for c in coordinates
        if ranges[c.name] != c.range_rad
    ]
    return f"with {' and '.join(parts)}"


def _fault(name: str, samples: Samples, path: MusclePath, columns: Sequence[int]) -> str:
    share = 1 - float(samples.known(0).mean())
    if share > MOST_LEFT_OUT:
        return f"'{name}' has no length or one that jumps at {100 * share:.0f} % of the postures"
    jump_m = largest_jump_m(of_muscle(samples, 0, np.array(columns, dtype=np.intp)))
    by = f" jumps in the source by up to {1e3 * jump_m:.2g} mm and" if jump_m > TOLD_M else ""
    return f"'{name}'{by} is off by {_errors(path)}"


def largest_jump_m(samples: Samples) -> float:
    """Return by how much a length changes more between near postures than its slopes say, m.

    The samples are of one muscle, known throughout, and of its own coordinates only.
    """
    if len(samples.x) < 2:
        return 0.0
    distance, pairs = cKDTree(samples.x).query(samples.x, k=1 + ACROSS)
    near = (distance[:, 1:] < NEIGHBOURS) & (pairs[:, 1:] < len(samples.x))
    pairs = np.minimum(pairs[:, 1:], len(samples.x) - 1)  # fewer than asked for: none
    return float(unexplained(samples, 0, pairs)[near].max(initial=0.0))


def _errors(path: MusclePath) -> str:
    arm = max(path.moment_arm_rms_m.values(), default=0.0)
    return f"{1e3 * path.length_rms_m:.2g} mm in length, {1e3 * arm:.2g} mm in moment arm RMS"
