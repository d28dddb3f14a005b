"""What the soak calls growth, and what it leaves to chance."""

import numpy as np
import pytest

from tools.robustness.soak import (
    LATENCY,
    LOAD,
    LOG,
    TIME,
    UPDATES,
    log_trend,
    starved,
    trend,
    trends,
)

STEADY = 100.0 + np.sin(np.arange(48))
EVEN = np.arange(48.0)


@pytest.mark.parametrize(
    ("name", "values", "flat"),
    [
        ("predictor, memory, MB", STEADY, True),
        ("predictor, memory, MB", STEADY + np.linspace(0, 30, 48), False),
        ("recorder, open files", STEADY, True),
        ("recorder, open files", STEADY + np.arange(48), False),
        (LATENCY, STEADY, True),
        (LATENCY, np.where(np.arange(48) % 3, STEADY, 900.0), True),
        (LATENCY, STEADY * np.linspace(1, 4, 48), False),
        (LATENCY, 4.0 * np.linspace(1, 3, 48), True),
    ],
)
def test_what_grows_is_told_from_what_varies(name, values, flat):
    assert trend(name, list(values)).flat is flat


@pytest.mark.parametrize(
    ("log_mb", "updates", "flat"),
    [
        (0.1 * EVEN, EVEN, True),
        (0.01 * EVEN**2, EVEN, False),
        (0.01 * EVEN**2, EVEN**2, True),
        (0.01 * EVEN**2, 0.0 * EVEN, False),
        (0.01 * EVEN**2, np.maximum(0.0, EVEN - 30), True),
    ],
)
def test_a_log_may_grow_with_the_updates_and_no_faster(log_mb, updates, flat):
    assert log_trend(list(log_mb), list(EVEN), list(updates)).flat is flat


def test_too_few_quiet_moments_say_nothing_of_the_latency():
    samples = {name: list(EVEN) for name in (TIME, UPDATES, LOAD, LOG)}
    assert set(trends({**samples, LATENCY: [1.0] * 11})) == {LOG}
    assert set(trends({**samples, LATENCY: [1.0] * 12})) == {LOG, LATENCY}


@pytest.mark.parametrize(("t", "excused"), [(100.0, True), (150.0, True), (200.0, False)])
def test_a_hang_is_excused_by_the_load_of_its_own_time(t, excused):
    samples = {TIME: [50.0, 100.0, 250.0], LOAD: [1.0, 5.0, 1.0]}
    assert starved(t, samples) is excused
