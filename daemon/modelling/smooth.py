"""Where a muscle that misses a limit is smooth: the largest part of the ranges that fits."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from daemon.modelling.fit_paths import Limits, fit_path
from daemon.modelling.ranges import Range
from daemon.modelling.samples import MOST_LEFT_OUT, Array, Samples, of_muscle
from pipeline.geometry import Coordinate, MusclePath

HALVINGS = 5
"""How finely the end of a range is searched: to this power of two of it."""
LEAST_KEPT = 0.25
"""Of a range that would have to be narrowed further than this share nothing is said."""
MARGIN = 0.95
"""Share of the limit that a narrower range has to meet, since it is sampled anew for its fit."""
NEIGHBOURS, TOLD_M = 0.1, 1e-3
"""Postures so near, in half ranges, show a jump of the length between them; from this on, in m, it
is told."""
FEWEST, MOST = 100, 1500
"""Postures that a trial is fitted to."""


Found = tuple[float, Array, MusclePath]
"""Share of a range that is kept, the box [coordinate, 2] in half ranges, and the fit inside."""


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
    """Find where the fit meets the limits, by the smallest cut at one end of one range.

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
    found: Found | None = None
    for column in np.flatnonzero(np.diag(together)).tolist():
        for side in (0, 1):
            trial = partial(_fit_inside, coordinates, together, samples, limits, column, side)
            found = _widest(trial, found)
    fault = _fault(name, samples, path, np.flatnonzero(np.diag(together)))
    if found is None:
        return Smooth(None, f"{fault}, and cutting one of the ranges does not mend it.")
    _, box, fitted = found
    ranges = _ranges(coordinates, box)
    return Smooth(
        ranges, f"{fault}; {_said(coordinates, ranges)} it is smooth ({_errors(fitted)})."
    )


def _widest(trial: Callable[[float], Found | None], found: Found | None) -> Found | None:
    """Return what keeps the largest share of the range: found before, or by one more cut."""
    smallest, largest = LEAST_KEPT if found is None else found[0], 1.0
    better = trial(smallest + (1.0 - smallest) / 2**HALVINGS)
    if better is None:  # nothing to be gained here
        return found
    for _ in range(HALVINGS):
        share = (better[0] + largest) / 2
        wider = trial(share)
        if wider is None:
            largest = share
        else:
            better = wider
    return better


def _fit_inside(
    coordinates: Sequence[Coordinate],
    together: NDArray[np.bool_],
    samples: Samples,
    limits: Limits,
    column: int,
    side: int,
    share: float,
) -> Found | None:
    """Return the fit inside a share of a range, or None where it misses a limit."""
    box = np.tile([-1.0, 1.0], (len(coordinates), 1))
    box[column, side] *= 2 * share - 1
    inside = _within(samples, box)
    known = inside.known(0)
    if known.sum() < FEWEST or known.mean() < 1 - MOST_LEFT_OUT:
        return None
    fitted = _refitted(coordinates, together, inside, limits)
    return (share, box, fitted) if limits.excess(fitted) <= MARGIN else None


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
    fewer = replace(limits, max_terms=min(limits.max_terms, len(seen) // 2))
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
    cut = next(c for c in coordinates if ranges[c.name] != c.range_rad)
    low, high = map(math.degrees, ranges[cut.name])
    return f"with {cut.name} from {low:.4g} to {high:.4g} deg"


def _fault(name: str, samples: Samples, path: MusclePath, columns: NDArray[np.intp]) -> str:
    share = 1 - float(samples.known(0).mean())
    if share > MOST_LEFT_OUT:
        return f"'{name}' has no length or one that jumps at {100 * share:.0f} % of the postures"
    jump_m = largest_jump_m(of_muscle(samples, 0, columns))
    by = f" jumps in the source by up to {1e3 * jump_m:.2g} mm and" if jump_m > TOLD_M else ""
    return f"'{name}'{by} is off by {_errors(path)}"


def largest_jump_m(samples: Samples) -> float:
    """Return by how much a length changes more between near postures than its slopes say, m.

    The samples are of one muscle, known throughout, and of its own coordinates only.
    """
    if len(samples.x) < 2:
        return 0.0
    distance, pairs = cKDTree(samples.x).query(samples.x, k=2)
    rows = np.flatnonzero(distance[:, 1] < NEIGHBOURS)
    there = pairs[rows, 1]
    moved = (samples.x[there] - samples.x[rows]) * samples.half_range
    slope = -(samples.moment_arm[there, :, 0] + samples.moment_arm[rows, :, 0]) / 2
    change = samples.length[there, 0] - samples.length[rows, 0]
    return float(np.abs(change - (slope * moved).sum(axis=1)).max(initial=0.0))


def _errors(path: MusclePath) -> str:
    arm = max(path.moment_arm_rms_m.values(), default=0.0)
    return f"{1e3 * path.length_rms_m:.2g} mm in length, {1e3 * arm:.2g} mm in moment arm RMS"
