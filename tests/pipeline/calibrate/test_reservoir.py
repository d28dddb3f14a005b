"""The reservoir on movements that are told apart, or not, by what the muscles do."""

import numpy as np
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.calibrate.reservoir import Reservoir
from pipeline.timebase.rows import PairedRows

RATE_HZ = 100.0
LENGTH, SETTLE = 100, 20
LIKE = torch.zeros((), dtype=torch.float64)


def moving(start, count, excitation=0.2, speed=1.0, moment=1.0):
    """Return rows of two muscles swinging `speed` times a second."""
    t = (start + np.arange(count)) / RATE_HZ
    swing = 0.02 * np.sin(2 * np.pi * speed * t)[:, None] * [1.0, -1.0]
    return PairedRows(
        t,
        np.full((count, 2), excitation),
        0.3 + swing,
        np.full((count, 1, 2), 0.04),
        np.full((count, 1), moment),
        np.ones(count, dtype=bool),
        np.ones((count, 2), dtype=bool),
    )


def reservoir(capacity=5):
    return Reservoir(capacity, LENGTH, SETTLE, RATE_HZ, np.full(2, 0.1))


def test_of_the_same_movement_the_newest_is_kept():
    kept = reservoir()
    kept.add(moving(0, 1000))
    assert len(kept) == 1
    (stretch,) = kept.draw(3)
    assert len(stretch.t) == SETTLE + LENGTH
    assert stretch.t[0] > 7.5


def test_other_excitations_and_speeds_are_other_strata():
    kept = reservoir()
    for place, (excitation, speed) in enumerate([(0.2, 1.0), (0.6, 1.0), (0.2, 4.0)]):
        kept.add(moving(2000 * place, 300, excitation, speed))
    assert len(kept) == 3


@given(st.lists(st.tuples(st.floats(0, 1), st.floats(0.1, 5)), max_size=12), st.integers(1, 4))
@settings(max_examples=30, deadline=None)
def test_is_bounded_whatever_comes(movements, capacity):
    kept = reservoir(capacity)
    for place, (excitation, speed) in enumerate(movements):
        kept.add(moving(2000 * place, 250, excitation, speed))
        assert len(kept) <= capacity
    assert len(kept) >= min(1, len(movements))


def test_a_full_reservoir_gives_up_what_it_has_twice():
    kept = reservoir(3)
    for place, excitation in enumerate([0.1, 0.5, 0.6, 0.9]):
        kept.add(moving(2000 * place, 250, excitation))
    assert {float(rows.excitation[0, 0]) for rows in kept.draw(9)} == {0.1, 0.6, 0.9}


def test_everything_kept_gets_its_turn():
    kept = reservoir()
    for place in range(4):
        kept.add(moving(2000 * place, 250, 0.2 * place))
    drawn = [rows.excitation[0, 0] for _ in range(2) for rows in kept.draw(2)]
    assert len(set(drawn)) == 4


def test_a_stretch_never_reaches_over_a_gap():
    kept = reservoir()
    for place in range(20):
        kept.add(moving(500 * place, LENGTH + SETTLE - 1))
    assert len(kept) == 0


def test_what_has_no_reference_is_not_kept():
    kept = reservoir()
    kept.add(moving(0, 500, moment=np.nan))
    assert len(kept) == 0


def test_trials_give_no_weight_to_settling_states_or_missing_references():
    kept, rows = reservoir(), moving(0, LENGTH + SETTLE)
    rows.moment[60:70] = np.nan
    kept.add(rows)
    trials = kept.trials(kept.draw(1), LIKE)
    expected = np.ones(LENGTH + SETTLE)
    expected[:SETTLE] = 0.0
    expected[60:70] = 0.0
    np.testing.assert_array_equal(trials.weight[0, 0], expected)
    assert torch.isfinite(trials.moment).all()
    np.testing.assert_array_equal(trials.length[0].T, rows.length)
