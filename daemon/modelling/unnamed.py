"""What a recording says beside the ranges of the joints that are fitted."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

import numpy as np

from daemon.modelling.anatomy import side_of
from daemon.modelling.opening import open_source
from daemon.modelling.ranges import Range
from daemon.modelling.samples import Array
from daemon.modelling.source import Source, Wanted
from pipeline.errors import UserError

MOVES_RAD = math.radians(5)
"""A joint that moves less in a recording is taken as still."""
COUNTS_M = 2e-3
"""A moment arm below this does not count, m."""
BEYOND_RAD = math.radians(0.5)


def beyond_the_model(
    recorded: Mapping[str, Array], joints: Sequence[str], ranges: Sequence[Range]
) -> Iterator[str]:
    """Yield a sentence for each joint that was recorded outside the range that is fitted."""
    for joint, (low, high) in zip(joints, ranges, strict=True):
        angles = recorded.get(joint, np.array([]))
        angles = angles[np.isfinite(angles)]
        outside = (angles < low - BEYOND_RAD) | (angles > high + BEYOND_RAD)
        if outside.any():
            yield (
                f"'{joint}' was recorded from {math.degrees(angles.min()):.0f} to "
                f"{math.degrees(angles.max()):.0f} deg, outside the fitted range at "
                f"{100 * outside.mean():.2g} % of the samples; there paths continue along tangents."
            )


def moved_but_not_named(
    recorded: Mapping[str, Array], opened: Source, wanted: Wanted
) -> Iterator[str]:
    """Yield a sentence if a recording moves other joints that the muscles cross."""
    moved, sides = [], {None, wanted.side, *map(side_of, wanted.joints)}
    for name in opened.known_joints:
        angles = recorded.get(name, np.array([]))
        angles = angles[np.isfinite(angles)]
        if (
            name not in wanted.joints
            and len(angles)
            and np.ptp(angles) > MOVES_RAD
            and side_of(name) in sides
            and _crossed(name, float(np.median(angles)), wanted)
        ):
            moved.append(name)
    if moved:
        yield (
            f"The recording also moves {', '.join(moved)}, which these muscles cross and the model "
            "file holds at the source's default; name them among the joints for exact lengths."
        )


def _crossed(name: str, angle: float, wanted: Wanted) -> bool:
    """Return whether a muscle has a moment arm about a coordinate; not about one that follows."""
    try:
        source = open_source(replace(wanted, joints=(name,)))
    except UserError:  # no angle, or not free: nothing that could be named
        return False
    arms = source(np.array([angle]))[1]
    return bool((np.abs(np.nan_to_num(arms)) > COUNTS_M).any())
