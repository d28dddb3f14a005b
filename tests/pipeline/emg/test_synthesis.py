"""Live synthesis: exact least squares, and rows that depend on nothing but themselves."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import nnls

from pipeline.emg.synthesis import MOST_SYNERGIES, PrimitiveSolver, SynergyWeights, Synthesis

MUSCLES, SYNERGIES = 6, 3


def example(seed: int, rows: int = 40):
    """Return weights, primitives [row, synergy] and the excitations they make."""
    rng = np.random.default_rng(seed)
    weights = rng.uniform(0.0, 0.5, (MUSCLES, SYNERGIES))
    primitives = rng.uniform(0.0, 0.6, (rows, SYNERGIES)) * rng.integers(0, 2, (rows, SYNERGIES))
    return weights, primitives, primitives @ weights.T


@given(st.integers(0, 2**31), st.integers(1, 16), st.integers(1, 8))
def test_the_least_squares_are_those_of_scipy(seed, muscles, synergies):
    rng = np.random.default_rng(seed)
    weights = rng.uniform(0.0, 1.0, (muscles, synergies)) * rng.integers(0, 2, (muscles, synergies))
    excitation = rng.uniform(-0.2, 1.0, muscles)
    solver = PrimitiveSolver(weights)
    augmented = np.vstack((weights, np.sqrt(solver.ridge) * np.eye(synergies)))
    target = np.concatenate((excitation, np.zeros(synergies)))
    expected, _ = nnls(augmented, target)
    found = solver.solve(excitation)

    def squares(primitives):  # of synergies that are nearly alike, rounding picks one
        return float(np.square(augmented @ primitives - target).sum())

    assert (found >= 0.0).all()
    assert squares(found) <= squares(expected) + 1e-10


def test_without_ridge_to_speak_of_they_are_those_of_the_plain_problem():
    weights, _, excitation = example(1)
    solver = PrimitiveSolver(weights)
    for row in excitation + 0.05:
        np.testing.assert_allclose(solver.solve(row), nnls(weights, row)[0], atol=2e-3)


@given(st.integers(0, 2**31), st.integers(0, 2**MUSCLES - 2))
def test_what_is_measured_stays_and_the_rest_is_between_zero_and_one(seed, pattern):
    rng = np.random.default_rng(seed)
    weights, _, _ = example(seed)
    measured = (pattern >> np.arange(MUSCLES)) & 1 == 1
    excitation = np.where(measured, rng.uniform(0.0, 1.0, (5, MUSCLES)), np.nan)
    filled = Synthesis(SynergyWeights(weights, np.ones(MUSCLES))).fill(excitation, measured)
    np.testing.assert_array_equal(filled[:, measured], excitation[:, measured])
    assert (filled >= 0.0).all()
    assert (filled <= 1.0).all()


def test_muscles_that_follow_the_synergies_are_recovered():
    weights, _, excitation = example(2)
    measured = np.array([True, True, False, True, True, False])
    seen = np.where(measured, excitation, 0.7)
    filled = Synthesis(SynergyWeights(weights, np.ones(MUSCLES))).fill(seen, measured)
    np.testing.assert_allclose(filled, excitation, atol=2e-3)


def test_where_no_electrode_is_left_there_is_no_excitation():
    weights, _, excitation = example(3)
    filled = Synthesis(SynergyWeights(weights, np.ones(MUSCLES))).fill(
        excitation, np.zeros(MUSCLES, dtype=bool)
    )
    assert not filled.any()


def test_fewer_muscles_than_synergies_give_a_solution_that_does_not_jump():
    weights, _, _ = example(4)
    measured = np.arange(MUSCLES) == 0
    rising = np.linspace(0.0, 0.5, 200)[:, None] * np.ones(MUSCLES)
    filled = Synthesis(SynergyWeights(weights, np.ones(MUSCLES))).fill(rising, measured)
    assert np.abs(np.diff(filled, axis=0)).max() < 0.02


@given(st.integers(0, 2**31), st.lists(st.integers(1, 7), max_size=8))
def test_rows_do_not_depend_on_how_they_are_cut(seed, cuts):
    rng = np.random.default_rng(seed)
    weights, _, excitation = example(seed)
    measured = rng.uniform(size=excitation.shape) < 0.8
    together = Synthesis(SynergyWeights(weights, np.ones(MUSCLES))).fill(excitation, measured)
    synthesis = Synthesis(SynergyWeights(weights, np.ones(MUSCLES)))
    edges = np.cumsum(cuts)[np.cumsum(cuts) < len(excitation)]
    parts = [
        synthesis.fill(e, m)
        for e, m in zip(np.split(excitation, edges), np.split(measured, edges), strict=True)
    ]
    np.testing.assert_array_equal(np.concatenate(parts), together)


def test_the_unit_says_whose_error_counts():
    weights = np.array([[1.0], [1.0], [1.0]])
    seen = np.array([[0.2, 0.6, 0.0]])
    measured = np.array([True, True, False])
    even = Synthesis(SynergyWeights(weights, np.ones(3))).fill(seen, measured)
    first = Synthesis(SynergyWeights(weights, np.array([0.01, 1.0, 1.0]))).fill(seen, measured)
    assert even[0, 2] == pytest.approx(0.4, rel=1e-3)
    assert first[0, 2] == pytest.approx(0.2, rel=1e-2)


def test_no_rows_are_no_rows():
    weights, _, excitation = example(5)
    assert Synthesis(SynergyWeights(weights, np.ones(6))).fill(
        excitation[:0], np.ones(6, bool)
    ).shape == (0, 6)


def test_too_many_synergies_are_refused():
    with pytest.raises(ValueError, match="more than"):
        PrimitiveSolver(np.ones((20, MOST_SYNERGIES + 1)))
