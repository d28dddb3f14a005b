"""The predictor: rows one by one or in blocks, and the fade between parameter sets."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.model.curves import DEFAULT
from pipeline.model.identifiability import Confidence
from pipeline.model.quantities import QUANTITIES
from pipeline.model.subject import Subject
from pipeline.predict import CrossFade, Predictor

MUSCLES = ("flexor", "extensor")
RATE_HZ = 100.0


def subject(strength: float = 1.0) -> Subject:
    two = np.ones(2)
    person = Subject.generic(MUSCLES, 800 * two, 0.1 * two, 0.2 * two, 0.1 * two, 10 * two)
    return person.with_values({"strength": strength * two})


def rows(n: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    t = np.arange(n)[:, None] / RATE_HZ
    phase = np.array([0.0, 2.0])
    excitation = 0.4 + 0.35 * np.sin(2 * np.pi * 1.5 * t + phase)
    length = 0.3 + 0.01 * np.cos(2 * np.pi * t + phase)
    moment_arm = np.tile([[0.04, -0.03]], (n, 1, 1))
    return excitation, length, moment_arm


@given(st.lists(st.integers(1, 40), min_size=1, max_size=8))
@settings(max_examples=20)
def test_any_cut_of_the_rows_gives_the_same_moments(sizes):
    whole = rows(sum(sizes))
    expected = Predictor(subject(), RATE_HZ, CrossFade(0.5)).predict(*whole).moment
    predictor, start, parts = Predictor(subject(), RATE_HZ, CrossFade(0.5)), 0, []
    for size in sizes:
        parts.append(predictor.predict(*(part[start : start + size] for part in whole)).moment)
        start += size
    np.testing.assert_allclose(np.concatenate(parts), expected, atol=1e-6)


def test_a_row_that_cannot_be_predicted_leaves_nothing_behind():
    predictor = Predictor(subject(), RATE_HZ, CrossFade(0.5))
    predictor.adopt(subject(1.5), 1)  # a fade is under way
    excitation, length, moment_arm = rows(3)
    length[1] = np.nan
    parts = [part[:, None] for part in (excitation, length, moment_arm)]
    moments = [predictor.predict(*(part[i] for part in parts)).moment for i in range(3)]
    assert np.isfinite(moments[0]).all()
    assert np.isfinite(moments[2]).all()


def test_a_new_set_is_faded_in_and_reached():
    whole = rows(200)
    weak = Predictor(subject(1.0), RATE_HZ, CrossFade(0.5)).predict(*whole).moment
    strong = Predictor(subject(1.5), RATE_HZ, CrossFade(0.5), 1).predict(*whole).moment
    predictor = Predictor(subject(1.0), RATE_HZ, CrossFade(0.5))
    before = predictor.predict(*(part[:50] for part in whole)).moment
    predictor.adopt(subject(1.5), 1)
    after = np.concatenate(
        [predictor.predict(*(part[i : i + 1] for part in whole)).moment for i in range(50, 200)]
    )
    got = np.concatenate((before, after))
    np.testing.assert_allclose(got[:50], weak[:50])
    np.testing.assert_allclose(got[100:], strong[100:], atol=1e-6)
    largest = max(np.abs(np.diff(weak[:, 0])).max(), np.abs(np.diff(strong[:, 0])).max())
    share = np.abs(strong - weak).max() / 50
    assert np.abs(np.diff(got[:, 0])).max() <= largest + share + 1e-6


def test_of_several_waiting_sets_only_the_newest_is_taken():
    whole = rows(120)
    predictor = Predictor(subject(), RATE_HZ, CrossFade(0.5))
    for version in (1, 2, 3):
        predictor.adopt(subject(1.0 + 0.1 * version), version)
    predictor.predict(*(part[:60] for part in whole))
    assert predictor.version == 3


def test_a_row_has_the_version_of_the_newest_set_that_takes_part_in_it():
    """A set that waits for the end of a fade is in none of the moments."""
    whole, predictor = rows(200), Predictor(subject(), RATE_HZ, CrossFade(0.5), 4)
    step, versions, leaving = [part[:, None] for part in whole], [], []
    for i in range(200):
        if i in (20, 40):
            predictor.adopt(subject(1.0 + 0.01 * i), 5 if i == 20 else 6)
        moments = predictor.predict(*(part[i] for part in step))
        versions.extend(moments.version)
        leaving.extend(moments.leaving)
    np.testing.assert_array_equal(versions, [4] * 20 + [5] * 50 + [6] * 130)
    np.testing.assert_array_equal(leaving, [4] * 69 + [5] * 50 + [6] * 81)


def test_rows_computed_ahead_have_the_version_of_their_turn():
    whole, predictor = rows(3), Predictor(subject(), RATE_HZ, CrossFade(0.5))
    one, two = ([part[i : i + 1] for part in whole] for i in range(2))
    predictor.predict(*one)
    predictor.work_ahead(*two)
    predictor.adopt(subject(1.5), 1)
    assert predictor.predict(*two).version == [1]


def test_reset_forgets_the_state():
    whole = rows(60)
    predictor = Predictor(subject(), RATE_HZ, CrossFade(0.5))
    first = predictor.predict(*whole).moment
    predictor.reset()
    assert predictor.predict(*whole).moment == pytest.approx(first, abs=1e-9)


def fading(cross_fade):
    """Return moments while a set that is twice as strong comes in, and the predictor."""
    whole, predictor = rows(300), Predictor(subject(1.0), RATE_HZ, cross_fade)
    before = predictor.predict(*(part[:50] for part in whole)).moment
    predictor.adopt(subject(2.0), 1)
    after = [predictor.predict(*(part[i : i + 7] for part in whole)) for i in range(50, 300, 7)]
    return np.concatenate((before, *(moments.moment for moments in after))), predictor


@pytest.mark.parametrize("limit", [20.0, 100.0])
def test_a_hand_over_moves_no_moment_faster_than_the_limit(limit):
    """What it adds to the movement's own change is measured against the set that was in use."""
    got, predictor = fading(CrossFade(0.05, limit))
    weak = Predictor(subject(1.0), RATE_HZ, CrossFade()).predict(*rows(300)).moment
    strong = Predictor(subject(2.0), RATE_HZ, CrossFade()).predict(*rows(300)).moment
    difference = strong - weak
    share = np.max((got - weak) / np.where(np.abs(difference) > 1e-6, difference, np.inf), axis=1)
    added = np.diff(share)[:, None] * difference[1:] * RATE_HZ
    settling = slice(49, 60)  # the coming set's states settle while its share is small
    assert np.abs(np.delete(added, np.arange(300)[settling], axis=0)).max() < 1.05 * limit
    assert predictor.fastest_cross_fade <= limit * (1 + 1e-9)
    assert share[-1] > 0.2


