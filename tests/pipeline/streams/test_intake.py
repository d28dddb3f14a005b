"""What a stream's health says of stamps that are late, wrong, or lead to drops."""

import time

import numpy as np
import pytest

from pipeline.streams.base import SourceState, StreamSpec
from pipeline.streams.channels import Picked
from pipeline.streams.intake import Intake

RATE_HZ = 100.0
ANGLES = StreamSpec("angles", ("knee",), RATE_HZ)
MOMENTS = StreamSpec("moments", ("knee",), RATE_HZ, keep_nonfinite=True, reference=True)
ONLY = Picked((np.array([0]),), (None,))


def fed(intake, stamp, seconds=4.0, start=1000.0, value=lambda t: np.sin(t)):
    """Feed single samples as they come; `stamp` is what the sender makes of the time."""
    for t in start + np.arange(round(seconds * RATE_HZ)) / RATE_HZ:
        intake.take(np.array([stamp(t)]), np.array([[value(t)]]), ONLY, 1.0, t)
    return t


def health(intake, now):
    return intake.health(now, intake.source_state(now), note=intake.oddity(now))


def test_a_reference_that_comes_late_is_live_and_its_clock_is_not_blamed():
    intake = Intake(MOMENTS, 5.0)
    now = fed(intake, lambda t: t - 1.5)
    seen = health(intake, now)
    assert seen.state is SourceState.LIVE
    assert seen.note == "The moments stream arrives 1.5 s late; it is paired by its stamps."
    assert health(intake, now + 2.5).state is SourceState.LOST


def test_late_angles_are_told_which_setting_decides():
    intake = Intake(ANGLES, 0.05)
    seen = health(intake, fed(intake, lambda t: t - 0.12))
    assert seen.state is SourceState.STALE
    assert "arrives 120 ms late" in seen.note
    assert "streams.stale_after_s = 0.05 s" in seen.note


@pytest.mark.parametrize(
    ("stamp", "words"),
    [
        (lambda t: time.time(), "Unix time"),
        (lambda t: 1e3 * t, "milliseconds"),
        (lambda t: 1e3 * time.time(), "milliseconds"),
        (lambda t: t - 60.0, "60 s behind"),
        (lambda t: t + 2.0, "2 s ahead of"),
    ],
)
def test_a_clock_that_is_wrong_is_named(stamp, words):
    intake = Intake(ANGLES, 0.05)
    seen = health(intake, fed(intake, stamp))
    assert words in seen.note
    assert seen.dropped_share == 1.0


def test_what_is_dropped_counts_for_two_seconds():
    intake = Intake(ANGLES, 0.05)
    now = fed(intake, lambda t: t, value=lambda t: np.nan if round(t * RATE_HZ) % 10 == 0 else 0.0)
    seen = health(intake, now)
    assert seen.dropped_share == pytest.approx(0.1, abs=0.02)
    assert seen.dropped_why == "they hold values that are not finite or cannot be"
    now = fed(intake, lambda t: t, seconds=2.5, start=now + 0.01)
    assert health(intake, now).dropped_share == 0.0


def test_a_reference_that_is_not_there_is_not_dropped():
    intake = Intake(MOMENTS, 5.0)
    assert health(intake, fed(intake, lambda t: t, value=lambda t: np.nan)).dropped_share == 0.0
