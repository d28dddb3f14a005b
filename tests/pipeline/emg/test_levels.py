"""Levels recorded from an envelope, and the change to the scale that follows from them."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.emg.levels import LevelRecorder
from pipeline.emg.normalise import Normaliser

RATE_HZ = 200.0
MVC = np.array([2e-4, 4e-4])


def contraction(seconds=6.0, rest=1e-5, peak=3e-4):
    """One channel that contracts for a third of the time, one that stays at rest."""
    t = np.arange(round(seconds * RATE_HZ)) / RATE_HZ
    effort = (t > seconds / 3) & (t < 2 * seconds / 3)
    return np.column_stack((np.where(effort, peak, rest), np.full(len(t), rest)))


def recorded(x, cuts=()):
    recorder = LevelRecorder(RATE_HZ, x.shape[1])
    for part in np.split(x, cuts):
        recorder.add(part, np.ones(len(part), dtype=bool))
    return recorder.levels()


def test_the_level_that_was_held_is_found():
    levels = recorded(contraction())
    np.testing.assert_allclose(levels.highest, [3e-4, 1e-5])
    np.testing.assert_allclose(levels.lowest, [1e-5, 1e-5])
    assert levels.seconds == pytest.approx(6.0)
    assert levels.contracted(np.zeros(2)).tolist() == [True, False]


@given(st.integers(0, 1199), st.integers(1, 40))
def test_a_spike_shorter_than_a_quarter_second_leaves_no_trace(at, length):
    x = contraction()
    x[at : at + length] = 1.0
    assert recorded(x).highest.max() <= 3e-4


@given(st.lists(st.integers(1, 1199), max_size=6).map(sorted))
def test_levels_do_not_depend_on_how_the_samples_are_cut(cuts):
    x = contraction() * np.random.default_rng(1).uniform(0.5, 1.5, (1200, 2))
    whole, cut = recorded(x), recorded(x, cuts)
    for name in ("highest", "lowest", "mean"):
        np.testing.assert_array_equal(getattr(cut, name), getattr(whole, name))


def test_a_muscle_tensed_all_the_time_is_told_by_its_known_resting_level():
    levels = recorded(np.full((400, 1), 3e-4))
    assert not levels.contracted(np.zeros(1))
    assert levels.contracted(np.array([1e-5]))


def test_a_dead_electrode_is_not_contracted_and_half_a_second_is_needed():
    assert not recorded(np.zeros((400, 1))).contracted(np.zeros(1))
    assert recorded(np.zeros((60, 1))) is None


@pytest.mark.parametrize("baseline", [None, np.array([0.02, 0.05])])
def test_a_new_mvc_moves_the_excitation_without_a_step(baseline):
    scale, settled = Normaliser(MVC, baseline, RATE_HZ), np.ones(1, dtype=bool)
    x = np.tile([1e-4, 3e-4], (1000, 1))
    seen = []
    for i in range(len(x)):
        if i == 300:
            scale.adopt(2.0 * MVC, None, fade_s=1.0)
        if i == 350:  # a quarter of the way
            scale.adopt(0.5 * MVC, None, fade_s=1.0)
        seen.append(scale.process(x[i : i + 1], settled)[0])
    before, after = seen[299], seen[-1]
    np.testing.assert_allclose(after, 2.0 * before, rtol=0.15)
    learnt = 0.02 if baseline is not None else 0.11  # a tracked level is learnt in steps
    assert np.abs(np.diff(seen[299:], axis=0)).max() < learnt


def test_the_resting_level_stays_what_it_is_in_volts_when_mvc_changes():
    scale = Normaliser(MVC, np.array([0.02, 0.05]), RATE_HZ)
    scale.adopt(2.0 * MVC, None, fade_s=0.0)
    np.testing.assert_allclose(scale.baseline, [0.01, 0.025])


def test_a_recorded_resting_level_takes_the_place_of_the_tracked_one():
    scale = Normaliser(MVC, None, RATE_HZ)
    scale.adopt(MVC, np.array([0.1, 0.1]), fade_s=0.0)
    x, settled = np.tile(MVC, (400, 1)), np.ones(400, dtype=bool)
    np.testing.assert_allclose(scale.process(x, settled)[-1], [0.9, 0.9])
    assert not scale.tracked
