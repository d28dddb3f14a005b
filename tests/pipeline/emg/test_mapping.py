"""What drives the muscles while electrodes come off and come back."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.emg.channel_watch import Change
from pipeline.emg.mapping import HIGHEST, ExcitationMapper, MappedExcitations
from pipeline.emg.synthesis import SynergyWeights, Synthesis
from pipeline.timebase.rows import Rows

RATE_HZ = 100.0
CHANNELS = ("a", "b", "c", "d")
MUSCLES = ("one", "two", "three", "bare")
MAPPING = {"one": ("a",), "two": ("b",), "three": ("c", "d")}
WEIGHTS = np.array([[1.0, 0.0], [0.5, 0.5], [0.0, 1.0], [0.3, 0.1]])
FADE_S = 0.1


def drive(mapping=MAPPING, learnt=True) -> ExcitationMapper:
    one = ExcitationMapper(MUSCLES, CHANNELS, mapping, RATE_HZ, FADE_S)
    if learnt:
        one.learn(Synthesis(SynergyWeights(WEIGHTS, np.ones(len(MUSCLES)))))
        one.rows(rows(20))
    return one


def rows(n: int, start_s: float = 0.0, seed: int = 1) -> Rows:
    """Return rows of channels that two synergies drive."""
    t = start_s + np.arange(n) / RATE_HZ
    primitives = np.random.default_rng(seed).uniform(0.1, 0.9, (n, 2))
    muscles = primitives @ WEIGHTS.T
    excitation = muscles[:, [0, 1, 2, 2]]
    return Rows(t, t, excitation, np.zeros((n, 1)), np.ones(n, dtype=bool))


def test_while_all_is_well_each_muscle_is_driven_by_the_mean_of_its_channels():
    mapping = {name: MAPPING[name] for name in ("one", "two", "three")} | {"bare": ("d",)}
    seen = rows(5)
    driven = ExcitationMapper(MUSCLES, CHANNELS, mapping, RATE_HZ, FADE_S).rows(seen)
    x = seen.excitation
    expected = np.stack((x[:, 0], x[:, 1], (x[:, 2] + x[:, 3]) / 2, x[:, 3]), 1)
    np.testing.assert_allclose(driven.excitation, expected)
    assert driven.measured.all()
    assert driven.valid.all()


def test_a_muscle_without_electrode_is_synthesised_and_never_counts_as_measured():
    driven = drive().rows(rows(10))
    truth = rows(10).excitation[:, :3] @ np.linalg.pinv(WEIGHTS[:3]).T @ WEIGHTS[3]
    np.testing.assert_allclose(driven.excitation[:, 3], truth, atol=2e-3)
    assert not driven.measured[:, 3].any()
    assert driven.measured[:, :3].all()
    assert driven.valid.all()


def test_without_synergies_it_stays_at_rest_as_the_model_has_it():
    driven = drive(learnt=False).rows(rows(10))
    assert not driven.excitation[:, 3].any()
    assert driven.valid.all()


def test_a_failed_muscle_is_synthesised_at_once_and_returns_by_and_by():
    one = drive()
    one.note([Change(0.1, "a", "flat"), Change(0.3, "a", None)])
    seen = rows(60)
    lost = seen.excitation.copy()
    lost[:, 0] = 0.0
    driven = one.rows(Rows(seen.t, seen.t_emg, lost, seen.angle, seen.valid))
    off = slice(10, 30)
    np.testing.assert_allclose(driven.excitation[off, 0], seen.excitation[off, 0], atol=5e-3)
    assert driven.measured[:10, 0].all()
    assert not driven.measured[off, 0].any()
    np.testing.assert_array_equal(driven.measured[30:, 0], np.arange(30, 60) >= 39)
    # From the synthesised to the measured zero in a tenth of a second, not at once.
    share = driven.excitation[30:40, 0] / seen.excitation[30:40, 0]
    np.testing.assert_allclose(share, 1.0 - np.arange(1, 11) / 10, atol=0.02)


def test_a_muscle_with_another_electrode_is_driven_by_that():
    one = drive()
    one.note([Change(0.0, "c", "flat")])
    seen = rows(5)
    broken = seen.excitation.copy()
    broken[:, 2] = 0.9
    driven = one.rows(Rows(seen.t, seen.t_emg, broken, seen.angle, seen.valid))
    np.testing.assert_allclose(driven.excitation[:, 2], seen.excitation[:, 3])
    assert driven.measured[:, 2].all()


def test_a_failed_muscle_that_nothing_can_synthesise_makes_rows_invalid():
    one = drive(learnt=False)
    one.note([Change(0.05, "b", "flat")])
    driven = one.rows(rows(10))
    np.testing.assert_array_equal(driven.valid, np.arange(10) < 5)
    assert np.isfinite(driven.excitation).all()


def test_with_every_electrode_gone_no_row_is_valid():
    one = drive()
    one.note([Change(0.0, name, "flat") for name in CHANNELS])
    assert not one.rows(rows(3)).valid.any()


def test_new_synergies_take_over_without_a_jump():
    one = drive()
    other = SynergyWeights(2.0 * WEIGHTS[[0, 1, 2, 2]], np.ones(4))
    before = one.rows(rows(1)).excitation[0, 3]
    one.learn(Synthesis(other))
    first = rows(1)
    columns = (first.t, first.t_emg, first.excitation, first.angle, first.valid)
    steady = Rows(*(np.repeat(column, 12, axis=0) for column in columns))
    after = one.rows(steady).excitation[:, 3]
    assert abs(after[0] - before) < 0.2 * abs(after[-1] - before)
    assert (np.diff(after) >= -1e-12).all() or (np.diff(after) <= 1e-12).all()


@given(
    st.lists(st.integers(1, 39), max_size=6, unique=True).map(sorted),
    st.sampled_from(CHANNELS),
    st.integers(0, 30),
    st.integers(1, 30),
)
def test_how_rows_are_cut_makes_no_difference(cuts, channel, off, length):
    changes = [
        Change(off / RATE_HZ - 1e-9, channel, "flat"),
        Change((off + length) / RATE_HZ - 1e-9, channel, None),
    ]
    seen = rows(40)
    whole, parts = drive(), drive()
    whole.note(changes)
    parts.note(changes)
    together = whole.rows(seen)
    columns = (seen.t, seen.t_emg, seen.excitation, seen.angle, seen.valid)
    pieces = [
        parts.rows(Rows(*piece))
        for piece in zip(*(np.split(c, cuts) for c in columns), strict=True)
    ]
    for name in MappedExcitations._fields:
        joined = np.concatenate([getattr(piece, name) for piece in pieces])
        np.testing.assert_array_equal(joined, getattr(together, name))


def test_a_channel_that_drives_nothing_changes_nothing():
    one = drive({"one": ("a",), "two": ("b",), "three": ("c",), "bare": ("c",)})
    one.note([Change(0.0, "d", "flat")])
    driven = one.rows(rows(5))
    assert driven.measured.all()
    assert one.synthesised == ()


@pytest.mark.parametrize("fade_s", [0.0, 0.3])
def test_no_excitation_leaves_its_range(fade_s):
    one = ExcitationMapper(MUSCLES, CHANNELS, MAPPING, RATE_HZ, fade_s)
    one.learn(Synthesis(SynergyWeights(5.0 * WEIGHTS, np.ones(4))))
    one.note([Change(0.02, "a", "flat"), Change(0.1, "a", None)])
    seen = rows(40)
    wild = Rows(seen.t, seen.t_emg, 30.0 * seen.excitation, seen.angle, seen.valid)
    excitation = one.rows(wild).excitation
    assert excitation.min() >= 0.0
    assert excitation.max() <= HIGHEST
