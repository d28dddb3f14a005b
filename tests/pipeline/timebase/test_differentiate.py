"""Accelerations from angles: exact for smooth motion, none across a gap, however samples come."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.streams.base import Chunk
from pipeline.timebase.differentiate import DEGREE, Differentiator

RATE_HZ, SPAN_S = 100.0, 0.3


def differentiator(n_channels: int = 1) -> Differentiator:
    return Differentiator(RATE_HZ, n_channels, SPAN_S, 0.03)


def of(t: np.ndarray, x: np.ndarray, at: np.ndarray) -> np.ndarray:
    made = differentiator(x.shape[1])
    made.push(Chunk("angles", t, x))
    return made.at(at)


@given(
    st.lists(st.floats(-3, 3), min_size=DEGREE + 1, max_size=DEGREE + 1),
    st.lists(st.floats(-0.2, 0.2), min_size=100, max_size=100),
)
def test_a_polynomial_is_differentiated_exactly_whatever_the_jitter(coefficients, jitter):
    t = (np.arange(100) + np.array(jitter)) / RATE_HZ
    motion = np.polynomial.Polynomial(coefficients)
    middle = np.array([0.4, 0.5, 0.613])
    wanted = np.stack([motion.deriv(k)(middle) if k else motion(middle) for k in range(3)], 1)
    found = of(t, motion(t)[:, None], middle)[:, :, 0]
    np.testing.assert_allclose(found, wanted, rtol=1e-6, atol=1e-6)


@given(st.lists(st.integers(1, 99), unique=True))
def test_how_samples_are_cut_makes_no_difference(cuts):
    t = np.arange(100) / RATE_HZ
    x = np.random.default_rng(1).standard_normal((100, 2))
    whole, parts = differentiator(2), differentiator(2)
    at = t[20:70]
    whole.push(Chunk("angles", t, x))
    found = []
    for a, b in zip([0, *sorted(cuts)], [*sorted(cuts), 100], strict=True):
        parts.push(Chunk("angles", t[a:b], x[a:b]))
        n = parts.reached(at)
        found.append(parts.at(at[:n]))
        at = at[n:]
    np.testing.assert_array_equal(np.concatenate(found), whole.at(t[20:70]))


def test_there_is_nothing_across_a_gap_nor_at_the_ends():
    t = np.delete(np.arange(200) / RATE_HZ, slice(100, 110))
    known = np.isfinite(of(t, np.sin(t)[:, None], np.arange(200) / RATE_HZ)).all(axis=(1, 2))
    assert not known[np.r_[0:11, 89:121, 189:200]].any()
    assert known[20:84].all()
    assert known[126:180].all()


def test_an_answer_comes_half_a_span_late():
    made = differentiator()
    made.push(Chunk("angles", np.arange(50) / RATE_HZ, np.zeros((50, 1))))
    assert made.reached(np.array([0.33, 0.339, 0.341])) == 2


def test_noise_is_what_the_docstring_says():
    t = np.arange(3000) / RATE_HZ
    noise = np.random.default_rng(2).normal(0.0, np.radians(0.1), (3000, 1))
    spread = of(t, noise, t[100:-100]).std(axis=(0, 2))
    np.testing.assert_allclose(spread, [5.9e-4, 0.009, 0.32], rtol=0.15)


def test_a_sine_is_damped_as_the_docstring_says():
    t = np.arange(500) / RATE_HZ
    omega = 2 * np.pi * 2.0
    found = of(t, np.sin(omega * t)[:, None], t[100:-100])[:, 2, 0]
    lost = 1.0 - np.ptp(found) / (2 * omega**2)
    assert lost == pytest.approx(0.016, abs=0.002)