def test_without_a_limit_it_does():
    _, predictor = fading(CrossFade(0.0))
    assert predictor.fastest_cross_fade > 100.0


def known(subjects, residual=(0.5,)):
    """Return a confidence with one direction for each subject."""
    return Confidence({}, {}, tuple(one.values() for one in subjects), residual)


def test_the_deviation_is_that_of_parameters_and_residual():
    whole = rows(100)
    predictor = Predictor(subject(1.0), RATE_HZ, CrossFade(0.0))
    assert np.isnan(predictor.predict(*whole).deviation).all()
    predictor.adopt(subject(1.0), 1, known([subject(1.1), subject(0.8)]))
    predictor.reset()
    moments = predictor.predict(*whole)
    expected = np.sqrt((0.1**2 + 0.2**2) * moments.moment**2 + 0.5**2)
    np.testing.assert_allclose(moments.deviation[1:], expected[1:], rtol=1e-3)


def test_stiffness_is_that_of_the_sets_in_their_shares_and_unknown_without_slopes():
    whole = (*rows(100), np.tile([[-0.02, 0.01]], (100, 1, 1)))
    weak = Predictor(subject(1.0), RATE_HZ, CrossFade()).predict(*whole)
    strong = Predictor(subject(1.5), RATE_HZ, CrossFade()).predict(*whole)
    assert np.isfinite(weak.stiffness).all()
    np.testing.assert_allclose(strong.stiffness, 1.5 * weak.stiffness)
    predictor = Predictor(subject(1.0), RATE_HZ, CrossFade(0.5))
    predictor.adopt(subject(1.5), 1, known([subject(3.0)]))
    mixed = predictor.predict(*whole)
    share = np.minimum(np.arange(1, 101) / 50.0, 1.0)[:, None]
    np.testing.assert_allclose(mixed.stiffness, (1.0 + 0.5 * share) * weak.stiffness)
    assert np.isnan(predictor.predict(*whole[:3]).stiffness).all()


