"""The ranges of the coordinates over which paths are fitted: the model's, by hand, recorded."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence

import numpy as np

from daemon.modelling.samples import Array
from pipeline.errors import UserError
from pipeline.streams.recordings.recording import Recording
from pipeline.streams.units import to_si

Range = tuple[float, float]
"""Lowest and highest angle, rad."""

MARGIN, LEAST_MARGIN_RAD = 0.15, math.radians(5)
"""What is added to both sides of a recorded range: this share of it, at least so much."""
_UNITS = {"deg": math.pi / 180, "rad": 1.0}
_NUMBER = r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?"
_RANGE = re.compile(rf"(?P<name>.+)=(?P<low>{_NUMBER}):(?P<high>{_NUMBER})(?P<unit>deg|rad)")


def parse_range(text: str) -> tuple[str, Range]:
    """Return name and range in rad of ``knee_angle_l=-10:120deg``.

    Raises
    ------
    UserError
        If it is not that.
    """
    match = _RANGE.fullmatch(text.strip())
    if match is None:
        raise UserError(
            f"--range: '{text}' is no range; give it as NAME=LOW:HIGHdeg or NAME=LOW:HIGHrad, for "
            "example knee_angle_l=-10:120deg."
        )
    unit = _UNITS[match["unit"]]
    return match["name"], (float(match["low"]) * unit, float(match["high"]) * unit)


def recorded_angles(recording: Recording) -> dict[str, Array]:
    """Return the angles of a recording by channel, rad; nan where there is none.

    Raises
    ------
    UserError
        If the recording has no angles.
    """
    stream = recording.streams.get("angles")
    if stream is None:
        raise UserError(f"The recording '{recording.name}' has no angles, which give the ranges.")
    angles = stream.x * to_si("angles", stream.unit)
    return dict(zip(stream.channels, angles.T, strict=True))


def recorded_ranges(recorded: Mapping[str, Array]) -> dict[str, Range]:
    """Return the range of recorded angles, with a margin, rad."""
    found = {}
    for channel, column in recorded.items():
        angles = column[np.isfinite(column)]
        if len(angles):
            low, high = float(angles.min()), float(angles.max())
            margin = max(MARGIN * (high - low), LEAST_MARGIN_RAD)
            found[channel] = (low - margin, high + margin)
    return found


def chosen_ranges(
    joints: Sequence[str],
    own: Sequence[Range],
    by_hand: Mapping[str, Range],
    recorded: Mapping[str, Range],
) -> tuple[tuple[Range, ...], list[str]]:
    """Return each joint's range, and sentences about joints that were not recorded.

    What is given by hand goes before what was recorded, and that before the model's own.

    Raises
    ------
    UserError
        If a range is of no joint, does not rise, or leaves the model's own.
    """
    for name in by_hand:
        if name not in joints:
            raise UserError(f"--range: '{name}' is none of the joints {', '.join(joints)}.")
    if recorded and not {*joints} & {*recorded}:
        raise UserError(
            f"The recording has angles of {', '.join(recorded)}, of none of {', '.join(joints)}; "
            "give the ranges by hand."
        )
    ranges, notes = [], []
    for joint, whole in zip(joints, own, strict=True):
        if joint in by_hand:
            ranges.append(_inside(joint, by_hand[joint], whole))
        elif joint in recorded:
            low, high = max(recorded[joint][0], whole[0]), min(recorded[joint][1], whole[1])
            if not low < high:
                raise UserError(
                    f"'{joint}' was recorded at {_degrees(recorded[joint])}, outside the model's "
                    f"{_degrees(whole)}; compare the sign and the zero of the two."
                )
            ranges.append((low, high))
        else:
            if not whole[0] < whole[1]:
                raise UserError(f"The model gives '{joint}' no range; give one with --range.")
            ranges.append(whole)
    if recorded and (missing := [j for j in joints if j not in recorded and j not in by_hand]):
        notes.append(f"Not recorded: {', '.join(missing)}; fitted over the model's own range.")
    return tuple(ranges), notes


def _inside(joint: str, wanted: Range, whole: Range) -> Range:
    if not wanted[0] < wanted[1]:
        raise UserError(f"The range {_degrees(wanted)} of '{joint}' must rise.")
    bounded = whole[0] < whole[1]
    if bounded and not whole[0] - 1e-6 <= wanted[0] < wanted[1] <= whole[1] + 1e-6:
        raise UserError(
            f"The range {_degrees(wanted)} of '{joint}' must lie inside the model's own, "
            f"{_degrees(whole)}."
        )
    return wanted


def _degrees(angles: Range) -> str:
    return f"{math.degrees(angles[0]):.4g} to {math.degrees(angles[1]):.4g} deg"
