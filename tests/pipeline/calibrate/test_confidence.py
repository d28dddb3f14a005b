"""Confidence on data of which it is known what they tell."""

import numpy as np
import pytest
import torch
from person import person, recorded, space

from pipeline.calibrate.confidence import Grounds, confidence, correlation_length
from pipeline.calibrate.effects import BEND_DEVIATION, sensitivity
from pipeline.calibrate.loss import moment_scale
from pipeline.calibrate.window import Window
from pipeline.model.identifiability import Identifiability
from pipeline.model.nms import simulate

STEP_S = 0.01


def trials(rows):
    window = Window(len(rows.t), 1 / STEP_S, 30)
    window.add(rows)
    return window.trials(0, len(rows.t), len(rows.t) // 2, torch.zeros((), dtype=torch.float64))


def known(rows):
    chosen, parameters = trials(rows), space()
    vector = parameters.vector(person())
    return confidence(Grounds(parameters, vector, chosen, moment_scale(chosen), STEP_S))


def noisy(rows, deviation_nm, seed=1):
    noise = np.random.default_rng(seed).normal(0.0, deviation_nm, rows.moment.shape)
    return rows._replace(moment=rows.moment + noise)


def test_sensitivity_is_the_derivative_of_every_moment_by_every_parameter():
    parameters, chosen = space(groups=[["flexor", "helper"]]), trials(recorded(4.0))
    vector = parameters.zeros() + 0.1
    output = simulate(parameters.parameters(vector), *chosen[:3], STEP_S)
    slope = sensitivity(parameters, vector, chosen, STEP_S, output)
    assert slope.shape[0] == parameters.size
    for place in range(parameters.size):
        step = torch.zeros_like(vector)
        step[place] = 0.01
        ahead, behind = (
            simulate(parameters.parameters(moved), *chosen[:3], STEP_S).moment
            for moved in (vector + step, vector - step)
        )
        expected = (ahead - behind) / 0.02
        np.testing.assert_allclose(slope[place], expected, atol=1e-4 * float(expected.abs().max()))


@pytest.mark.parametrize("correlation", [0.0, 0.5, 0.9])
def test_correlation_length_of_noise_with_a_known_memory(correlation):
    """An autoregression of order one with coefficient r has the length (1 + r) / (1 - r)."""
    random, size = np.random.default_rng(3), 20_000
    noise = random.normal(size=(2, 1, size))
    for i in range(1, size):
        noise[..., i] += correlation * noise[..., i - 1]
    values = torch.tensor(noise)
    length = float(correlation_length(values, torch.ones_like(values))[0])
    assert length == pytest.approx((1 + correlation) / (1 - correlation), rel=0.2)


def test_a_muscle_that_does_nothing_is_unobserved():
    rows = recorded(6.0, drive=(1.0, 1.0, 0.0))
    found = known(noisy(rows, 1.0))
    assert found.identifiability["strength"][2] is Identifiability.UNOBSERVED
    assert found.identifiability["strength"][0] is Identifiability.IDENTIFIED
    assert found.deviation["strength"][2] > 5 * found.deviation["strength"][0]


def test_more_noise_and_less_data_leave_more_open():
    quiet, loud = (known(noisy(recorded(6.0), nm)) for nm in (1.0, 30.0))
    brief = known(noisy(recorded(2.0), 30.0))
    for name in ("strength", "optimal_fibre_length"):
        assert (loud.deviation[name] > quiet.deviation[name]).all()
        assert (brief.deviation[name] > loud.deviation[name]).all()


@pytest.mark.parametrize("groups", [[], [["flexor", "helper"]]])
@pytest.mark.parametrize("gain", [1.0, 1.49])
def test_no_data_tell_strength_better_than_the_noise_of_emg_lets_them(groups, gain):
    """Nor where a gain has come close to a bound, from where it cannot make up for anything."""
    parameters, chosen = space(groups, fixed=()), trials(recorded(40.0))
    vector = parameters.vector(person().with_values({"gain": np.full(3, gain)}))
    with torch.no_grad():
        done = simulate(parameters.parameters(vector), *chosen[:3], STEP_S).moment
    chosen = chosen._replace(moment=done)
    found = confidence(Grounds(parameters, vector, chosen, moment_scale(chosen), STEP_S))
    strength = parameters.subject(vector).strength
    assert (found.deviation["strength"] / strength > 0.6 * BEND_DEVIATION).all()


def test_what_is_fixed_or_at_a_bound_is_called_so():
    rows, parameters = recorded(3.0), space(fixed=("gain", "c1", "c2"))
    vector = parameters.zeros()
    vector[parameters.labels.index(("flexor", "strength"))] = 9.0
    chosen = trials(rows)
    found = confidence(Grounds(parameters, vector, chosen, moment_scale(chosen), STEP_S))
    assert found.identifiability["c1"] == (Identifiability.FIXED,) * 3
    np.testing.assert_array_equal(found.deviation["c1"], 0.0)
    assert found.identifiability["strength"][0] is Identifiability.AT_BOUND
    low, high = parameters.prior.strength[0] * np.array(parameters.bounds("strength"))
    assert found.deviation["strength"][0] == pytest.approx(high - low, rel=0.01)


def test_the_directions_make_up_the_moments_variance():
    """Of a fit to white noise: its variance, once for every parameter that the data tell of."""
    rows, parameters = noisy(recorded(6.0), 5.0), space()
    chosen, found, at = trials(rows), known(rows), person()

    def moments(values):
        vector = parameters.vector(at.with_values(values))
        return simulate(parameters.parameters(vector), *chosen[:3], STEP_S).moment

    centre = moments(at.values())
    variance = sum((moments(values) - centre).square() for values in found.directions)
    most = parameters.size * correlated(chosen) * 5.0**2 / chosen.weight.sum()
    assert 0.3 * float(most) < float(variance.mean()) < 1.1 * float(most)


def correlated(chosen):
    """Return the correlation length of the noise alone, which is drawn anew for every row."""
    noise = torch.randn(chosen.moment.shape, generator=torch.Generator().manual_seed(1))
    return float(correlation_length(noise.double(), chosen.weight).mean())


def test_the_delay_is_as_well_known_as_the_moments_change_with_it():
    """Moments of an excitation that is later by two deviations differ as the interval says."""
    chosen, parameters = trials(noisy(recorded(6.0), 5.0)), space()
    vector, before_s = parameters.vector(person()), 0.04

    def deviation_s(of, before):
        scale = moment_scale(chosen)
        return confidence(Grounds(parameters, vector, of, scale, STEP_S, before)).delay_deviation_s

    found = deviation_s(chosen, before_s)
    assert 0.0005 < found < 0.5 * before_s
    assert deviation_s(chosen, 0.0) == 0.0
    still = chosen._replace(
        excitation=chosen.excitation.mean(-1, keepdim=True).expand_as(chosen.excitation)
    )
    assert deviation_s(still, before_s) == pytest.approx(before_s, rel=1e-3)
