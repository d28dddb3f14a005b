"""Ranges of the joints: by hand, recorded, and the model's own."""

import math

import numpy as np
import pytest

from daemon.modelling.ranges import chosen_ranges, parse_range, recorded_angles, recorded_ranges
from pipeline.errors import UserError
from pipeline.streams.recordings.recording import RecordedStream, Recording

OWN = ((-2.0, 2.0), (-1.0, 1.0))


@pytest.mark.parametrize(
    ("text", "name", "low", "high"),
    [
        ("knee_angle_l=-10:120deg", "knee_angle_l", math.radians(-10), math.radians(120)),
        ("a b/c=.5:1e0rad", "a b/c", 0.5, 1.0),
    ],
)
def test_a_range_by_hand(text: str, name: str, low: float, high: float) -> None:
    assert parse_range(text) == (name, (pytest.approx(low), pytest.approx(high)))


@pytest.mark.parametrize("text", ["knee", "knee=1:2", "knee=1-2deg", "=1:2deg", "knee=a:bdeg"])
def test_what_is_no_range_is_said(text: str) -> None:
    with pytest.raises(UserError, match=r"is no range; give it as NAME=LOW:HIGHdeg"):
        parse_range(text)


def _recording(**angles: list[float]) -> Recording:
    x = np.array(list(angles.values()), dtype=float).T
    stream = RecordedStream(tuple(angles), "deg", 100.0, np.arange(len(x)) / 100, x)
    return Recording("walk.mot", {"angles": stream})


def test_recorded_ranges_have_a_margin() -> None:
    found = recorded_ranges(recorded_angles(_recording(hip=[0, 100, 50], knee=[3, 4, np.nan])))
    assert np.degrees(found["hip"]) == pytest.approx([-15, 115])
    assert np.degrees(found["knee"]) == pytest.approx([-2, 9])


def test_a_recording_without_angles_is_said() -> None:
    with pytest.raises(UserError, match=r"'walk\.mot' has no angles"):
        recorded_angles(Recording("walk.mot", {}))


def test_by_hand_goes_before_recorded_and_that_before_the_models_own() -> None:
    ranges, notes = chosen_ranges(("hip", "knee"), OWN, {}, {"hip": (-0.5, 3.0)})
    assert ranges == ((-0.5, 2.0), (-1.0, 1.0))
    assert notes == ["Not recorded: knee; fitted over the model's own range."]
    by_hand = {"hip": (0.0, 1.0), "knee": (0.0, 0.5)}
    assert chosen_ranges(("hip", "knee"), OWN, by_hand, {"hip": (-0.5, 3.0)}) == (
        ((0.0, 1.0), (0.0, 0.5)),
        [],
    )


@pytest.mark.parametrize(
    ("by_hand", "recorded", "own", "told"),
    [
        ({}, {"elbow": (0, 1)}, OWN, "angles of elbow, of none of hip, knee"),
        ({}, {"hip": (3, 4)}, OWN, "compare the sign and the zero"),
        ({"elbow": (0, 1)}, {}, OWN, "'elbow' is none of the joints"),
        ({"hip": (0, 4)}, {}, OWN, "inside the model's own"),
        ({"hip": (1, 0)}, {}, OWN, "must rise"),
        ({}, {}, ((0, 0), (-1, 1)), "gives 'hip' no range"),
    ],
)
def test_impossible_ranges(by_hand: dict, recorded: dict, own: tuple, told: str) -> None:
    with pytest.raises(UserError, match=told):
        chosen_ranges(("hip", "knee"), own, by_hand, recorded)
