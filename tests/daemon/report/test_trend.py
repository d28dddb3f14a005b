"""Changes are found where they are, with intervals that hold them, and not where they are not."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from daemon.report.trend import Blocks, blocks, fit_ramp, step, trend

T = np.arange(40.0, 360.0)


def course(
    change: float = 0.0,
    onset: float = 120.0,
    end: float = 300.0,
    noise: float = 0.05,
    seed: int = 1,
) -> Blocks:
    """A level of 1.8 that changes by a share, with noise that lasts as long as a window."""
    rng = np.random.default_rng(seed)
    white = rng.standard_normal(len(T) + 9)
    scatter = noise * np.convolve(white, np.ones(10), "valid") / np.sqrt(10)
    ramp = np.clip((T - onset) / (end - onset), 0, 1)
    return blocks(T, 1.8 * np.exp(scatter) * (1 + change * ramp))


@settings(max_examples=25)
@given(
    change=st.floats(-0.4, 0.4),
    onset=st.floats(90, 160),
    end=st.floats(200, 300),
    seed=st.integers(0, 999),
)
def test_intervals_hold_the_change_and_the_onset(
    change: float, onset: float, end: float, seed: int
) -> None:
    ramp = fit_ramp(course(change, onset, end, seed=seed), 0.9999)
    assert ramp.change.low <= change <= ramp.change.high
    assert ramp.onset[1] - 10 <= onset <= ramp.onset[2] + 10


def test_a_change_is_measured() -> None:
    ramp = fit_ramp(course(-0.25, noise=0.02), 0.995)
    assert ramp.change.value == pytest.approx(-0.25, abs=0.03)
    assert ramp.change.falls
    assert ramp.onset[0] == pytest.approx(120, abs=15)
    assert ramp.end == pytest.approx(300, abs=15)
    assert ramp.before == pytest.approx(1.8, rel=0.02)
    assert ramp.level(np.array([0.0, 360.0])) == pytest.approx([1.8, 1.35], rel=0.03)


def test_a_step_is_found_to_be_one() -> None:
    ramp = fit_ramp(course(0.3, onset=199.0, end=200.0, noise=0.02), 0.995)
    assert ramp.change.rises
    assert ramp.end - ramp.onset[0] <= 20
    assert ramp.onset[0] == pytest.approx(200, abs=10)


def test_a_second_course_settles_when_it_began() -> None:
    noisy, clear = course(-0.25, noise=0.12), course(-0.2, noise=0.01, seed=2)
    alone, together = fit_ramp(noisy, 0.995), fit_ramp(noisy, 0.995, beside=clear)
    assert together.onset[0] == pytest.approx(120, abs=10)
    assert np.ptp(together.onset) < np.ptp(alone.onset)


def test_what_does_not_change_is_rarely_said_to() -> None:
    ramps = [fit_ramp(course(seed=seed), 0.95) for seed in range(200)]
    alarms = np.mean([ramp.change.falls or ramp.change.rises for ramp in ramps])
    assert alarms <= 0.08  # 0.05, and the scatter of 200 draws


def test_the_trend_is_over_the_whole_course() -> None:
    found = trend(course(-0.2, onset=40, end=360), 0.99)
    assert found.value == pytest.approx(-0.2, abs=0.04)
    assert found.falls
    flat = trend(course(), 0.99)
    assert not flat.falls
    assert not flat.rises


def test_the_step_is_between_before_and_after() -> None:
    found = step(course(0.4, onset=150, end=151), 145, 155, 0.95)
    assert found is not None
    assert found.value == pytest.approx(0.4, abs=0.08)
    assert found.rises
    assert step(course(), 45, 100, 0.95) is None


def test_blocks_leave_out_what_is_not_known() -> None:
    found = blocks(np.array([1.0, 2.0, 11.0, 12.0, 13.0]), np.array([2.0, np.nan, 3.0, 0.0, 5.0]))
    assert found.t == pytest.approx([1.0, 12.0])
    assert found.y == pytest.approx([2.0, 4.0])
    assert not found.enough


def test_a_course_that_does_not_move_at_all_has_no_change() -> None:
    still = blocks(T, np.ones(len(T)))
    ramp = fit_ramp(still, 0.995, beside=still)
    assert ramp.change.value == pytest.approx(0.0, abs=1e-9)
    assert {ramp.change.falls, ramp.change.rises} == {False}
    found = step(still, 100, 200, 0.95)
    assert found is not None
    assert {found.falls, found.rises} == {False}
