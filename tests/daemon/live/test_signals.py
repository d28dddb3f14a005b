"""Levels of the EMG channels and raw samples, as they are collected beside the prediction."""

import numpy as np
import pytest

from daemon.live.signals import MOST_SAMPLES, LevelWatch, RecentEmg
from pipeline.streams.base import Chunk

CHANNELS = ("a", "b", "c")


def chunk(t, x):
    return Chunk("emg", np.asarray(t, dtype=float), np.asarray(x, dtype=float))


def test_levels_are_the_extremes_of_the_told_channels_since_the_last_time():
    watch = LevelWatch(CHANNELS, ("c", "a"), rate_hz=10.0)
    watch.add(chunk([0.0], [[0.1, 9.0, 0.5]]))
    first = watch.due()
    assert first is not None
    assert (first.t, first.level.tolist()) == (0.0, [0.5, 0.1])

    burst = [[0.2, 9.0, 0.4], [0.9, 9.0, 0.3]], [[0.3, 9.0, 0.6]]
    watch.add(chunk([0.01, 0.02], burst[0]))
    assert watch.due() is None
    watch.add(chunk([0.1], burst[1]))
    told = watch.due()
    assert told is not None
    assert told.t == 0.1
    assert told.low.tolist() == [0.3, 0.2]
    assert told.high.tolist() == [0.6, 0.9]
    assert told.level.tolist() == [0.6, 0.3]
    assert watch.due() is None


def test_levels_come_at_their_rate_however_they_are_cut():
    watch = LevelWatch(CHANNELS, CHANNELS, rate_hz=10.0)
    times = []
    for t in np.arange(0.0, 10.0, 0.005):
        watch.add(chunk([t], np.zeros((1, 3))))
        times += [levels.t for levels in [watch.due()] if levels]
    assert len(times) == 100
    np.testing.assert_allclose(np.diff(times), 0.1, atol=1e-9)


def test_no_levels_are_told_where_none_are_wanted_or_none_came():
    silent = LevelWatch(CHANNELS, CHANNELS, rate_hz=0.0)
    silent.add(chunk([0.0], np.zeros((1, 3))))
    assert silent.due() is None
    watch = LevelWatch(CHANNELS, CHANNELS, rate_hz=10.0)
    watch.add(chunk([], np.zeros((0, 3))))
    assert watch.due() is None


@pytest.mark.parametrize(("rate_hz", "most"), [(100.0, 200), (4000.0, MOST_SAMPLES)])
def test_the_newest_two_seconds_are_kept_and_no_more(rate_hz, most):
    recent = RecentEmg(rate_hz, max_gap_s=0.1)
    t = np.arange(20_000) / rate_hz
    x = np.stack([t, -t], axis=1)
    for rows in np.array_split(np.arange(len(t)), 1111):
        recent.add(chunk(t[rows], x[rows]))
    found = recent.channel(1, now=t[-1])
    np.testing.assert_array_equal(found, -t[-most:])


def test_what_is_old_or_before_a_gap_is_not_told():
    recent = RecentEmg(100.0, max_gap_s=0.1)
    assert recent.channel(0, now=0.0) is None
    recent.add(chunk([0.0, 0.01], [[1.0], [2.0]]))
    recent.add(chunk([1.0, 1.01], [[3.0], [4.0]]))
    assert recent.channel(0, now=1.02).tolist() == [3.0, 4.0]
    assert recent.channel(0, now=3.5) is None
