import numpy as np
import pytest

from pipeline.emg.baseline import BaselineTracker

RATE_HZ = 100.0


def bursts(seconds, offset, height=0.6):
    """One burst a second, at rest for more than half of it."""
    t = np.arange(round(seconds * RATE_HZ)) / RATE_HZ
    return (offset + height * np.maximum(np.sin(2.0 * np.pi * t), 0.0) ** 2)[:, None]


def learn(tracker, x):
    return tracker.subtract(x, np.ones(len(x), dtype=bool))


def test_offset_of_a_bursting_channel_is_gone_after_20_s():
    tracker = BaselineTracker(RATE_HZ, 1)
    x = bursts(25.0, 0.05)
    above = learn(tracker, x)
    np.testing.assert_allclose(above[2000:], x[2000:] - 0.05, atol=0.01)


def test_noisy_rest_is_found_from_below():
    tracker = BaselineTracker(RATE_HZ, 1)
    noise = np.random.default_rng(1).normal(0.0, 0.005, (2500, 1))
    learn(tracker, bursts(25.0, 0.05) + noise)
    assert tracker.level[0] == pytest.approx(0.05, abs=0.01)


def test_a_long_contraction_is_not_taken_for_rest():
    tracker = BaselineTracker(RATE_HZ, 1)
    learn(tracker, bursts(20.0, 0.03))
    learn(tracker, np.full((2000, 1), 0.08))
    assert tracker.level[0] == pytest.approx(0.03, abs=0.005)


def test_the_level_never_passes_a_tenth_of_mvc():
    tracker = BaselineTracker(RATE_HZ, 1)
    learn(tracker, np.full((10_000, 1), 0.5))
    assert tracker.level[0] == 0.1


def test_the_level_follows_a_fall_within_two_seconds():
    tracker = BaselineTracker(RATE_HZ, 1)
    learn(tracker, np.full((4000, 1), 0.08))
    learn(tracker, np.full((200, 1), 0.02))
    assert tracker.level[0] == pytest.approx(0.02)


def test_the_level_follows_a_rise_within_its_window():
    tracker = BaselineTracker(RATE_HZ, 1)
    learn(tracker, np.full((4000, 1), 0.02))
    learn(tracker, np.full((3000, 1), 0.06))
    assert tracker.level[0] == pytest.approx(0.06)


def test_nothing_is_subtracted_in_the_first_second_or_learned_from_unusable_samples():
    tracker = BaselineTracker(RATE_HZ, 1)
    x = np.full((99, 1), 0.05)
    np.testing.assert_array_equal(learn(tracker, x), x)
    tracker = BaselineTracker(RATE_HZ, 1)
    tracker.subtract(np.full((3000, 1), 0.05), np.zeros(3000, dtype=bool))
    assert tracker.level[0] == 0.0


def test_channels_have_levels_of_their_own():
    tracker = BaselineTracker(RATE_HZ, 2)
    learn(tracker, np.hstack((bursts(20.0, 0.02), bursts(20.0, 0.07))))
    np.testing.assert_allclose(tracker.level, [0.02, 0.07], atol=0.005)
