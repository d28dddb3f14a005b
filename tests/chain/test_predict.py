"""The predictor: rows one by one or in blocks, and the fade between parameter sets."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.model.subject import Subject
from pipeline.predict import Predictor

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
    expected = Predictor(subject(), RATE_HZ, 0.5).predict(*whole)
    predictor, start, parts = Predictor(subject(), RATE_HZ, 0.5), 0, []
    for size in sizes:
        parts.append(predictor.predict(*(part[start : start + size] for part in whole)))
        start += size
    np.testing.assert_allclose(np.concatenate(parts), expected, atol=1e-6)


def test_a_new_set_is_faded_in_and_reached():
    whole = rows(200)
    weak = Predictor(subject(1.0), RATE_HZ, 0.5).predict(*whole)
    strong = Predictor(subject(1.5), RATE_HZ, 0.5, 1).predict(*whole)
    predictor = Predictor(subject(1.0), RATE_HZ, 0.5)
    before = predictor.predict(*(part[:50] for part in whole))
    predictor.adopt(subject(1.5), 1)
    after = np.concatenate(
        [predictor.predict(*(part[i : i + 1] for part in whole)) for i in range(50, 200)]
    )
    got = np.concatenate((before, after))
    np.testing.assert_allclose(got[:50], weak[:50])
    np.testing.assert_allclose(got[100:], strong[100:], atol=1e-6)
    largest = max(np.abs(np.diff(weak[:, 0])).max(), np.abs(np.diff(strong[:, 0])).max())
    share = np.abs(strong - weak).max() / 50
    assert np.abs(np.diff(got[:, 0])).max() <= largest + share + 1e-6


def test_of_several_waiting_sets_only_the_newest_is_taken():
    whole = rows(120)
    predictor = Predictor(subject(), RATE_HZ, 0.5)
    for version in (1, 2, 3):
        predictor.adopt(subject(1.0 + 0.1 * version), version)
    predictor.predict(*(part[:60] for part in whole))
    assert predictor.version == 3


def test_reset_forgets_the_state():
    whole = rows(60)
    predictor = Predictor(subject(), RATE_HZ, 0.5)
    first = predictor.predict(*whole)
    predictor.reset()
    assert predictor.predict(*whole) == pytest.approx(first, abs=1e-9)
