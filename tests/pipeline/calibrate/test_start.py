import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from person import BOUNDS, RATE_HZ, person, prior, recorded

from pipeline.calibrate.delay import Delays, delayed, with_delay
from pipeline.calibrate.offline import DescentSettings, cut, objective_value
from pipeline.calibrate.start import FIBRE_RANGE, StartSettings, find_start, shifted_tendons
from pipeline.model.parameters import ParameterSpace, Rule
from pipeline.timebase.delay import DelayLine


@given(st.floats(0.0, 15.0), st.integers(0, 2**32 - 1))
def test_trials_are_delayed_as_live_rows_are(steps, seed):
    x = np.random.default_rng(seed).uniform(0.0, 1.0, (40, 3))
    line = DelayLine(steps / RATE_HZ, RATE_HZ, 3).process(x)
    trial = torch.as_tensor(x.T.copy())[None]
    found = delayed(trial, torch.tensor(steps, dtype=torch.float64))[0].T.numpy()
    np.testing.assert_allclose(found, line, atol=1e-6)


def test_the_delay_has_a_gradient():
    signal = torch.rand(2, 2, 30, dtype=torch.float64)
    steps = torch.tensor([2.3, 7.6], dtype=torch.float64, requires_grad=True)
    weight = torch.rand(2, 2, 2, 30, dtype=torch.float64)
    assert torch.autograd.gradcheck(lambda d: (weight * delayed(signal, d)).sum(), steps)


def test_tendons_move_by_the_least_that_brings_the_fibres_into_range():
    one = prior()
    fibre = np.array([[0.3, 0.6, 0.2], [1.0, 1.3, 2.2]])  # too short, right, too long an excursion
    lengths = 1.02 * one.tendon_slack_length + fibre * one.optimal_fibre_length
    moved = shifted_tendons(one, lengths)
    found = (lengths - 1.02 * moved.tendon_slack_length) / one.optimal_fibre_length
    assert found[0, 0] == pytest.approx(FIBRE_RANGE[0])
    np.testing.assert_allclose(found[:, 1], fibre[:, 1])
    assert found[:, 2].mean() == pytest.approx(np.mean(FIBRE_RANGE))


@pytest.mark.parametrize(("delay_s", "gain"), [(0.04, 1.0), (0.09, 0.3)])
def test_delay_and_moments_of_a_stranger_are_found(delay_s, gain):
    """EMG of another gain, ahead of the excitation that acts."""
    bounds = BOUNDS | {"strength": (0.1, 4.0), "gain": (0.1, 8.0)}
    space = ParameterSpace(prior(), {name: Rule(True, b) for name, b in bounds.items()})
    rows = recorded(8.0)
    early = round(delay_s * RATE_HZ)
    excitation = gain * np.concatenate((rows.excitation[early:], rows.excitation[-early:]))
    part = slice(50, 750)
    trials = cut(rows._replace(excitation=excitation), [part], RATE_HZ, 0.3, space.zeros())

    def loss(output, batch, scale, vectors):
        return objective_value(output, batch, scale, vectors, DescentSettings())

    found = find_start(
        space, trials, RATE_HZ, loss, Delays(0.02, 0.15), settings=StartSettings(pull=0.1)
    )
    assert found.delay_s == pytest.approx(delay_s, abs=0.01)
    product = space.subject(found.vector)
    wanted = person().strength / gain
    ratio = product.strength * product.gain / wanted
    assert 0.4 < ratio[:2].min() < ratio[:2].max() < 2.5
    known = find_start(space, trials, RATE_HZ, loss, Delays(delay_s, delay_s))
    assert known.delay_s == pytest.approx(delay_s)
    assert known.loss < 0.5


def test_no_delay_changes_nothing():
    space = ParameterSpace(prior(), {name: Rule(True, b) for name, b in BOUNDS.items()})
    trials = cut(recorded(3.0), [slice(50, 250)], RATE_HZ, 0.3, space.zeros())
    assert with_delay(trials, 0.0) is trials