def told(moments, name):
    return moments.muscles[:, list(QUANTITIES).index(name)]


def test_what_muscles_do_makes_up_the_moments_also_while_one_set_fades_into_the_next():
    whole = rows(120)
    predictor = Predictor(subject(1.0), RATE_HZ, CrossFade(0.5), with_muscles=True)
    predictor.adopt(subject(1.5).with_values({"gain": np.array([1.4, 0.8])}), 1)
    moments = predictor.predict(*whole)
    shares = moments.muscles[:, len(QUANTITIES) :]
    np.testing.assert_allclose(shares.sum(axis=-1), moments.moment)
    np.testing.assert_allclose(shares[:, 0], told(moments, "force") * whole[2][:, 0])
    parts = told(moments, "active_force") + told(moments, "passive_force")
    np.testing.assert_allclose(parts, told(moments, "force"))
    np.testing.assert_allclose(
        told(moments, "excitation")[60:], np.minimum(whole[0] * [1.4, 0.8], 1.0)[60:]
    )


def test_what_muscles_do_is_the_muscle_models_own_account():
    """Forces by the published curves from the lengths, velocities and activations that are told."""
    whole, person = rows(120), subject(1.5)
    moments = Predictor(person, RATE_HZ, CrossFade(), with_muscles=True).predict(*whole)
    length, velocity = (
        torch.from_numpy(told(moments, f"fibre_{name}").copy()) for name in ("length", "velocity")
    )
    strongest = torch.from_numpy(person.max_isometric_force * person.strength)
    height = np.sin(person.pennation)
    cosine = torch.sqrt(1.0 - (torch.from_numpy(height) / length) ** 2)
    unit = DEFAULT.active_force_length(length)[0] * DEFAULT.force_velocity(velocity)[0]
    activation = torch.from_numpy(told(moments, "activation").copy())
    damping = torch.from_numpy(person.damping)
    active = strongest * cosine * activation * unit
    passive = DEFAULT.passive_force_length(length)[0] + damping * velocity
    np.testing.assert_allclose(told(moments, "active_force"), active, rtol=1e-6)
    np.testing.assert_allclose(
        told(moments, "passive_force"), strongest * cosine * passive, rtol=1e-5, atol=1e-4
    )
    strain = torch.from_numpy(told(moments, "tendon_strain").copy())
    np.testing.assert_allclose(
        told(moments, "force"), strongest * DEFAULT.tendon_force(strain)[0], rtol=1e-9
    )
    path = whole[1] - (1.0 + strain.numpy()) * person.tendon_slack_length
    along = length * cosine * torch.from_numpy(person.optimal_fibre_length)
    np.testing.assert_allclose(path, along, rtol=1e-9)


def test_nothing_is_told_of_muscles_where_nobody_asks():
    assert Predictor(subject(), RATE_HZ, CrossFade()).predict(*rows(7)).muscles.shape == (7, 0, 2)
